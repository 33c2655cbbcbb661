"""The architecture of a network: every fact of it but its weights, whose names and shapes follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rnnexp.network import front, taps
from rnnexp.network.front import FrontLayer
from rnnexp.network.layer import Layer
from rnnexp.network.lengths import Padding
from rnnexp.network.stack import Stack, check_surroundings
from rnnexp.network.structure import Structure

# The name of a linear path's weights.
LINEAR_KERNEL = "linear/kernel"


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
        ways = first.bidirectional, first.backwards
        structure = Structure(first.cell, count, *ways, decoder, first.projection, first.rank)
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
