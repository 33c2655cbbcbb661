"""Training on in the integers' own arithmetic, towards the outputs of the network that they were rounded from.

Whatever the integers lose is their distance from the real network's outputs (Hinton et al. 2015, "Distilling the
knowledge in a neural network"): inputs are enough, and no right answers are needed. The inputs are moved about by half
a code at most, anew in every epoch, or the network would learn how these very ones are rounded, and nothing of others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rnnexp.network.lengths import real
from rnnexp.network.network import Network
from rnnexp.quantization import reference
from rnnexp.quantization.front import Words
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import CODE_UNIT, RADIX
from rnnexp.quantization.products import products, with_products
from rnnexp.quantization.scales import LARGEST_STATE
from rnnexp.quantization.tuning import simulation
from rnnexp.quantization.tuning.tape import Tape
from rnnexp.quantization.tuning.together import moments
from rnnexp.quantization.tuning.weights import Weights

BATCH_SIZE = 32
# Of Adam (Kingma & Ba 2015): steps at first, as shares of the root mean square of the weights of a unit; they fall to
# nothing along a cosine. And how slowly it forgets gradients and their squares.
LEARNING_RATE = 1e-4
MOMENTUM, SQUARES = 0.9, 0.99
# Numbers that are remembered at once, so that long sequences do not fill the memory.
MOST_NUMBERS = 2**24
# How many numbers are remembered of each that a layer keeps of a step, about.
REMEMBERED = 24


@dataclass(frozen=True)
class Sequences:
    """Inputs of a network.

    Attributes:
        x: ``[n, time, features]``, or words ``[n, time]``; padding is at the end.
        lengths: real steps of each, ``[n]``; None: all.
    """

    x: np.ndarray
    lengths: np.ndarray | None = None

    def rows(self, rows: np.ndarray) -> Sequences:
        """Return some of them."""
        return Sequences(self.x[rows], None if self.lengths is None else self.lengths[rows])

    def parts(self, size: int) -> Iterator[Sequences]:
        """Yield all of them, so many at a time at most."""
        for begin in range(0, len(self.x), size):
            yield self.rows(np.arange(begin, min(begin + size, len(self.x))))

    def codes(self, network: IntegerNetwork) -> np.ndarray:
        """Return the input codes of a network, padded at their end."""
        return network.input.encode(self.x)


def output_error(integers: IntegerNetwork, network: Network, given: Sequences) -> float:
    """Return the root mean squared difference of integers' outputs from real ones, before any softmax."""
    made = reference.outputs(integers, given.x, given.lengths)
    difference = made - network.run(given.x, lengths=given.lengths)
    if network.architecture.answers_each_step and given.lengths is not None:
        difference = difference[real(given.lengths, difference.shape[1])]
    return float(np.sqrt(np.mean(np.square(difference))))


class Adam:
    """The optimiser, of one array, in units of its own.

    Args:
        scale: what the rate is a share of, for each number or of each row.
    """

    def __init__(self, scale: np.ndarray) -> None:
        self._scale = scale
        self._mean: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0
        self._count = 0

    def step(self, gradient: np.ndarray, rate: float) -> np.ndarray:
        """Return what is to be added to the array."""
        self._count += 1
        self._mean = MOMENTUM * self._mean + (1.0 - MOMENTUM) * gradient
        self._squares = SQUARES * self._squares + (1.0 - SQUARES) * np.square(gradient)
        mean = self._mean / (1.0 - MOMENTUM**self._count)
        deviation = np.sqrt(self._squares / (1.0 - SQUARES**self._count))
        return -rate * self._scale * mean / (deviation + 1e-30)


class Descent:
    """Weights on their way.

    Args:
        integers: to begin with.
        network: what they were rounded from.
        given: what is trained on.
        epochs: how many there are going to be.
        seed: of the order of sequences, and of how inputs are moved.
    """

    def __init__(
        self, integers: IntegerNetwork, network: Network, given: Sequences, *, epochs: int, seed: int = 0
    ) -> None:
        self._integers, self._network, self._given = integers, network, given
        self._random = np.random.default_rng(seed)
        self._updates = epochs * updates(integers, len(given.x))
        self._done = 0
        some = given.rows(np.arange(min(len(given.x), BATCH_SIZE)))
        means = {key: seen.mean for key, seen in moments(integers, [(some.codes(integers), some.lengths)]).items()}
        self._weights, self._optimizers = {}, []
        for product in products(integers):
            # Groups of a convolution read different channels: these have no common center.
            of_groups = [mean for (key, _), mean in means.items() if key == id(product)]
            center = of_groups[0] if len(of_groups) == 1 else np.zeros(product.high.shape[1])
            weights = self._weights[id(product)] = Weights(product, center)
            size = np.sqrt(np.mean(np.square(weights.codes), axis=1, keepdims=True))
            bias = size[:, 0] * (LARGEST_STATE / 2 * CODE_UNIT / RADIX)
            self._optimizers.append((weights, Adam(size), Adam(bias)))

    def epoch(self) -> IntegerNetwork:
        """Pass over the sequences once, and return the integers."""
        for some in self._batches():
            self._update(some)
        for weights, _, _ in self._optimizers:
            weights.round()
        return with_products(self._integers, {key: weights.made() for key, weights in self._weights.items()})

    def _batches(self) -> Iterator[Sequences]:
        order = self._random.permutation(len(self._given.x))
        for rows in np.array_split(order, updates(self._integers, len(order))):
            some = self._given.rows(rows)
            yield replace(some, x=self._moved(some))

    def _moved(self, some: Sequences) -> np.ndarray:
        """Return inputs that have moved by half a code of 8 bits at most; words and padding stay where they are."""
        codes, x = self._integers.input, some.x
        if isinstance(codes, Words):
            return x
        reach = 0.5 * codes.scale * (codes.highest - codes.lowest) / 255
        moves = self._random.uniform(-reach, reach, x.shape)
        if some.lengths is not None:
            moves = np.where(real(some.lengths, x.shape[1])[..., None], moves, 0.0)
        return np.clip(x + moves, *codes.limits)

    def _update(self, some: Sequences) -> None:
        wanted = self._network.run(some.x, lengths=some.lengths) / self._integers.output_layer.step
        for weights, _, _ in self._optimizers:
            weights.round()
        tape = Tape(self._weights)
        made = simulation.outputs(self._integers, tape, some.codes(self._integers), some.lengths)
        counted = np.ones(wanted.shape[:-1])
        if self._integers.answers_each_step and some.lengths is not None:
            counted = real(some.lengths, wanted.shape[1]).astype(np.float64)
        shape = len(some.x), len(made), -1
        shares = (counted / counted.sum()).reshape(shape)
        for step, number in enumerate(made):
            number.gradient = (number.value - wanted.reshape(shape)[:, step]) * shares[:, step]
        tape.backward()
        rate = LEARNING_RATE * 0.5 * (1.0 + math.cos(math.pi * self._done / self._updates))
        self._done += 1
        for weights, of_codes, of_bias in self._optimizers:
            weights.codes += of_codes.step(weights.by_codes, rate)
            weights.bias += of_bias.step(weights.by_bias, rate)


def updates(integers: IntegerNetwork, sequences: int) -> int:
    """Return how often weights change in an epoch."""
    return math.ceil(sequences / min(at_once(integers), BATCH_SIZE))


def at_once(integers: IntegerNetwork) -> int:
    """Return how many sequences can be remembered at once."""
    widths = sum(len(source.scale) for source in [*integers.front_sources, *integers.sources, *integers.back_sources])
    return max(MOST_NUMBERS // (REMEMBERED * widths * integers.sequence_length), 1)
