"""Networks with random layers ahead of recurrent ones and behind them."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture, Layer
from rnnexp.network.front import LINEAR, Convolution, Embedding, Pooling
from rnnexp.network.network import Network
from rnnexp.network.windows import Axis

WORDS = 20


def network(front, layers, back=(), *, steps, features=1, outputs=2, activation="tanh", seed=0, **facts):
    """Return a network whose weights neither explode nor vanish; layers are written as ``("gru", 4, "both")``."""
    recurrent = tuple(Layer(cell, units, "both" in way, "backwards" in way) for cell, units, *way in layers)
    around = {"front": tuple(front), "back": tuple(back)}
    facts = {"every_step": False, "outputs": outputs, "activation": activation, **around, **facts}
    architecture = Architecture(steps, features, recurrent, **facts)
    random = np.random.default_rng(seed)
    weights = [
        random.normal(size=shape) * (0.1 if name.endswith("bias") else 1.0 / np.prod(shape[:-1]) ** 0.5)
        if "embeddings" not in name
        else random.normal(size=shape)
        for name, shape in architecture.shapes.items()
    ]
    return Network.of(architecture, weights)


def words(samples, steps, seed=0, *, beyond=0):
    """Return numbers of words, and of none of them up to ``beyond`` below and above."""
    return np.random.default_rng(seed).integers(-beyond, WORDS + beyond, (samples, steps)).astype(np.int32)


@dataclass(frozen=True)
class DrawnAxis:
    """Windows as they are drawn: the taps are as many as there is room for, and padding is for pooling too."""

    taps: int
    stride: int
    dilation: int
    padding: tuple[int, int]

    def make(self, numbers, *, pooling=False):
        taps = min(self.taps, numbers)
        limit = taps - 1 if pooling else 9
        before, after = (min(size, limit) for size in self.padding)
        dilation = 1 if pooling else self.dilation
        span = (taps - 1) * dilation + 1
        return Axis(taps, self.stride, dilation if span <= numbers + before + after else 1, before, after)


@dataclass(frozen=True)
class DrawnLayer:
    """A layer as it is drawn; over time alone, channels are all there is in a step."""

    pooling: bool
    time: DrawnAxis
    frequency: DrawnAxis | None
    filters: int  # of each group
    depthwise: bool
    activation: str

    def make(self, steps, width, channels):
        """Return the layer, and how many channels numbers have behind it."""
        channels = width if self.frequency is None else channels
        sizes = steps, width // channels
        time, frequency = (
            axis.make(size, pooling=self.pooling) if axis else Axis()
            for axis, size in zip((self.time, self.frequency), sizes, strict=True)
        )
        if self.pooling:
            return Pooling(time, frequency, channels), channels
        groups = channels if self.depthwise else 1
        filters = groups * self.filters
        return Convolution(time, frequency, channels, filters, groups, self.activation), filters


def made(drawn, steps, width, channels):
    """Return drawn layers for what comes in."""
    found = []
    for each in drawn:
        layer, channels = each.make(steps, width, channels)
        found.append(layer)
        steps, width = layer.extent(steps, width)
    return found


AXES = st.builds(
    DrawnAxis,
    taps=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.tuples(st.integers(0, 4), st.sampled_from([0, 0, 1, 3])),
)
LAYERS = st.builds(
    DrawnLayer,
    pooling=st.booleans(),
    time=AXES,
    frequency=st.one_of(st.none(), AXES),
    filters=st.integers(1, 4),
    depthwise=st.booleans(),
    activation=st.sampled_from([LINEAR, *sorted(ACTIVATIONS)]),
)


@dataclass(frozen=True)
class Drawn:
    """A network as it is drawn."""

    embeds: bool
    front: list
    cells: list
    back: list
    flattened: bool
    every_step: bool
    channels: int
    frequencies: int
    steps: int
    outputs: int
    activation: str
    seed: int

    def make(self):
        """Return the float network, and inputs to quantise it with."""
        random, width = np.random.default_rng(self.seed), self.channels * self.frequencies
        front = [Embedding(WORDS, width)] if self.embeds else []
        front += made(self.front, self.steps, width, self.channels)
        # Without any recurrent layer there is at least a convolution.
        cells = self.cells if front else self.cells or [("simple", 3, "")]
        facts = {
            "steps": self.steps,
            "features": 1 if self.embeds else width,
            "outputs": self.outputs,
            "activation": self.activation,
            "seed": self.seed,
        }
        inner = network(front, cells, **facts).architecture
        units = inner.layers[-1].width if cells else inner.front_width
        # Two directions have scales of their own, which no frequency axis takes.
        both = bool(cells) and "both" in cells[-1]
        back = made(self.back if cells else [], inner.front_steps, units, units if both else 1)
        waits = bool(back) or self.flattened
        found = network(front, cells, back, flattened=self.flattened, every_step=self.every_step and not waits, **facts)
        if self.embeds:
            return found, words(6, self.steps, self.seed)
        return found, np.cumsum(random.normal(size=(6, self.steps, width)), axis=1)


WAYS = st.sampled_from(["", "both", "backwards"])
CELLS = st.lists(st.tuples(st.sampled_from(["simple", "gru", "lstm"]), st.integers(1, 4), WAYS), max_size=2)
NETWORKS = st.builds(
    Drawn,
    embeds=st.booleans(),
    front=st.lists(LAYERS, max_size=3),
    cells=CELLS,
    back=st.lists(LAYERS, max_size=2),
    flattened=st.booleans(),
    every_step=st.booleans(),
    channels=st.integers(1, 3),
    frequencies=st.integers(1, 4),
    steps=st.integers(1, 12),
    outputs=st.integers(1, 3),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    seed=st.integers(0, 2**32 - 1),
)
