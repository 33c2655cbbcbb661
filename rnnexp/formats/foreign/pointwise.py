"""Activation functions that files spell out: ``x * 0.5 * (1 + erf(x / sqrt(2)))`` is a gelu."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from typing_extensions import override

from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.network.activations import Function
from rnnexp.network.functions import FUNCTIONS, function
from rnnexp.network.graph.graph import INPUT
from rnnexp.network.graph.nodes import Activation, Affine, Node

# Where two functions are compared: closely where they bend, and far out, where one may have a limit and the other none.
_CLOSE = np.linspace(-30.0, 30.0, 6001)
_FAR = np.geomspace(30.0, 1e6, 200)
_PLACES = np.concatenate([_CLOSE, _FAR, -_FAR])
# How far constants of float32 may set them apart.
_NEAR = 2e-6
_WORDS = np.arange(4096.0)


@dataclass(frozen=True)
class Unfinished(Node):
    """Part of something that is written in several operators; what is left of them at the end cannot be converted.

    Attributes:
        operator: of the file, for messages.
        function: of one number, or None where it is none.
        padding: zeros around time and frequency that a convolution is to take.
    """

    operator: str = ""
    function: Callable[[np.ndarray], np.ndarray] | None = None
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))

    @override
    def run(self, values: Sequence[np.ndarray], lengths: np.ndarray | None) -> np.ndarray:
        raise NotImplementedError(self.operator)


def unary(drawing: Drawing, value: Value, operator: str, made: Function) -> Value:
    """Return a function of a tensor that graphs do not have, in the hope that what follows makes one that they do."""
    return drawing.same(value, Unfinished(drawing.name, (value.node,), operator, made))


def finished(drawing: Drawing, value: Value) -> Value:
    """Return a tensor as a known activation function of what is ahead of its unfinished parts, if it is one."""
    partial = False
    for node, made in _chain(drawing, value.node):
        name = _known(made) if partial else ""
        if name:
            return drawing.same(value, Activation(drawing.name, (node,), name))
        partial |= isinstance(drawing.nodes.get(node), Unfinished)
    return value


def combined(drawing: Drawing, values: Sequence[Value], how: Callable[..., np.ndarray], operator: str) -> Value | None:
    """Return a function of tensors that are all functions of the same one, or None where they are not.

    Raises:
        Misfit: if their axes are not the same.
    """
    chains = [dict(_chain(drawing, value.node)) for value in values]
    node = next((node for node in chains[0] if all(node in chain for chain in chains)), None)
    if node is None:
        return None
    parts = [chain[node] for chain in chains]
    if len({value.signature() for value in values}) > 1:
        raise Misfit("tensors do not have the same axes")

    def made(z: np.ndarray) -> np.ndarray:
        return how(*(part(z) for part in parts))

    if node == INPUT and drawing.words:
        # Words below 0, of which some frameworks count from the end, are none.
        if np.array_equal(made(_WORDS), _WORDS):
            return replace(values[0], node=INPUT)
        raise Misfit("it computes with words")
    name = _known(made)
    if name:
        return drawing.same(values[0], Activation(drawing.name, (node,), name))
    return drawing.same(values[0], Unfinished(drawing.name, (node,), operator, made))


def has_unfinished(drawing: Drawing, value: Value) -> bool:
    """Tell whether a tensor is made of unfinished parts."""
    return any(isinstance(drawing.nodes.get(node), Unfinished) for node, _ in _chain(drawing, value.node))


def _chain(drawing: Drawing, name: str) -> Iterator[tuple[str, Function]]:
    """Go back from a node through functions of one number: each node, and what makes the first one of it."""
    made: Function = _same
    while True:
        yield name, made
        node = drawing.nodes.get(name)
        step = None if node is None else _step(node)
        if step is None or node is None:
            return
        made, name = _after(step, made), node.reads[0]


def _step(node: Node) -> Function | None:
    if isinstance(node, Unfinished):
        return node.function
    if isinstance(node, Activation) and node.activation == "exponential":
        return np.exp
    if isinstance(node, Activation) and node.activation not in ("softmax", "log_softmax"):
        return function(node.activation)
    if isinstance(node, Affine) and np.ptp(node.scale) == 0.0 and np.ptp(node.offset) == 0.0:
        scale, offset = float(node.scale[0]), float(node.offset[0])
        return lambda z: scale * z + offset
    return None


def _same(z: np.ndarray) -> np.ndarray:
    return z


def _after(first: Function, second: Function) -> Function:
    return lambda z: second(first(z))


def _known(made: Function) -> str:
    """Return the name of a function, or an empty text."""
    with np.errstate(all="ignore"):
        found = made(_PLACES)
        # Far out, what is spelled out may overflow in the framework where our function does not.
        counts = np.isfinite(found) | (np.abs(_PLACES) <= _CLOSE[-1])
        for name in (name for name in FUNCTIONS if name != "clip"):  # which has no limits of its own
            wanted = function(name)(_PLACES)
            if np.all((np.abs(found - wanted) <= _NEAR * (1.0 + np.abs(wanted)))[counts]):
                return name
    return ""
