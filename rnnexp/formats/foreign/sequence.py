"""What foreign files do along the time: recurrent layers, the last step, sums over steps, the opposite order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnexp.formats.foreign.axes import Atom, Axis, Misfit, Value, WrongAxes, axis, reordered, width
from rnnexp.formats.foreign.drawing import WITH_FREQUENCY, Drawing, real
from rnnexp.network.graph.convolution import Pooling
from rnnexp.network.graph.nodes import Affine, GlobalPooling, Last, Recurrent, Reverse
from rnnexp.network.graph.recurrence import CellName

# What the node of a layer's values at the end is called after the layer's name.
LAST = "/last"


@dataclass(frozen=True)
class Cells:
    """A recurrent layer as a file has it.

    Attributes:
        cell: its name.
        directions: weights of each, in Keras' order, kernels of the file's order of inputs.
        activation, gate: names of functions.
        backwards: whether an only direction reads from the end.
        projection: of each direction, or None.
        cell_limit, stateful: see ``Recurrent``.
    """

    cell: CellName
    directions: tuple[tuple[np.ndarray, ...], ...]
    activation: str = "tanh"
    gate: str = "sigmoid"
    backwards: bool = False
    projection: tuple[np.ndarray, ...] | None = None
    cell_limit: float = np.inf
    stateful: bool = False


@dataclass(frozen=True)
class Sequences:
    """What a recurrent layer gives: the node, and its axes.

    Attributes:
        every, last: values after every step, in the order of the sequence, and when all has been read.
        directions, units: the axes that the features consist of.
    """

    every: Value
    last: Value
    directions: Axis
    units: Axis


def recurrent(drawing: Drawing, value: Value, time: int, batch: int, cells: Cells) -> Sequences:
    """Return what a recurrent layer gives for a tensor of three axes.

    Args:
        drawing: gets the nodes.
        value: the inputs.
        time, batch: which axes the layer takes for these.
        cells: the layer.

    Raises:
        Misfit: if these are not time and batch, or there are other weights than inputs.
    """
    if len(value.axes) != 3:
        raise Misfit(f"it takes three axes, and here it is given {list(value.shape)}")
    if not value.timed:
        raise Misfit("it is given values that have no time")
    if value.axes[time] != value.layout[1] or value.axes[batch] != value.layout[0]:
        raise WrongAxes("its axes of time and batch are others than those of what is ahead of it")
    value = drawing.frames(value)
    (features,) = {0, 1, 2} - {time, batch}
    directions = tuple(
        (reordered(real(kernel), 0, value.axes[features], value.layout[2]), *(real(array) for array in rest))
        for kernel, *rest in cells.directions
    )
    projection = None if cells.projection is None else tuple(real(array) for array in cells.projection)
    node = Recurrent(
        drawing.name,
        (value.node,),
        cells.cell,
        directions,
        cells.activation,
        cells.gate,
        cells.backwards,
        projection=projection,
        stateful=cells.stateful,
        cell_limit=cells.cell_limit,
    )
    own = projection[0].shape[1] if projection else node.units
    ways, units = axis(len(directions)), axis(own)
    name = drawing.put(node)
    last = drawing.put(replace(node, name=name + LAST, every_step=False))
    if cells.backwards:
        name = drawing.put(Reverse(f"{name}/reverse", (name,)))
    layout: tuple[Axis, ...] = (*value.layout[:2], ways + units)
    return Sequences(
        Value(name, layout, layout), Value(last, (layout[0], layout[2]), (layout[0], layout[2])), ways, units
    )


def step(drawing: Drawing, value: Value, place: int, index: int) -> Value:
    """Return one place of an axis, which goes away: the first or last step, or a direction, or a feature.

    Raises:
        Misfit: if it is another step, or another axis.
    """
    place = value.place(place)
    size = value.shape[place]
    index += size if index < 0 else 0
    if not 0 <= index < size:
        raise Misfit(f"place {index} of an axis of {size}")
    gone = tuple(one for n, one in enumerate(value.axes) if n != place)
    taken = value.axes[place]
    if not taken:
        return replace(value, axes=gone)
    if value.timed and taken == value.layout[1]:
        if index not in (0, size - 1):
            raise Misfit(f"it takes step {index} of {size}; known are the first and the last")
        value = drawing.frames(value)
        name = value.node
        if index == 0:
            name = drawing.put(Reverse(f"{drawing.name}/reverse", (name,)))
        name = drawing.put(Last(drawing.name, (name,)))
        return Value(name, (value.layout[0], value.layout[2]), gone)
    return narrow(drawing, value, place, [index], gone)


def cut(drawing: Drawing, value: Value, place: int, places: range) -> Value:
    """Return some places of an axis: one step, some features, or all in the opposite order.

    Raises:
        Misfit: if it is anything else.
    """
    place = value.place(place)
    size = value.shape[place]
    if list(places[:2]) == list(range(size))[:2] and len(places) == size:
        return value
    if not places:
        raise Misfit("it takes nothing of an axis")
    if len(places) == 1:
        return step(drawing, value, place, places[0]).unsqueeze([place])
    if value.timed and value.axes[place] == value.layout[1]:
        if len(places) != size or places.step != -1:
            raise Misfit(f"it takes steps {places[0]} to {places[-1]} of {size}")
        return drawing.same(value, Reverse(drawing.name, (value.node,)))
    made = (*value.axes[:place], axis(len(places)), *value.axes[place + 1 :])
    return narrow(drawing, value, place, places, made)


def narrow(drawing: Drawing, value: Value, place: int, places: Sequence[int], axes: tuple[Axis, ...]) -> Value:
    """Return some features; of a recurrent layer of two directions, one of these if that is what they are.

    Raises:
        Misfit: if the axis is not one of features.
    """
    taken = value.axes[place]
    whole = value.layout[-1]
    if len(value.layout) >= WITH_FREQUENCY:
        raise Misfit("some of the frequencies or channels are taken")
    if not taken or any(atom not in whole for atom in taken):
        raise Misfit("it takes some places of an axis that is not the features'")
    numbers = np.arange(width(whole)).reshape([atom.size for atom in whole])
    order = [whole.index(atom) for atom in taken]
    rest = [n for n in range(len(whole)) if n not in order]
    # Places of the taken axis first, whatever else the features have after it.
    table = numbers.transpose([*order, *rest]).reshape(width(taken), -1)
    chosen = np.sort(table[list(places)].reshape(-1))
    if rest and (len(places) > 1 or not np.array_equal(chosen, table[list(places)].reshape(-1))):
        raise Misfit("it takes some places of a part of the features")
    left = tuple(whole[n] for n in rest) if rest else axis(len(places))
    made = (*value.layout[:-1], left)
    half = _direction(drawing, value.node, chosen, width(whole))
    if half:
        return Value(half, made, axes if rest else _with(axes, place, left, value))
    kernel = np.zeros((width(whole), len(chosen)))
    picked = chosen if rest else np.asarray(list(places))
    kernel[picked, np.arange(len(picked))] = 1.0
    flat = Value(value.node, value.layout, (*value.layout[:-1], whole))
    name = drawing.dense(flat, kernel).node
    return Value(name, made, axes if rest else _with(axes, place, left, value))


def over_steps(drawing: Drawing, value: Value, places: Sequence[int], what: str, keeps: bool) -> Value:
    """Return the mean, sum or largest over axes: of all steps, or all frequencies, or both.

    Args:
        drawing: gets the nodes.
        value: a tensor.
        places: the axes.
        what: ``average``, ``sum`` or ``max``.
        keeps: whether these axes stay, with size 1.

    Raises:
        Misfit: if they are others.
    """
    gone = [value.place(n) for n in places]
    taken = {atom for n in gone for atom in value.axes[n]}
    axes = tuple(() if n in gone else one for n, one in enumerate(value.axes) if keeps or n not in gone)
    layout = value.layout
    if not taken:
        return replace(value, axes=axes)
    joined = _joined(drawing, value, taken, what)
    if joined is not None:
        return replace(joined, axes=axes)
    if not value.timed:
        raise Misfit("it joins other axes than steps and frequencies")
    time, frequency = set(layout[1]), set(layout[2]) if len(layout) == WITH_FREQUENCY else set()
    count = width(tuple(taken))
    if what == "sum" and any(atom.open for atom in taken):
        raise Misfit("it adds up steps, and the file leaves open how many there are")
    pooled = "max" if what == "max" else "average"
    if taken == frequency and taken:
        size = (1, width(layout[2]))
        node = drawing.put(Pooling(drawing.name, (value.node,), "max" if what == "max" else "average", size, size))
        made = Value(node, (*layout[:2], (), layout[3]), axes)
    elif taken in (time, time | frequency):
        if taken == time:
            value = drawing.frames(value)
        node = drawing.put(GlobalPooling(drawing.name, (value.node,), "max" if pooled == "max" else "average"))
        made = Value(node, (layout[0], value.layout[-1]), axes)
    else:
        raise Misfit("it joins other axes than steps and frequencies")
    if what != "sum":
        return made
    size_of = width(made.layout[-1])
    return drawing.same(
        made, Affine(f"{drawing.name}/count", (made.node,), np.full(size_of, float(count)), np.zeros(size_of))
    )


def _joined(drawing: Drawing, value: Value, taken: set[Atom], what: str) -> Value | None:
    """Return the sum or mean of the two directions of a recurrent layer, or None if the axes are others."""
    node = drawing.nodes.get(value.node)
    own = value.layout[-1]
    if not isinstance(node, Recurrent) or len(node.directions) != 2 or node.merge != "concat" or what == "max":
        return None
    if taken != set(own[:1]) or own[0].size != 2:
        return None
    name = drawing.put(replace(node, name=drawing.name, merge="sum" if what == "sum" else "ave"))
    return Value(name, (*value.layout[:-1], own[1:]), value.axes)


def _with(axes: tuple[Axis, ...], place: int, made: Axis, value: Value) -> tuple[Axis, ...]:
    """Return axes with the one that was cut, or without it where it is gone."""
    if len(axes) < len(value.axes):
        return axes
    return (*axes[:place], made, *axes[place + 1 :])


def _direction(drawing: Drawing, name: str, chosen: np.ndarray, of: int) -> str:
    """Return the node of one direction of a recurrent layer, if the chosen features are just these; or nothing."""
    node = drawing.nodes.get(name)
    if isinstance(node, (Last, Reverse)):
        inner = _direction(drawing, node.reads[0], chosen, of)
        return drawing.put(replace(node, reads=(inner,))) if inner else ""
    if not isinstance(node, Recurrent) or len(node.directions) != 2 or 2 * len(chosen) != of:
        return ""
    if not np.array_equal(np.diff(chosen), np.ones(len(chosen) - 1)) or chosen[0] not in (0, len(chosen)):
        return ""
    number = int(chosen[0] > 0)
    made = drawing.put(
        replace(
            node,
            directions=node.directions[number : number + 1],
            backwards=bool(number),
            projection=node.projection and node.projection[number : number + 1],
        )
    )
    if number and node.every_step:
        return drawing.put(Reverse(f"{made}/reverse", (made,)))
    return made
