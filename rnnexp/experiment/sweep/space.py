"""What a sweep tries: of some settings several values or a range, and each of these with every seed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a setting can be in a sweep: what JSON has besides lists.
Value = str | int | float | bool | None
# The values of the settings that differ between trials, by name; that of the seed is not among them.
Point = Mapping[str, Value]

# A range beyond this ratio of its ends is drawn from logarithmically.
DECADE = 10.0


@dataclass(frozen=True)
class Choices:
    """Some values of a setting.

    Attributes:
        name: of the setting.
        values: each once.
    """

    name: str
    values: tuple[Value, ...]

    def to_json(self) -> dict[str, Any]:
        """Return what ``axis_from_json`` reads."""
        return {"name": self.name, "values": list(self.values)}


@dataclass(frozen=True)
class Range:
    """All numbers of a setting from one to another, both of them too.

    Attributes:
        name: of the setting.
        low: the smallest.
        high: the largest.
        whole: whether these are integers.
    """

    name: str
    low: float
    high: float
    whole: bool

    @property
    def log(self) -> bool:
        """Whether it is drawn from on a logarithmic scale: it is, where it spans a decade or more."""
        return self.low > 0 and self.high / self.low >= DECADE

    def to_json(self) -> dict[str, Any]:
        """Return what ``axis_from_json`` reads."""
        return {"name": self.name, "low": self.low, "high": self.high, "whole": self.whole}


Axis = Choices | Range


def axis_from_json(entry: Mapping[str, Any]) -> Axis:
    """Return an axis that ``to_json`` made an entry of."""
    if "values" in entry:
        return Choices(entry["name"], tuple(entry["values"]))
    return Range(entry["name"], entry["low"], entry["high"], entry["whole"])


def grid(axes: Sequence[Axis]) -> list[dict[str, Value]]:
    """Return all combinations of choices, the last axis varying fastest."""
    choices = [axis for axis in axes if isinstance(axis, Choices)]
    return [
        dict(zip((axis.name for axis in choices), values, strict=True))
        for values in itertools.product(*(axis.values for axis in choices))
    ]


def label(point: Point) -> str:
    """Return a combination in words."""
    return ", ".join(f"{name}={shown(value)}" for name, value in point.items()) or "the settings as they are"


def shown(value: Value) -> str:
    """Return a value as a table has it: numbers to four digits."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.4g}"
    return str(value)
