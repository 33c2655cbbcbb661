"""Conditions on runs, such as ``cell=gru`` or ``rmse<40``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rnnexp.config import CONFIGS
from rnnexp.errors import UserError, did_you_mean
from rnnexp.report import figures
from rnnexp.report.content import Report
from rnnexp.runs.run import Run

_FORM = re.compile(r"\s*([^=<>!]*[^=<>!\s])\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
# Of a run itself.
FACTS: Mapping[str, Callable[[Run], object]] = {
    "run": lambda run: run.name,
    "task": lambda run: run.task,
    "state": lambda run: run.state,
    "date": lambda run: run.date.isoformat(sep=" ", timespec="minutes"),
}


@dataclass(frozen=True)
class Condition:
    """A condition on a setting, a figure, or a fact of a run.

    Attributes:
        of: gives the value of a run; None where it has none, and then the condition is not met.
        comparison: ``=``, ``!=``, ``>``, ``<``, ``>=`` or ``<=``.
        wanted: what it is compared with.
    """

    of: Callable[[Run], object]
    comparison: str
    wanted: str

    def holds(self, run: Run) -> bool:
        """Tell whether a run meets it: numbers are compared as such, and all else as text."""
        found = self.of(run)
        if found is None:
            return False
        compare, text = _COMPARISONS[self.comparison], _text(found)
        one, other = _number(text), _number(self.wanted)
        if one is not None and other is not None:
            return compare(one, other)
        return compare(text.lower(), self.wanted.lower())


def parse(texts: Iterable[str]) -> list[Condition]:
    """Return conditions.

    Raises:
        UserError: if one is none, or of what no run has.
    """
    return [_parse(text) for text in texts]


def _parse(text: str) -> Condition:
    found = _FORM.fullmatch(text)
    if found is None:
        raise UserError(
            f"--where: {text!r} is no condition: it has to be a setting or a figure, one of = != > < >= <= and a "
            'value, such as cell=gru or "rmse<40"'
        )
    name, comparison, wanted = found.groups()
    return Condition(_of(name, text), comparison, wanted)


def _of(name: str, text: str) -> Callable[[Run], object]:
    """Return what gives the value of a name."""
    settings = {setting for config in CONFIGS.values() for setting in config.model_fields}
    setting = name.lower().replace("-", "_")
    if setting in FACTS:
        return FACTS[setting]
    if setting in settings:
        return lambda run: _text(run.settings[setting]) if setting in run.settings else None
    known = figures.names(Report)
    try:
        dotted = figures.resolve(name, known)
    except UserError:
        names = [*FACTS, *sorted(settings), *figures.short_names(known)]
        raise UserError(
            f"--where: {text!r}: there is no setting and no figure {name!r}{did_you_mean(name, names)} (settings are "
            "as --help of the scripts has them, figures as docs/ci.md has them; besides: run, task, state and date)"
        ) from None
    return lambda run: run.figure(dotted)


def _text(value: object) -> str:
    """Return a value as it is written in a condition: several with commas, in small letters what is no text."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else "none" if value is None else str(value).lower()


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
