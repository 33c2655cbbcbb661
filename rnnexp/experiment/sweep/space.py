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
        """Return what the keyword arguments are."""
        return {"name": self.name, "values": list(self.values)}

    def has(self, value: Value) -> bool:
        """Tell whether a value is one of these."""
        return value in self.values


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
        """Return what the keyword arguments are."""
        return {"name": self.name, "low": self.low, "high": self.high, "whole": self.whole}

    def has(self, value: Value) -> bool:
        """Tell whether a value is one of these."""
        return isinstance(value, int | float) and self.low <= value <= self.high


Axis = Choices | Range


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
