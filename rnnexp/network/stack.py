"""Recurrent layers, each reading those before it, with others around them, in real numbers or integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from rnnexp.network import front
from rnnexp.network.front import Reshaping


class StackedLayer(Protocol):
    """What a ``Stack`` asks of its layers."""

    @property
    def repeats(self) -> int:
        """As in ``Layer``."""

    @property
    def forward(self) -> bool:
        """As in ``Layer``."""

    @property
    def reads(self) -> tuple[int, ...]:
        """As in ``Layer``."""


LayerT = TypeVar("LayerT", bound=StackedLayer)


@dataclass(frozen=True)
class Stack(Generic[LayerT]):
    """Recurrent layers, each reading the one before, in real numbers or integers.

    The first layers of an encoder-decoder, the encoder, read the whole sequence. What they come to, the context, is
    what the layers after them, the decoder, read at each step of the answer.

    Attributes:
        sequence_length: time steps.
        features: inputs a time step.
        layers: from the input on.
        every_step: whether there is an output at every step, of a decoder if there is one, or one after the last.
        front: layers ahead of the recurrent ones, which see the whole sequence at once, and can change its length.
        back: the same behind them.
        flattened: whether the output layer reads the values of all steps, and not those of the last one.
    """

    sequence_length: int
    features: int
    layers: tuple[LayerT, ...]
    every_step: bool
    front: tuple[Reshaping, ...] = field(default=(), kw_only=True)
    back: tuple[Reshaping, ...] = field(default=(), kw_only=True)
    flattened: bool = field(default=False, kw_only=True)

    @property
    def front_steps(self) -> int:
        """How many the recurrent layers take."""
        return front.extent(self.front, self.sequence_length, self.features)[0]

    @property
    def front_width(self) -> int:
        """How many numbers they read at a step."""
        return front.extent(self.front, self.sequence_length, self.features)[1]

    @property
    def waits(self) -> bool:
        """Whether what comes behind the recurrent layers reads the values of all steps at once."""
        return bool(self.back) or self.flattened

    @property
    def encoder(self) -> tuple[LayerT, ...]:
        """The layers that read the whole sequence before there is an answer; none where there is no decoder."""
        return self.layers[: next((number for number, layer in enumerate(self.layers, 1) if layer.repeats), 0)]

    @property
    def decoder(self) -> tuple[LayerT, ...]:
        """The layers after the encoder: all, where there is none."""
        return self.layers[len(self.encoder) :]

    @property
    def reads(self) -> list[tuple[int, ...]]:
        """The numbers of the layers that each layer reads, -1 for the network's input."""
        return [layer.reads or (number - 1,) for number, layer in enumerate(self.layers)]

    @property
    def answers_each_step(self) -> bool:
        """Whether there is an output for each step of the sequence."""
        return self.every_step and not self.encoder

    @property
    def output_steps(self) -> int:
        """Steps with an output."""
        if not self.every_step:
            return 1
        return self.encoder[-1].repeats if self.encoder else self.front_steps

    @property
    def forward(self) -> bool:
        """Whether all layers read forwards, and so can go step by step; an encoder-decoder as a whole cannot.

        Nor can a network with others ahead of its recurrent layers.
        """
        return self.streams and not self.front

    @property
    def decodes_by_steps(self) -> bool:
        """Whether there is a decoder whose answers can be had one at a time."""
        return bool(self.encoder) and not self.waits and all(layer.forward for layer in self.decoder)

    @property
    def streams(self) -> bool:
        """Whether inputs can come one at a time; where others are ahead of the layers, not each of them is a step."""
        ahead = all(layer.streams for layer in self.front)
        alone = bool(self.layers) and not (self.encoder or self.waits)
        return ahead and alone and all(layer.forward for layer in self.layers)


def check_surroundings(network: Stack[Any], *, variable_length: bool) -> None:
    """Check that what is ahead of recurrent layers and behind them goes with the rest.

    Raises:
        ValueError: if not.
    """
    front.extent(network.front, network.sequence_length, network.features)
    if any(isinstance(layer, front.Embedding) for layer in (*network.front[1:], *network.back)):
        raise ValueError("an embedding reads the input, and so comes first")
    if network.waits and (network.every_step or variable_length):
        raise ValueError("what reads the values of all steps gives one answer, of sequences of one length")
    if variable_length and not all(layer.pointwise for layer in network.front):
        raise ValueError("ahead of the recurrent layers, sequences of different lengths are taken step by step only")
    if not (network.layers or network.front):
        raise ValueError("a network has recurrent layers, or others ahead of where they would be")
    if network.back and not network.layers:
        raise ValueError("without recurrent layers there is nothing to be behind of: all others are ahead")
