"""The architecture of a network: every fact of it but its weights, whose names and shapes follow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from rnnexp.network import cells, front, taps
from rnnexp.network.front import FrontLayer, Reshaping
from rnnexp.network.lengths import Padding

# What follows the word of a structure where its layers are an encoder, and a decoder of one more layer comes after.
ENCODER_DECODER = "-encoder-decoder"
# The name of a linear path's weights.
LINEAR_KERNEL = "linear/kernel"
_WORD = re.compile(
    r"(?P<cell>.+?)(-(?P<layers>\d+)-layers)?(-projection-(?P<projection>\d+))?"
    r"(-(?P<direction>bidirectional|backwards))?"
)


@dataclass(frozen=True)
class Layer:
    """One recurrent layer.

    Attributes:
        cell: its name in ``rnnexp.network.cells``.
        units: of each direction.
        bidirectional: whether a second direction reads sequences from their end, and its values are joined.
        backwards: whether an only direction does, and gives its values in that order.
        repeats: of an encoder's last layer, how often the next layer reads its last values, and them alone; else 0.
        activation: the name of a function in ``rnnexp.network.functions``; empty: the architecture's.
        gate: the same of the gates.
        projection: how many values a product makes of the units' (Sak et al. 2014); 0 where these are the values.
        reads: the numbers of the layers, from 0 on, whose values are joined as its inputs, -1 for the network's input;
            empty: the layer before alone. Each is read in the order in which it gives its values.
    """

    cell: str
    units: int
    bidirectional: bool = False
    backwards: bool = False
    repeats: int = 0
    activation: str = ""
    gate: str = "sigmoid"
    projection: int = 0
    reads: tuple[int, ...] = ()

    @property
    def directions(self) -> tuple[str, ...]:
        """Their names; the name of an only one is empty."""
        return ("forward", "backward") if self.bidirectional else ("",)

    @property
    def width(self) -> int:
        """How many values it gives at a step."""
        return (self.projection or self.units) * len(self.directions)

    @property
    def forward(self) -> bool:
        """Whether it reads sequences from their start alone."""
        return not (self.bidirectional or self.backwards)

    def shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Return name -> shape of the weights of each direction for so many inputs, in Keras' order."""
        return cells.load(self.cell).shapes(inputs, self.units, self.projection)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; what only some layers have is left out of others."""
        optional = {"activation": "", "gate": "sigmoid", "projection": 0, "reads": ()}
        return {name: fact for name, fact in asdict(self).items() if name not in optional or fact != optional[name]}

    def __str__(self) -> str:
        """Return it in a word."""
        way = "bidirectional" if self.bidirectional else "backwards" if self.backwards else ""
        return "-".join(part for part in (self.cell, str(self.units), self.activation, way) if part)


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


@dataclass(frozen=True)
class Structure:
    """How layers are stacked that are all alike.

    Attributes:
        cell: its name in ``rnnexp.network.cells``.
        num_layers: each reading the outputs of the one before.
        bidirectional: whether each reads from both ends.
        go_backwards: whether sequences are read from their ends.
        decoder: whether these layers are an encoder, and a decoder of one layer comes after them.
        projection: how many values a product makes of each layer's units; 0 where these are the values.
    """

    cell: str = "simple"
    num_layers: int = 1
    bidirectional: bool = False
    go_backwards: bool = False
    decoder: bool = False
    projection: int = 0

    def __str__(self) -> str:
        """Return the word for it: the cell's name, and how it differs from one layer that reads forwards."""
        layers = f"{self.num_layers}-layers" if self.num_layers > 1 else ""
        direction = "bidirectional" if self.bidirectional else "backwards" if self.go_backwards else ""
        projection = f"projection-{self.projection}" if self.projection else ""
        word = "-".join(part for part in (self.cell, layers, projection, direction) if part)
        return word + (ENCODER_DECODER if self.decoder else "")

    @classmethod
    def of(cls, word: str) -> Structure:
        """Return the structure that a word is for.

        Raises:
            ValueError: if it is for none.
        """
        found = _WORD.fullmatch(word.removesuffix(ENCODER_DECODER))
        if not found:
            raise ValueError(f"{word!r} names no structure")
        return cls(
            found["cell"],
            int(found["layers"] or 1),
            bidirectional=found["direction"] == "bidirectional",
            go_backwards=found["direction"] == "backwards",
            decoder=word.endswith(ENCODER_DECODER),
            projection=int(found["projection"] or 0),
        )

    def layers(self, units: int, answer_steps: int = 0) -> tuple[Layer, ...]:
        """Return the layers.

        Args:
            units: of each layer and direction.
            answer_steps: of a decoder.
        """
        stacked = [
            Layer(
                self.cell,
                units,
                self.bidirectional,
                # What reads backwards also hands on backwards, so that the layers after it go with it.
                backwards=self.go_backwards and number == 0,
                repeats=answer_steps if self.decoder and number == self.num_layers - 1 else 0,
                projection=self.projection,
            )
            for number in range(self.num_layers)
        ]
        decoder = [Layer(self.cell, units, projection=self.projection)] if self.decoder else []
        return (*stacked, *decoder)


