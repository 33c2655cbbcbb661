"""Tensors of a foreign file as views of what a graph's nodes give: which of their axes is the batch, time, features.

Files turn, merge and split axes as their framework likes it; a graph has one order. So a file's tensor is kept as the
node that gives its numbers, and its axes in terms of that node's, and transposing costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

# What open sizes are taken for while a file is read: primes that no file will have.
OPEN_BATCH, OPEN_STEPS = 1009, 10007


class Misfit(Exception):  # noqa: N818
    """An operator's axes are not those that it would need here; the text says which."""


class WrongAxes(Misfit):
    """A misfit of batch, time and features, as where the input's were taken for others."""


@dataclass(frozen=True, eq=False)
class Atom:
    """An axis that has not been divided; equal only to itself.

    Attributes:
        size: how many places; of an open one a number that stands for it.
        kind: what it runs over.
        open: whether the file leaves its size open.
    """

    size: int
    kind: Literal["batch", "time", "other"] = "other"
    open: bool = False


# An axis is several, the slowest first; one of size 1 is none.
Axis = tuple[Atom, ...]


def axis(size: int, kind: Literal["batch", "time", "other"] = "other", is_open: bool = False) -> Axis:
    """Return an axis of its own."""
    return () if size == 1 else (Atom(size, kind, is_open),)


def width(of: Axis) -> int:
    """Return how many places an axis has."""
    return math.prod(atom.size for atom in of)


