"""A graph being drawn from a foreign file, operator by operator: what acts on numbers one by one, and on features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnexp.formats.foreign.axes import Axis, Misfit, Value, axis, reordered, width
from rnnexp.network.graph.graph import INPUT
from rnnexp.network.graph.nodes import Activation, Affine, Dense, Embedding, Flatten, Merge, Node, Repeat

# Axes of a layout with frequency: batch, time, frequency, channels.
WITH_FREQUENCY = 4


@dataclass
class Drawing:
    """The nodes so far.

    Attributes:
        nodes: by name, each after those that it reads.
        name: of the operator that is being read, after which its nodes are called.
        words: whether the graph's input is words.
    """

    nodes: dict[str, Node]
    name: str = ""
    words: bool = False

    def put(self, node: Node) -> str:
        """Add a node, and return its name, which is another one where that is taken."""
        name, number = node.name, 1
        while name in self.nodes or name == INPUT:
            number += 1
            name = f"{node.name}#{number}"
        self.nodes[name] = replace(node, name=name)
        return name

    def dense(self, value: Value, kernel: np.ndarray, bias: np.ndarray | None = None) -> Value:
        """Return the products of a tensor's last axis with ``kernel`` ``[inputs, outputs]``.

        Raises:
            Misfit: if that axis is not the features, or not as wide.
        """
        value = self.rows(value)
        own = reordered(kernel, 0, value.axes[-1], value.layout[-1])
        bias = np.zeros(own.shape[1]) if bias is None else np.broadcast_to(bias, own.shape[1:])
        name = self.put(Dense(self.name, (value.node,), real(own), real(bias)))
        made = axis(own.shape[1])
        return Value(name, (*value.layout[:-1], made), (*value.axes[:-1], made))

    def rows(self, value: Value) -> Value:
        """Return a tensor whose last axis is its node's features, after flattening the node's axes where needed.

        Raises:
            Misfit: if that cannot be, as where the last axis is the time.
        """
        last, layout = set(value.axes[-1]) if value.axes else set(), value.layout
        if last == set(layout[-1]):
            return value
        if len(layout) == WITH_FREQUENCY and last == {*layout[2], *layout[3]}:
            return self.frames(value)
        if value.timed and last == {atom for one in layout[1:] for atom in one}:
            if any(atom.open for atom in last):
                raise Misfit("it works on all steps at once, and the file leaves open how many there are")
            name = self.put(Flatten(f"{self.name}/flatten", (value.node,)))
            return Value(name, (layout[0], tuple(atom for one in layout[1:] for atom in one)), value.axes)
        raise Misfit(
            f"it works along an axis of {value.shape[-1] if value.axes else 1}, which is not that of the features"
        )

    def frames(self, value: Value) -> Value:
        """Return a tensor whose node has time and features only, with frequency and channels as one."""
        if len(value.layout) < WITH_FREQUENCY:
            return value
        name = self.put(Flatten(f"{self.name}/flatten", (value.node,), keeps_time=True))
        return Value(name, (*value.layout[:2], value.layout[2] + value.layout[3]), value.axes)

    def affine(self, value: Value, scale: np.ndarray | None = None, offset: np.ndarray | None = None) -> Value:
        """Return ``scale * value + offset``, with constants of shapes that are broadcast to the tensor's.

        Raises:
            Misfit: if they differ along another axis than the features.
        """
        for array in (scale, offset):
            if array is not None and array.size > 1:
                value = self._varying(value, array)
        size = (width(value.layout[-1]),)
        factors = np.ones(size) if scale is None else _along(value, real(scale))
        terms = np.zeros(size) if offset is None else _along(value, real(offset))
        return self.same(value, Affine(self.name, (value.node,), factors, terms))

    def activation(self, value: Value, name: str) -> Value:
        """Return the values of an activation function."""
        return self.same(value, Activation(self.name, (value.node,), name))

    def softmax(self, value: Value, place: int, name: str = "softmax") -> Value:
        """Return the shares, or their logarithms, along an axis.

        Raises:
            Misfit: if that axis is not the features.
        """
        place = value.place(place)
        order = [n for n in range(len(value.axes)) if n != place]
        turned = self.rows(value.transpose([*order, place]))
        return self.activation(turned.transpose([*range(place), len(order), *range(place, len(order))]), name)

    def same(self, value: Value, node: Node) -> Value:
        """Return the values of a node that keeps the axes of what it reads."""
        return replace(value, node=self.put(node))

    def add(self, values: Sequence[Value]) -> Value:
        """Return the sum of tensors.

        Raises:
            Misfit: if their axes are not the same.
        """
        self._alike(values)
        return self.same(values[0], Merge(self.name, tuple(value.node for value in values), "add"))

    def concat(self, values: Sequence[Value], place: int) -> Value:
        """Return tensors side by side.

        Raises:
            Misfit: if that is along another axis than the features, or the others differ.
        """
        place = values[0].place(place)
        order = [n for n in range(len(values[0].axes)) if n != place]
        rows = [self.rows(value.transpose([*order, place])) for value in values]
        if any(value.axes[-1] != value.layout[-1] for value in rows):
            raise Misfit("features in another order than their layer's are put together")
        self._alike([replace(value, axes=value.axes[:-1]) for value in rows])
        made = axis(sum(width(value.layout[-1]) for value in rows))
        name = self.put(Merge(self.name, tuple(value.node for value in rows), "concat"))
        first = Value(name, (*rows[0].layout[:-1], made), (*rows[0].axes[:-1], made))
        return first.transpose([*range(place), len(order), *range(place, len(order))])

    def select(self, value: Value, places: Sequence[int]) -> Value:
        """Return some of the numbers of a tensor's last axis, by a product with ones and zeros."""
        kernel = np.zeros((value.shape[-1], len(places)))
        kernel[np.asarray(places), np.arange(len(places))] = 1.0
        return self.dense(value, kernel)

    def embedding(self, value: Value, table: np.ndarray) -> Value:
        """Return the rows of a table ``[words, width]`` that words name.

        Raises:
            Misfit: if these are not the words of the input.
        """
        if value.node != INPUT or not self.words:
            raise Misfit("it looks up what is no word of the input")
        name = self.put(Embedding(self.name, (INPUT,), real(table)))
        made = axis(table.shape[1])
        return Value(name, (*value.layout[:2], made), (*value.axes, made))

    def repeat(self, value: Value, place: int, times: int) -> Value:
        """Return values without time at each of so many steps, along an axis of size 1.

        Raises:
            Misfit: if they have a time already.
        """
        if value.timed or value.axes[place]:
            raise Misfit("values are repeated that have steps of their own")
        steps = axis(times, "time")
        name = self.put(Repeat(self.name, (value.node,), times))
        return Value(
            name,
            (value.layout[0], steps, value.layout[1]),
            tuple(steps if n == place else one for n, one in enumerate(value.axes)),
        )

    def _varying(self, value: Value, array: np.ndarray) -> Value:
        """Return a tensor whose node has all axes as features along which a constant differs."""
        if array.ndim > len(value.axes):
            raise Misfit(f"a constant {list(array.shape)} beside a tensor {list(value.shape)}")
        places = [n for n in range(-array.ndim, 0) if array.shape[n] > 1]
        if any(array.shape[n] != value.shape[n] for n in places):
            raise Misfit(f"a constant {list(array.shape)} beside a tensor {list(value.shape)}")
        if {atom for n in places for atom in value.axes[n]} <= set(value.layout[-1]):
            return value
        if len(places) != 1:
            raise Misfit("a constant differs from step to step")
        order = [n for n in range(len(value.axes)) if n != len(value.axes) + places[0]]
        return replace(self.rows(value.transpose([*order, places[0] + len(value.axes)])), axes=value.axes)

    def _alike(self, values: Sequence[Value]) -> None:
        signatures = {value.signature() for value in values}
        if len(signatures) > 1 or len({len(value.layout) for value in values}) > 1:
            shapes = " and ".join(str(list(value.shape)) for value in values)
            raise Misfit(f"tensors {shapes} do not have the same axes")


def real(array: np.ndarray) -> np.ndarray:
    """Return weights as float64.

    Raises:
        Misfit: if they are not all finite numbers.
    """
    with np.errstate(invalid="ignore"):  # of what is no number
        found = np.array(array, np.float64)
    if not np.isfinite(found).all():
        raise Misfit("its weights are not all finite numbers")
    return found


def _along(value: Value, array: np.ndarray) -> np.ndarray:
    """Return a constant beside a tensor as one number for each of the node's features."""
    own = value.layout[-1]
    if array.size == 1:
        return np.full(width(own), array.item())
    varying: Axis = tuple(atom for n in range(-array.ndim, 0) if array.shape[n] > 1 for atom in value.axes[n])
    split = array.reshape([atom.size for atom in varying])
    there = [atom for atom in own if atom in varying]
    turned = split.transpose([varying.index(atom) for atom in there])
    spread = turned.reshape([atom.size if atom in varying else 1 for atom in own])
    return np.broadcast_to(spread, [atom.size for atom in own]).reshape(-1)
