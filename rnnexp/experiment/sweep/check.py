"""What can be known of a sweep before any trial: whether there is data, and which values fail in every combination."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rnnexp.errors import UserError
from rnnexp.experiment.prepare import prepare
from rnnexp.experiment.sweep.data import DataKept
from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.space import Choices, Point, Value, shown
from rnnexp.validation import constant


def check(definition: Definition) -> None:
    """See that trials can begin: data are read and networks are known, of as few combinations as tell.

    A combination that fails is a trial that fails, which the sweep puts down. A value that fails in every combination
    is a mistake, and so is whatever fails in all of them.

    Raises:
        UserError: with what is wrong.
    """
    _Check(definition).run()


class _Check:
    def __init__(self, definition: Definition) -> None:
        self._definition, self._data = definition, DataKept()
        self._found: dict[str, UserError | None] = {}

    def run(self) -> None:
        points = self._definition.points
        if points is None:
            self._drawn()
            return
        errors = (self._error(point) for point in points)
        first = next(errors)
        if first and all(errors):
            raise first
        for axis in self._definition.axes:
            assert isinstance(axis, Choices)
            for value in axis.values if len(axis.values) > 1 else ():
                self._value(axis.name, value, [point for point in points if point[axis.name] == value])

    def _value(self, name: str, value: Value, points: list[dict[str, Value]]) -> None:
        """See that a value is right in one of the combinations that have it."""
        errors = (self._error(point) for point in points)
        first = next(errors)
        if first and all(errors):
            raise UserError(f"{constant(name)} = {shown(value)}: {first}")

    def _drawn(self) -> None:
        """See that not all is wrong where values are drawn: then the same is wrong at both ends of every axis."""
        errors = [self._error(point) for point in self._ends()]
        if errors[0] and len({str(error) for error in errors}) == 1:
            raise errors[0]

    def _ends(self) -> Iterator[Point]:
        for place in (0, -1):
            yield {
                axis.name: axis.values[place] if isinstance(axis, Choices) else (axis.low, axis.high)[place]
                for axis in self._definition.axes
            }

    def _error(self, point: Point) -> UserError | None:
        """Return what is wrong with a combination; None where nothing is."""
        key = json.dumps(point, sort_keys=True)
        if key not in self._found:
            self._found[key] = None
            try:
                config = self._definition.config(point, self._definition.seeds[0])
                prepare(config, lambda settings: self._data.load(settings).dataset)
            except UserError as error:
                self._found[key] = error
        return self._found[key]
