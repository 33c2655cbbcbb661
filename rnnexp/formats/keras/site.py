"""A layer where it is called: its options and weights, what it reads, and the nodes that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NoReturn

import numpy as np

from rnnexp.formats.keras.options import Options
from rnnexp.formats.keras.stored import Version
from rnnexp.network.graph.convolution import Convolution, Padding2D
from rnnexp.network.graph.graph import INPUT
from rnnexp.network.graph.nodes import Activation, Node
from rnnexp.network.masking import Masking

NO_PADDING: Padding2D = ((0, 0), (0, 0))
# How many numbers a value of one sequence can have, and a layer: far more than a small network has.
NUMBERS = 2**26


@dataclass(frozen=True)
class Tensor:
    """A value within the network.

    Attributes:
        node: whose it is; of the network's input ``INPUT``.
        shape: without the batch: time, or None where it is open, and what a step has; ``(width,)`` where time is gone.
        words: whether it is words, ``(time,)``.
        masked: whether Keras knows which of its steps are padding.
        padding: zeros around it in time and frequency that no node has added yet, because a convolution can.
    """

    node: str
    shape: tuple[int | None, ...]
    words: bool = False
    masked: bool = False
    padding: Padding2D = NO_PADDING

    @property
    def width(self) -> int:
        """The size of the last axis, which is always known."""
        assert self.shape[-1] is not None
        return self.shape[-1]


@dataclass
class Nodes:
    """The nodes of a graph that is being read.

    Attributes:
        made: in order.
        masking: how sequences say their length.
        timed: layers that go by the sequence's length, and whether what they read says it.
    """

    made: list[Node] = field(default_factory=list)
    masking: Masking | None = None
    timed: list[tuple[Options, bool]] = field(default_factory=list)

    def settled(self, found: Tensor, name: str) -> Tensor:
        """Return a value with the zeros around it; if they are not there yet, a node of this name adds them."""
        if found.padding == NO_PADDING:
            return found
        channels = found.width
        kernel, bias = np.ones((1, 1, 1, channels)), np.zeros(channels)
        self.made.append(Convolution(name, (found.node,), kernel, bias, padding=found.padding, groups=channels))
        return Tensor(name, padded_shape(found), masked=found.masked)


@dataclass(frozen=True)
class Owner:
    """One that has weights, a layer or what is within one.

    Attributes:
        path: to it in a file of Keras 3, from the layer.
        trained: the names of its weights that training changes, in order.
        others: of those that it does not.
        frozen: whether training was told to change none.
    """

    path: tuple[str, ...]
    trained: tuple[str, ...]
    others: tuple[str, ...] = ()
    frozen: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of all its weights."""
        return self.trained + self.others


@dataclass(frozen=True)
class Site:
    """A layer where it is called.

    Attributes:
        name: of its last node; others have more behind it.
        options: what the file says of it.
        inputs: what it reads.
        each_step: whether it is applied to each step on its own: then steps are one axis more, which it does not see.
        weights: of each of its ``Owner``s, in order.
        nodes: to which it adds its own.
        version: of Keras.
        backend: that the model was trained by.
        constants: what an operation is called with beside values.
    """

    name: str
    options: Options
    inputs: tuple[Tensor, ...]
    each_step: bool
    weights: Sequence[Sequence[np.ndarray]]
    nodes: Nodes
    version: Version
    backend: str
    constants: tuple[Any, ...] = ()

    def refuse(self, problem: str) -> NoReturn:
        """Say what cannot be converted."""
        self.options.refuse(problem)

    def one(self, axes: Sequence[int] | None = None) -> Tensor:
        """Return the only value that it reads, with all padding added.

        Args:
            axes: how many axes it can have, without the batch, and without the steps where each is on its own.
        """
        found = self.settled(self.padded(axes))
        if found.words:
            self.refuse("reads words; only an embedding can")
        return found

    def padded(self, axes: Sequence[int] | None = None) -> Tensor:
        """Return the only value that it reads, perhaps with padding to be added."""
        if len(self.inputs) != 1:
            self.refuse(f"reads {len(self.inputs)} values instead of one")
        (found,) = self.inputs
        own = len(found.shape) - self.each_step
        if axes is not None and own not in axes:
            self.refuse(f"reads values of {own} axes instead of {' or '.join(map(str, axes))}")
        return found

    def seen(self, found: Tensor) -> tuple[int | None, ...]:
        """Return the shape that the layer itself sees."""
        return found.shape[1:] if self.each_step else found.shape

    def weight(self, owner: int, place: int, shape: Sequence[int]) -> np.ndarray:
        """Return a weight, which has to have a shape."""
        found = self.weights[owner][place]
        if found.shape != tuple(shape):
            self.refuse(f"its weights have the shape {list(found.shape)} where {list(shape)} is needed")
        return found

    def add(self, node: Node, shape: tuple[int | None, ...], like: Tensor | None = None) -> Tensor:
        """Add a node; return its value, masked as that is that it follows on."""
        numbers = int(np.prod([float(size or 1) for size in shape]))
        if any(size is not None and size < 1 for size in shape) or numbers > NUMBERS:
            self.refuse(f"its values would have the shape {list(shape)}")
        self.nodes.made.append(node)
        return Tensor(node.name, shape, masked=like is not None and like.masked and len(shape) > 1)

    def activated(self, found: Tensor, function: str) -> Tensor:
        """Return a value after an activation function, of a node with the layer's name."""
        if function == "linear":
            return self.named(found)
        return self.add(Activation(self.name, (found.node,), function), found.shape, found)

    def named(self, found: Tensor) -> Tensor:
        """Give the node that was made last the layer's name."""
        last = self.nodes.made[-1]
        assert last.name == found.node
        self.nodes.made[-1] = replace(last, name=self.name)
        return replace(found, node=self.name)

    def part(self, what: str) -> str:
        """Return the name of a node that is a part of the layer."""
        return f"{self.name}/{what}"

    def settled(self, found: Tensor) -> Tensor:
        """Return a value with the zeros around it, which a node adds if they are not there yet."""
        return self.nodes.settled(found, self.part("zeros"))


def padded_shape(found: Tensor) -> tuple[int | None, ...]:
    """Return the shape of a value with the zeros around it."""
    time, *more = found.shape
    (before, after), (low, high) = found.padding
    time = None if time is None else time + before + after
    if len(more) == 2:
        assert more[0] is not None
        more = [more[0] + low + high, more[1]]
    return (time, *more)


def _no_owners(options: Options, version: Version) -> list[Owner]:
    del options, version
    return []


@dataclass(frozen=True)
class Kind:
    """A class of Keras' layers.

    Attributes:
        read: adds its nodes.
        used: options that are read.
        ignored: options that mean nothing for what it computes.
        only: options that have to have one of some values.
        owners: what has weights, by the options and the version.
        masks: what it does where steps are padding: it takes each step alone and ``keeps`` the mask, ``reads`` it
            itself, or would compute with padding, which is ``refused``.
    """

    read: Callable[[Site], Tensor]
    used: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    owners: Callable[[Options, Version], list[Owner]] = _no_owners
    masks: Literal["keeps", "reads", "refused"] = "refused"


def is_input(found: Tensor) -> bool:
    """Tell whether a value is the network's input as it comes."""
    return found.node == INPUT
