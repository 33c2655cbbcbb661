"""An operator of an ONNX graph while it is read: its inputs and attributes, and whether all of them were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.onnx.constants import Options
from rnnexp.formats.onnx.states import Ahead, FirstState


@dataclass(frozen=True)
class Stack:
    """Tensors one after the other along an axis that no graph has, as the last states of several layers."""

    parts: tuple[Value, ...]
    place: int


Tensor = Value | Constant | Stack | FirstState | Ahead


@dataclass
class Operator:
    """One operator.

    Attributes:
        kind: which, as ``LSTM``.
        inputs: what it is given; None where an optional one is left out.
        options: its attributes and version.
        outputs: how many it has, and which of them are read.
        drawing: the graph so far.
    """

    kind: str
    inputs: Sequence[Tensor | None]
    options: Options
    outputs: Sequence[bool]
    drawing: Drawing
    _seen: set[str] = field(default_factory=set)
    _read: set[int] = field(default_factory=set)

    def given(self, number: int) -> bool:
        """Tell whether there is an input."""
        return number < len(self.inputs) and self.inputs[number] is not None

    def tensor(self, number: int) -> Tensor:
        """Return an input.

        Raises:
            Misfit: if it is not there.
        """
        found = self.inputs[number] if self.given(number) else None
        if found is None:
            raise Misfit(f"its input {number} is missing")
        self._read.add(number)
        return found

    def value(self, number: int = 0) -> Value:
        """Return an input that is computed of the graph's.

        Raises:
            Misfit: if it is a constant.
        """
        found = self.tensor(number)
        if not isinstance(found, Value):
            raise Misfit("it takes a constant where values of the network are expected, or several layers' states")
        return found

    def constant(self, number: int) -> Constant:
        """Return an input that is a constant, maybe one of an open size.

        Raises:
            Misfit: if it is computed of the graph's input.
        """
        found = self.tensor(number)
        if not isinstance(found, Constant):
            raise Misfit(f"its input {number} is not a constant")
        return found

    def array(self, number: int) -> np.ndarray:
        """Return an input that is a constant and depends on nothing."""
        return self.constant(number).fixed()

    def ignore(self, number: int) -> None:
        """Say of an input that it makes no difference."""
        self._read.add(number)

    def attribute(self, name: str, default: Any) -> Any:
        """Return an attribute, or ``default``."""
        self._seen.add(name)
        return self.options.attributes.get(name, default)

    def expect(self, name: str, *wanted: Any) -> None:
        """See that an attribute has one of some values, the first of which is what it has if it is not given.

        Raises:
            Misfit: if it has another.
        """
        found = self.attribute(name, wanted[0])
        if found not in wanted:
            raise Misfit(f"its attribute {name!r} is {found!r}")

    def finish(self) -> None:
        """See that nothing was left out.

        Raises:
            Misfit: if it has an attribute or an input that nothing was made of.
        """
        more = sorted(set(self.options.attributes) - self._seen)
        if more:
            raise Misfit(f"its attribute {more[0]!r} is not known")
        left = [n for n in range(len(self.inputs)) if self.given(n) and n not in self._read]
        if left:
            raise Misfit(f"its input {left[0]} is not known")
