"""Gates: limits on figures of a report, beyond which a run or a conversion ends with an exit code of its own."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rnnexp.errors import UserError
from rnnexp.report import figures
from rnnexp.report.part import Part

# What a command ends with where a gate has failed.
EXIT_CODE = 3

_COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    ">": (operator.gt, "above"),
    "<": (operator.lt, "below"),
    ">=": (operator.ge, "at or above"),
    "<=": (operator.le, "at or below"),
}
# The figure's name may be that of a column or a class, with any letters in it.
_FORM = re.compile(r"\s*(.*\S)\s*(>=|<=|(?<![<>=])[<>])\s*(\S+)\s*")


class Outcome(Part):
    """What a gate said of a report.

    Attributes:
        gate: as it was given.
        figure: its dotted name.
        limit: which it must not be beyond.
        value: the figure; absent where the report has none, which fails too.
        failure: what is wrong, in words; absent where nothing is.
    """

    gate: str
    figure: str
    limit: float
    value: float | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Gate:
    """A condition on a figure, which must not be true.

    Attributes:
        text: as it was given.
        name: of the figure, as it was given.
        figure: its dotted name.
        comparison: ``>``, ``<``, ``>=`` or ``<=``.
        limit: that it is compared with.
    """

    text: str
    name: str
    figure: str
    comparison: str
    limit: float

    def judge(self, content: Mapping[str, object]) -> Outcome:
        """Return what it says of a report's JSON."""
        result = Outcome(gate=self.text, figure=self.figure, limit=self.limit)
        full = "" if self.name == self.figure else f" ({self.figure})"
        try:
            found = figures.value(content, self.figure)
        except figures.AbsentError as error:
            return result.model_copy(update={"failure": f"{self.name}{full} cannot be judged: {error}"})
        beyond, where = _COMPARISONS[self.comparison]
        said = f"{self.name}{full} is {found:.6g}, {where} the limit of {self.limit:g}"
        failure = said if beyond(found, self.limit) else None
        return result.model_copy(update={"value": float(found), "failure": failure})


def parse(texts: Iterable[str], names: Sequence[str], setting: str) -> list[Gate]:
    """Return gates, such as ``gap>0.003``.

    Args:
        texts: of each.
        names: of the figures there can be, see ``figures.names``.
        setting: where the texts are from, for messages.

    Raises:
        UserError: if one is no such condition, or of a figure that there is none of.
    """
    return [_parse(text, names, setting) for text in texts]


def _parse(text: str, names: Sequence[str], setting: str) -> Gate:
    found = _FORM.fullmatch(text)
    limit = _number(found[3]) if found else None
    if found is None or limit is None:
        raise UserError(
            f"{setting}: {text!r} is no limit on a figure: it has to be a name, one of > < >= <= and a number, "
            'such as "gap>0.003"'
        )
    try:
        return Gate(text, found[1], figures.resolve(found[1], names), found[2], limit)
    except UserError as error:
        raise UserError(f"{setting}: {text!r}: {error}") from None


def judge(gates: Iterable[Gate], report: Part) -> list[Outcome]:
    """Return what gates say of a report."""
    content = json.loads(report.model_dump_json(by_alias=True))
    return [gate.judge(content) for gate in gates]


def describe(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a line for each gate: what it came to."""
    return [f"{outcome.gate}: {outcome.failure or f'not so, it is {outcome.value:.6g}'}" for outcome in outcomes]


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a line for each gate that has failed: which figure, its value and the limit."""
    return [f'gate failed: {outcome.failure} (--fail-on "{outcome.gate}")' for outcome in outcomes if outcome.failure]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