@dataclass(frozen=True)
class Value:
    """A tensor of the file.

    Attributes:
        node: whose numbers they are.
        layout: the axes in which the node gives them: batch, then time, and frequency, if there are any, then features.
        axes: the axes in which the file has them, of the same atoms.
    """

    node: str
    layout: tuple[Axis, ...]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the file's tensor."""
        return tuple(width(one) for one in self.axes)

    @property
    def open(self) -> tuple[bool, ...]:
        """Which sizes of the shape the file leaves open."""
        return tuple(any(atom.open for atom in one) for one in self.axes)

    @property
    def timed(self) -> bool:
        """Whether there is a time axis, be it of one step."""
        return len(self.layout) > 2

    def transpose(self, order: Sequence[int]) -> Value:
        """Return it with its axes in another order.

        Raises:
            Misfit: if it has other axes.
        """
        if sorted(order) != list(range(len(self.axes))):
            raise Misfit(f"axes {tuple(order)} of a tensor of {len(self.axes)}")
        return replace(self, axes=tuple(self.axes[n] for n in order))

    def squeeze(self, places: Sequence[int] | None) -> Value:
        """Return it without axes of size 1; None: without all of these.

        Raises:
            Misfit: if one has another size.
        """
        if places is None:
            return replace(self, axes=tuple(one for one in self.axes if one))
        gone = {self.place(n) for n in places}
        if any(self.axes[n] for n in gone):
            raise Misfit(f"an axis of {[width(self.axes[n]) for n in sorted(gone)]} places is squeezed away")
        return replace(self, axes=tuple(one for n, one in enumerate(self.axes) if n not in gone))

    def unsqueeze(self, places: Sequence[int]) -> Value:
        """Return it with further axes of size 1, which are at ``places`` afterwards."""
        rank = len(self.axes) + len(places)
        new = {n + rank if n < 0 else n for n in places}
        if len(new) != len(places) or not new <= set(range(rank)):
            raise Misfit(f"axes {tuple(places)} are added to a tensor of {len(self.axes)}")
        rest = iter(self.axes)
        return replace(self, axes=tuple(() if n in new else next(rest) for n in range(rank)))

    def place(self, number: int) -> int:
        """Return an axis' number, counted from the front.

        Raises:
            Misfit: if there is none of this number.
        """
        if not -len(self.axes) <= number < len(self.axes):
            raise Misfit(f"axis {number} of a tensor of {len(self.axes)}")
        return number % len(self.axes)

    def reshape(self, shape: Sequence[int]) -> Value:
        """Return it with the same numbers in another shape, one size of which may be -1.

        Raises:
            Misfit: if batch or time would be torn apart, or the sizes are not those of the tensor.
        """
        total, known = math.prod(self.shape), math.prod(size for size in shape if size != -1)
        if list(shape).count(-1) > 1 or min(shape, default=1) < -1 or not known or total % known:
            raise Misfit(f"a tensor {list(self.shape)} becomes one of {list(shape)}")
        sizes = [total // known if size == -1 else size for size in shape]
        if math.prod(sizes) != total:
            raise Misfit(f"a tensor {list(self.shape)} becomes one of {list(shape)}")
        value, left, axes = self, [atom for one in self.axes for atom in one], []
        for size in sizes:
            taken: list[Atom] = []
            while (have := width(tuple(taken))) < size:
                atom = left.pop(0)
                if size % (have * atom.size):
                    parts = _split(atom, size // have) if size % have == 0 else None
                    if parts is None:
                        raise Misfit(f"a tensor {list(self.shape)} becomes one of {sizes}, and an axis is torn apart")
                    layout = tuple(_replaced(one, atom, parts) for one in value.layout)
                    value, atom = replace(value, layout=layout), parts[0]
                    left.insert(0, parts[1])
                taken.append(atom)
            axes.append(tuple(taken))
        return replace(value, axes=tuple(axes))

    def signature(self) -> tuple[tuple[tuple[int, int, int], ...], ...]:
        """Say of each axis which of the node's places it runs over, to compare two tensors' axes.

        Runs of the node's axis, the distance from place to place, and how many.
        """
        where = {}
        for number, one in enumerate(self.layout):
            for n, atom in enumerate(one):
                where[atom] = number, width(one[n + 1 :]), atom.size
        return tuple(_joined([where[atom] for atom in one]) for one in self.axes)

    def plain(self) -> bool:
        """Tell whether the file has the axes as the node has them, size 1 aside."""
        return [one for one in self.axes if one] == [one for one in self.layout if one]


def reordered(array: np.ndarray, place: int, seen: Axis, own: Axis) -> np.ndarray:
    """Return an array of which one axis is in a file's order with that axis in a node's order.

    Args:
        array: of weights.
        place: of the axis.
        seen: the file's order.
        own: the node's.

    Raises:
        Misfit: if these are not the same axes, or the array has another size.
    """
    if set(seen) != set(own) or array.shape[place] != width(seen):
        raise Misfit(
            f"{array.shape[place]} weights for {width(seen)} numbers, of {width(own)} that the layer ahead has"
        )
    sizes = [atom.size for atom in seen]
    split = array.reshape(*array.shape[:place], *sizes, *array.shape[place + 1 :])
    order = [*range(place), *(place + seen.index(atom) for atom in own), *range(place + len(seen), split.ndim)]
    return split.transpose(order).reshape(array.shape)


def as_node(array: np.ndarray, value: Value, batch: int, batch_axis: Atom | None) -> np.ndarray:
    """Return what a framework gives for a tensor in the order of the node's axes.

    Args:
        array: of the tensor's axes, with real sizes in place of open ones.
        value: the tensor.
        batch: sequences in it.
        batch_axis: the atom of the batch, if it has one.
    """
    sizes: dict[Atom, int] = {}
    for one, have in zip(value.axes, array.shape, strict=True):
        known = {atom: batch if atom is batch_axis else atom.size for atom in one}
        unknown = [atom for atom in one if atom.open and atom is not batch_axis]
        for atom in unknown[:1]:
            known[atom] = have // math.prod(size for other, size in known.items() if other is not atom)
        sizes |= known
    split = array.reshape([sizes[atom] for one in value.axes for atom in one])
    order = [atom for one in value.axes for atom in one]
    turned = split.transpose([order.index(atom) for one in value.layout for atom in one])
    return turned.reshape([math.prod(sizes[atom] for atom in one) for one in value.layout])


def _split(atom: Atom, size: int) -> tuple[Atom, Atom] | None:
    if atom.kind != "other" or atom.open or size < 2 or atom.size % size:
        return None
    return Atom(size), Atom(atom.size // size)


def _replaced(one: Axis, atom: Atom, parts: tuple[Atom, Atom]) -> Axis:
    if atom not in one:
        return one
    n = one.index(atom)
    return (*one[:n], *parts, *one[n + 1 :])


def _joined(runs: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    found: list[tuple[int, int, int]] = []
    for number, stride, size in runs:
        if found and found[-1][0] == number and found[-1][1] == stride * size:
            found[-1] = number, stride, size * found[-1][2]
        else:
            found.append((number, stride, size))
    return tuple(found)