@dataclass(frozen=True)
class Architecture(Stack[Layer]):
    """Every fact of a network of recurrent layers and a dense one, but its weights.

    Attributes:
        outputs: of the dense layer.
        activation: of all cells, by name.
        max_value: the custom activation's ``M``.
        softmax: whether probabilities follow the dense layer; of a single output it is the sigmoid.
        linear_path: whether the inputs of the whole sequence, flattened, are added to the outputs, times a kernel.
        padding: where sequences can be shorter than ``sequence_length``: the end of an exported model's input at which
            the padding is. Empty, where all have that length.

    Raises:
        ValueError: if there is such a path to more than one answer, or of sequences of different lengths, or if what is
            ahead of the recurrent layers or behind them does not go with the rest, or if a layer reads what is not
            there yet.
    """

    outputs: int
    activation: str
    max_value: float = 1.0
    softmax: bool = False
    linear_path: bool = False
    padding: Padding = ""
    front: tuple[FrontLayer, ...] = field(default=(), kw_only=True)
    back: tuple[FrontLayer, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if self.linear_path and self.every_step:
            raise ValueError("a linear path goes to the one answer after the last step, not to an answer at every step")
        if self.linear_path and self.padding:
            raise ValueError("a linear path reads sequences of one length")
        if self.linear_path and (self.front or self.waits):
            raise ValueError("a linear path goes beside recurrent layers that are alone")
        check_surroundings(self, variable_length=self.variable_length)
        taps.check(self.reads, len(self.encoder))

    @property
    def variable_length(self) -> bool:
        """Whether sequences can be shorter than ``sequence_length``."""
        return bool(self.padding)

    @property
    def structure(self) -> Structure:
        """How the layers are stacked.

        Raises:
            ValueError: if they are not all alike, or not alone.
        """
        found = self._structure()
        if found is None:
            raise ValueError("there is no word for the structure of layers that are not all alike, or not alone")
        return found

    @property
    def alike(self) -> bool:
        """Whether all layers are, and alone, so that there is a word for their structure."""
        return self._structure() is not None

    def _structure(self) -> Structure | None:
        if self.front or self.waits:
            return None
        first, decoder = self.layers[0], bool(self.encoder)
        count = len(self.encoder) if decoder else len(self.layers)
        structure = Structure(first.cell, count, first.bidirectional, first.backwards, decoder, first.projection)
        alike = structure.layers(first.units, self.output_steps if decoder else 0) == self.layers
        return structure if alike else None

    @property
    def scopes(self) -> list[list[str]]:
        """What the names of the weights of each layer's directions begin with.

        ``rnn``, further layers ``rnn_1`` and so on; the two directions of one are ``rnn/forward`` and
        ``rnn/backward``. Those of an encoder-decoder are ``encoder``, ``encoder_1`` and so on, and ``decoder``.
        """
        found = []
        for prefix, layers in (("encoder", self.encoder), ("decoder" if self.encoder else "rnn", self.decoder)):
            for number, layer in enumerate(layers):
                name = f"{prefix}_{number}" if number else prefix
                found.append([f"{name}/{way}/" if way else f"{name}/" for way in layer.directions])
        return found

    @property
    def reading_widths(self) -> list[int]:
        """How many values each layer reads at a step, and at last what is behind them."""
        widths = {taps.INPUT: self.front_width} | {number: layer.width for number, layer in enumerate(self.layers)}
        return [*(sum(widths[made] for made in numbers) for numbers in self.reads), widths[len(self.layers) - 1]]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape of all weights, in Keras' order."""
        found: dict[str, tuple[int, ...]] = {}
        found |= front.shapes(self.front, self.sequence_length, self.features, "front")
        *read, inputs = self.reading_widths
        for layer, scopes, width in zip(self.layers, self.scopes, read, strict=True):
            for scope in scopes:
                found |= {f"{scope}{name}": shape for name, shape in layer.shapes(width).items()}
        found |= front.shapes(self.back, self.front_steps, inputs, "back")
        steps, inputs = front.extent(self.back, self.front_steps, inputs)
        inputs *= steps if self.flattened else 1
        if self.linear_path:
            found[LINEAR_KERNEL] = self.sequence_length * self.features, self.outputs
        return {**found, "output/kernel": (inputs, self.outputs), "output/bias": (self.outputs,)}

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; what does not apply is left out."""
        found = {
            **asdict(self),
            "front": [front.to_json(layer) for layer in self.front],
            "layers": [layer.to_json() for layer in self.layers],
            "back": [front.to_json(layer) for layer in self.back],
        }
        optional = ("linear_path", "padding", "front", "back", "flattened")
        return {name: fact for name, fact in found.items() if fact or name not in optional}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Architecture:
        """Return what ``to_json`` was called on."""
        around = {name: tuple(map(front.from_json, found.get(name, ()))) for name in ("front", "back")}
        layers = tuple(Layer(**{**layer, "reads": tuple(layer.get("reads", ()))}) for layer in found["layers"])
        return cls(**{**found, **around, "layers": layers})


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
