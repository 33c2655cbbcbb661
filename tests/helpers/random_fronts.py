"""Networks with random layers ahead of recurrent ones and behind them."""

from dataclasses import dataclass, replace

import numpy as np
from helpers.random_networks import ANSWER_STEPS, layer_of, with_skips
from hypothesis import strategies as st

from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture
from rnnexp.network.cells import packages
from rnnexp.network.front import LINEAR, Convolution, Embedding, Pooling
from rnnexp.network.functions import FUNCTIONS, GATES
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.network.windows import Axis

WORDS = 20
# Of layers; with exp of exp, values leave what float64 holds.
OF_OTHERS = [*sorted(set(FUNCTIONS) - {"exponential", "clip"}), "clip(-2, 0.5)"]


def network(front, layers, back=(), *, steps, features=1, outputs=2, activation="tanh", seed=0, **facts):
    """Return a network whose weights neither explode nor vanish; layers may be written as ``("gru", 4, "both")``."""
    recurrent = tuple(layer if isinstance(layer, Layer) else layer_of(*layer) for layer in layers)
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


def causal(drawn):
    """Return a drawn layer without padding behind the last step."""
    before, _ = drawn.time.padding
    return replace(drawn, time=replace(drawn.time, padding=(before, 0)))


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
    activation=st.sampled_from([LINEAR, *sorted(ACTIVATIONS), *OF_OTHERS]),
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
    io_bits: int
    encodes: bool  # whether the first layer is an encoder, where there are others
    skips: bool  # whether layers read others than the one before
    forwards: int  # of the first layers, so many read forwards alone
    causal: bool  # whether nothing is behind the layers, and no frame waits for padding at the end

    def make(self):
        """Return the float network, and inputs to quantise it with."""
        random, width = np.random.default_rng(self.seed), self.channels * self.frequencies
        front = [Embedding(WORDS, width)] if self.embeds else []
        front += made(map(causal, self.front) if self.causal else self.front, self.steps, width, self.channels)
        # Without any recurrent layer there is at least a convolution.
        layers = tuple(layer_of(*cell) for cell in (self.cells if front else self.cells or [("simple", 3, "")]))
        layers = (
            *(replace(layer, bidirectional=False, backwards=False) for layer in layers[: self.forwards]),
            *layers[self.forwards :],
        )
        encodes = self.encodes and len(layers) > 1 and not self.causal
        if encodes:
            layers = (replace(layers[0], repeats=ANSWER_STEPS), *layers[1:])
        if self.skips:
            layers = with_skips(layers, int(encodes), random)
        facts = {
            "steps": self.steps,
            "features": 1 if self.embeds else width,
            "outputs": self.outputs,
            "activation": self.activation,
            "seed": self.seed,
        }
        inner = network(front, layers, **facts).architecture
        units = inner.layers[-1].width if layers else inner.front_width
        # Two directions have scales of their own, which no frequency axis takes.
        both = bool(layers) and layers[-1].bidirectional
        back = (
            []
            if encodes or self.causal or not layers
            else made(self.back, inner.front_steps, units, units if both else 1)
        )
        flattened = self.flattened and not (encodes or self.causal)
        every_step = self.every_step and not (back or flattened)
        found = network(front, layers, back, flattened=flattened, every_step=every_step, **facts)
        if self.embeds:
            return found, words(6, self.steps, self.seed)
        return found, np.cumsum(random.normal(size=(6, self.steps, width)), axis=1)


WAYS = st.sampled_from(["", "both", "backwards"])
PLAIN = st.tuples(st.sampled_from(sorted(packages())), st.integers(1, 4), WAYS)
OPTIONS = st.fixed_dictionaries({"activation": st.sampled_from(["", *OF_OTHERS]), "gate": st.sampled_from(GATES)})
UNLIKE = st.tuples(st.sampled_from(sorted(packages())), st.integers(1, 4), WAYS, OPTIONS)
PROJECTED = st.tuples(
    st.sampled_from(["lstm", "lstm-peephole"]), st.integers(1, 4), WAYS, st.builds(dict, projection=st.integers(1, 5))
)
FIELDS = {
    "embeds": st.booleans(),
    "front": st.lists(LAYERS, max_size=3),
    "back": st.lists(LAYERS, max_size=2),
    "flattened": st.booleans(),
    "every_step": st.booleans(),
    "channels": st.integers(1, 3),
    "frequencies": st.integers(1, 4),
    "steps": st.integers(1, 12),
    "outputs": st.integers(1, 3),
    "activation": st.sampled_from(sorted(ACTIVATIONS)),
    "seed": st.integers(0, 2**32 - 1),
    "io_bits": st.sampled_from([8, 16]),
    "encodes": st.booleans(),
    "skips": st.booleans(),
    "forwards": st.integers(0, 4),
    "causal": st.booleans(),
}
NETWORKS = st.builds(Drawn, cells=st.lists(PLAIN, max_size=3), **FIELDS)
# The same with all that other people's networks have.
FOREIGN_NETWORKS = st.builds(Drawn, cells=st.lists(st.one_of(UNLIKE, PROJECTED), max_size=4), **FIELDS)
