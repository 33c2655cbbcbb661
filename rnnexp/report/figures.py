"""The figures of a report by name: dotted, as the keys of its JSON lead to them, or short."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from rnnexp.errors import UserError, did_you_mean
from rnnexp.report.part import Part

# Where a name without a dot is looked for, in this order. What is said of no model is of the int8 one, as deployed.
PLACES = ("models.int8.metrics", "degradation", "fidelity", "models.int8", "models.int8.micro", "training", "exports")
# Short names of what has another name there.
OTHER_NAMES = {
    "rmse_ratio": "models.int8.metrics.rmse_to_persistence",
    "rmse_to_best": "verdict.models.int8.ratio",
    "points_to_best": "verdict.models.int8.points",
}
# Of two figures, one over the other.
RATIOS = {"rmse_to_float32": ("models.int8.metrics.rmse", "models.float32.metrics.rmse")}
# The best one is the highest; of all others it is the lowest.
HIGHER_IS_BETTER = re.compile(
    r"(^|\.)(\w*accuracy|correlation(_normalized)?|memory_capacity|points(_to_best)?|same_class|steps_per_second)($|\.)"
    r"|\.recall\."
)


class AbsentError(Exception):
    """A report has no figure of a name; the message says why, as far as the report does."""


def names(report: type[Part], without: type[Part] | None = None) -> list[str]:
    """Return the dotted names of all figures that a report can have; ``*`` is for any key of a mapping or a list.

    Args:
        report: the class.
        without: parts of this class are left out.
    """
    found: dict[str, None] = {}
    for name, field in report.model_fields.items():
        found |= dict.fromkeys(f"{field.alias or name}{rest}" for rest in _below(field.annotation, without))
    return list(found)


def _below(kind: Any, without: type[Part] | None) -> Iterator[str]:
    """Return what the names of figures of a type end with."""
    if kind in (int, float):
        yield ""
    elif isinstance(kind, type) and issubclass(kind, Part):
        if kind is not without:
            yield from (f".{name}" for name in names(kind, without))
    elif get_origin(kind) in (dict, list):
        yield from (f".*{rest}" for rest in _below(get_args(kind)[-1], without))
    else:
        for form in get_args(kind):
            yield from _below(form, without)


def short_names(dotted: Sequence[str]) -> dict[str, str]:
    """Return short name -> dotted name, of the figures of ``names``; of a ratio, the name itself."""
    found = {name: name for name, parts in RATIOS.items() if set(parts) <= set(dotted)}
    patterns = [_pattern(name) for name in dotted]
    found |= {
        name: place for name, place in OTHER_NAMES.items() if any(pattern.fullmatch(place) for pattern in patterns)
    }
    for place in PLACES:
        for name in dotted:
            head, _, last = name.rpartition(".")
            if last != "*" and _pattern(head, "[^.]+").fullmatch(place):
                found.setdefault(last, f"{place}.{last}")
    return found


def resolve(name: str, dotted: Sequence[str]) -> str:
    """Return the dotted name of a figure that a report can have.

    Raises:
        UserError: naming all that there are.
    """
    short = short_names(dotted)
    if name in short:
        return short[name]
    if any(_pattern(known).fullmatch(name) for known in dotted):
        return name
    raise UserError(
        f"there is no figure {name!r}{did_you_mean(name, [*short, *dotted])} (there are {', '.join(short)}; and, "
        f"where * is any name, {', '.join(dotted)})"
    )


def value(content: Mapping[str, Any], dotted: str) -> float:
    """Return a figure of a report's JSON, by its dotted name.

    Raises:
        AbsentError: if there is none.
    """
    if dotted in RATIOS:
        over, under = (value(content, name) for name in RATIOS[dotted])
        if not under:
            raise AbsentError(f"{RATIOS[dotted][1]} is 0")
        return over / under
    found = _find(content, dotted)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise AbsentError(_reason(content, dotted))
    return found


def flat(content: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Return all figures of a report's JSON, or of a part of it, with their dotted names."""
    if isinstance(content, int | float) and not isinstance(content, bool):
        yield name, content
    for key, part in _parts(content):
        yield from flat(part, f"{name}.{key}" if name else key)


def _parts(content: Any) -> Iterator[tuple[str, Any]]:
    """Return the parts of a mapping or a list by name; those of a list are named by themselves, or else numbered."""
    if isinstance(content, dict):
        yield from content.items()
    elif isinstance(content, list):
        for number, part in enumerate(content):
            own = part.get("name") if isinstance(part, dict) else None
            yield own if isinstance(own, str) else str(number), part


def _find(content: Any, dotted: str) -> Any:
    """Return the part of a dotted name; None where there is none. Names of columns and classes may have dots too."""
    if not dotted:
        return content
    for key, part in _parts(content):
        if dotted == key:
            return part
        if dotted.startswith(f"{key}."):
            found = _find(part, dotted[len(key) + 1 :])
            if found is not None:
                return found
    return None


def _reason(content: Mapping[str, Any], dotted: str) -> str:
    """Return why there is no figure of a name, in the report's words, as far as it has any."""
    head, _, last = dotted.rpartition(".")
    reasons = [
        _find(content, f"{dotted}_means"),
        _find(content, f"{head}.absent.{last}"),
        _find(content, f"{head}.absent"),
        _find(content, f"{head.removesuffix('.metrics')}.absent"),
        _find(content, f"baseline_notes.{head.removeprefix('baselines.')}"),
        _find(content, "models.int8.absent") if dotted.startswith(("degradation", "quantization", "verdict")) else None,
    ]
    said = next((reason for reason in reasons if isinstance(reason, str)), "")
    return f"there is none in the report{said and f': {said}'}"


def _pattern(name: str, any_key: str = ".+") -> re.Pattern[str]:
    return re.compile(re.escape(name).replace(r"\*", any_key))
