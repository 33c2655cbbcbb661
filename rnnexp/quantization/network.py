"""The integer network: every number that an int8 model consists of, and nothing else.

Layers hand over 14-bit values, never int8 codes: only what comes in and what goes out is int8, or int16. Every layer
has zero states at the start of a sequence. The output layer reads the last layer's values, after the last step or at
every step:

    y = clip(multiply(output_layer, values) + output_zero_point, -128, 127)                               of 8 bits
    y = multiply(output_layer, values)                                                                   of 16 bits

Where a linear path goes beside the layers, it also reads the input codes of the whole sequence, step by step, behind
the values; as everywhere, an int8 code ``c`` is the value ``64 c``, and the codes' zero point is in the bias. An int16
code is a value itself, of 14 bits.

``rnnexp.quantization.product`` says what ``multiply`` is, ``rnnexp.quantization.arithmetic`` what cells are made of,
and ``rnnexp.quantization.reference`` computes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rnnexp.network.activations import sigmoid
from rnnexp.network.front import extent
from rnnexp.network.lengths import Padding
from rnnexp.network.stack import Stack
from rnnexp.network.taps import INPUT
from rnnexp.quantization import front
from rnnexp.quantization.cell import IntegerCell, Source, input_source
from rnnexp.quantization.front import IntegerFrontLayer
from rnnexp.quantization.probabilities import FineSigmoid, probability_codes
from rnnexp.quantization.product import CODE_UNIT, Product
from rnnexp.quantization.scales import Affine, IoBits


@dataclass(frozen=True)
class Layer:
    """One cell, or one for each direction, whose values are joined.

    Attributes:
        cells: the second one, if there are two, goes through the sequence from its end.
        backwards: whether an only one does, and gives its values in that order.
        repeats: of an encoder's last layer, how often the next layer reads its last values, and them alone; else 0.
        reads: the numbers of the layers whose values it reads, joined, as in ``Architecture``; empty: the one before.
    """

    cells: tuple[IntegerCell, ...]
    backwards: bool = False
    repeats: int = 0
    reads: tuple[int, ...] = ()

    @property
    def forward(self) -> bool:
        """Whether it reads sequences from their start alone."""
        return len(self.cells) == 1 and not self.backwards

    @property
    def scales(self) -> np.ndarray:
        """The real value of one unit of each of the layer's values."""
        return np.concatenate([np.full(cell.units, cell.states[0].scale) for cell in self.cells])


@dataclass(frozen=True)
class IntegerNetwork(Stack[Layer]):
    """A recurrent network in integers.

    Attributes:
        input: codes of the inputs.
        output: codes of the outputs before any softmax, of as many bits.
        output_layer: ``[outputs, values]``, or with a linear path ``[outputs, values + time * features]``; result in
            steps of the output.
        softmax: whether ``probabilities`` follow; of a single output it is the sigmoid, from a table.
        padding: as in ``Architecture``: where the input has it, and so outputs at every step, of which it is the zero
            point's code.
    """

    input: Affine
    output: Affine
    output_layer: Product
    softmax: bool = False
    padding: Padding = ""
    front: tuple[IntegerFrontLayer, ...] = field(default=(), kw_only=True)
    back: tuple[IntegerFrontLayer, ...] = field(default=(), kw_only=True)

    @property
    def variable_length(self) -> bool:
        """Whether sequences can be shorter than ``sequence_length``."""
        return bool(self.padding)

    @property
    def outputs(self) -> int:
        """Outputs, or classes."""
        return len(self.output_layer.high)

    @property
    def values(self) -> int:
        """How many values the output layer reads: those of the last layer, or of all its steps."""
        return len(self.output_scales)

    @property
    def output_scales(self) -> np.ndarray:
        """The real value of one unit of each of these."""
        steps = extent(self.back, self.front_steps, len(self.sources[-1].scale))[0] if self.flattened else 1
        return np.tile(self.back_sources[-1].scale, steps)

    @property
    def path_inputs(self) -> int:
        """How many input codes the linear path to the outputs reads, those of the whole sequence; 0 without a path."""
        return self.output_layer.high.shape[1] - self.values

    @property
    def io_bits(self) -> IoBits:
        """Bits of the codes that go out, and mostly of those that come in."""
        return 8 if self.output.bits == 8 else 16

    @property
    def probabilities(self) -> Affine:
        """The codes of probabilities, if there are any."""
        return probability_codes(self.io_bits, self.outputs)

    @property
    def sigmoid(self) -> np.ndarray | FineSigmoid | None:
        """What makes the probability of a single logit; None where nothing does.

        Of 8 bits, its code for each output code from -128 on, int8 ``[256]``.
        """
        if not (self.softmax and self.outputs == 1):
            return None
        if self.io_bits > 8:
            return FineSigmoid.of(self.output)
        return self.probabilities.encode(sigmoid(self.output.decode(np.arange(-128, 128))))

    @property
    def scopes(self) -> list[list[str]]:
        """What the names of each cell's tensors begin with: nothing, if there is only one."""
        found = []
        for part, layers in (("encoder/", self.encoder), ("decoder/" if self.encoder else "", self.decoder)):
            for number, layer in enumerate(layers):
                prefix = part + (f"layer_{number + 1}/" if len(layers) > 1 else "")
                ways = ["forward/", "backward/"] if len(layer.cells) > 1 else [""]
                found.append([prefix + way for way in ways])
        return found

    @property
    def sources(self) -> list[Source]:
        """What comes into each layer, and at last into what is behind them, but for the linear path."""
        given = {INPUT: self.front_sources[-1]}
        given |= {number: Source(layer.scales) for number, layer in enumerate(self.layers)}
        read = [Source.joined([given[made] for made in numbers]) for numbers in self.reads]
        return [*read, given[len(self.layers) - 1]]

    @property
    def front_sources(self) -> list[Source]:
        """What comes into each layer ahead of the recurrent ones, and at last into these."""
        return front.sources(self.front, input_source(self.input, self.features))

    @property
    def back_sources(self) -> list[Source]:
        """What comes into each layer behind the recurrent ones, and at last into the output layer."""
        return front.sources(self.back, self.sources[-1])

    @property
    def path_source(self) -> Source:
        """What comes into the output layer by the linear path."""
        return input_source(self.input, self.path_inputs)

    def real_weights(self) -> list[np.ndarray]:
        """Return the weights that the integers stand for, float64, in the order of ``Network.weights``."""
        found: list[np.ndarray] = []
        for ahead, source in zip(self.front, self.front_sources, strict=False):
            found += ahead.real_weights(source)
        for layer, source in zip(self.layers, self.sources, strict=False):
            for cell in layer.cells:
                found += cell.real_weights(source)
        for behind, source in zip(self.back, self.back_sources, strict=False):
            found += behind.real_weights(source)
        path = [self.linear_kernel.T] if self.path_inputs else []
        bias = self.output_layer.bias + CODE_UNIT * self.input.zero_point * self._path_codes.sum(axis=1)
        own = self.output_layer.codes[:, : self.values].sum(axis=1)
        bias = bias + CODE_UNIT * self.back_sources[-1].zero_point * own
        return [*found, *path, self.output_kernel.T, bias * self.output_bias_scale]

    @property
    def output_kernel(self) -> np.ndarray:
        """The real weights of the output layer, ``[outputs, values]``."""
        scales = self.output_scales
        return self.output_layer.codes[:, : self.values] * (self.output_layer.scale * scales[-1] / scales)

    @property
    def linear_kernel(self) -> np.ndarray:
        """The real weights of the linear path, ``[outputs, time * features]``; without columns where there is none."""
        return self._path_codes * self.linear_scale

    @property
    def linear_scale(self) -> float:
        """The real value of one unit of the linear path's weights."""
        return self.output_layer.scale * self.output_scales[-1] / self.input.value_scale

    @property
    def output_bias_scale(self) -> float:
        """The real value of one unit of the output layer's bias."""
        return self.output_layer.step * 2.0**-self.output_layer.shift

    @property
    def _path_codes(self) -> np.ndarray:
        return self.output_layer.codes[:, self.values :]
