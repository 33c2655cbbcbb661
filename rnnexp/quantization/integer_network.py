"""Networks of several recurrent layers in integers, of any cell, in one or both directions.

Layers hand over 14-bit values, never int8 codes: only what comes in and what goes out is int8. Every layer has zero
states at the start of a sequence. The output layer reads the last layer's values, after the last step or at every step.

The first layers of an encoder-decoder, the encoder, read the whole sequence. What they come to, the context, is what
the layers after them, the decoder, read at each step of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.errors import UserError
from rnnexp.network import cells as registry
from rnnexp.network.network import FloatNetwork, batches, repeated, through
from rnnexp.quantization import reference
from rnnexp.quantization.arithmetic import Numbers, Table
from rnnexp.quantization.cell import Cell, Ranges, Source, input_source, sigmoid
from rnnexp.quantization.product import RADIX, Affine, IntegerNetwork, Product
from rnnexp.quantization.quantizer import OUTPUT_MARGIN, affine, finite, product, widened

# The codes of probabilities.
PROBABILITIES = Affine(1 / 256, -128)


@dataclass(frozen=True)
class Layer:
    """One cell, or one for each direction, whose values are joined.

    Attributes:
        cells: the second one, if there are two, goes through the sequence from its end.
        backwards: whether an only one does, and gives its values in that order.
        repeats: of an encoder's last layer, how often the next layer reads its last values, and them alone; else 0.
    """

    cells: tuple[Cell, ...]
    backwards: bool = False
    repeats: int = 0

    @property
    def forward(self) -> bool:
        """Whether it reads sequences from their start alone."""
        return len(self.cells) == 1 and not self.backwards

    @property
    def scales(self) -> np.ndarray:
        """The real value of one unit of each of the layer's values."""
        return np.concatenate([np.full(cell.units, cell.states[0].scale) for cell in self.cells])

    def run(self, values: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Return the values after every step, int64 ``[n, time, units]``; with ``last``, only the last ones count."""
        directions = [partial(_values, cell) for cell in self.cells]
        return through(directions, values, backwards=self.backwards, last=last or bool(self.repeats))[0]


def _values(cell: Cell, values: np.ndarray) -> list[np.ndarray]:
    """Return a cell's own values for those that come in, ``[n, time, ...]``, after every step."""
    numbers, found = Numbers(), []
    states: Sequence[Any] = [np.zeros((len(values), cell.units), np.int64)] * len(cell.states)
    for inputs in np.ascontiguousarray(values.transpose(1, 0, 2)):
        states = cell.step(numbers, [inputs], states)
        found.append(states[0])
    return [np.stack(found, axis=1)]


@dataclass(frozen=True)
class LayeredNetwork:
    """A recurrent network in integers.

    Attributes:
        sequence_length: time steps.
        features: inputs a time step.
        input: int8 codes of the inputs.
        output: int8 codes of the outputs before any softmax.
        layers: from the input on.
        output_layer: ``[outputs, values]``; result in steps of the output.
        every_step: whether there is an output at every step, of a decoder if there is one, or one after the last.
        softmax: whether probabilities follow, int8 with scale 1/256 and zero point -128; of a single output it is the
            sigmoid, from a table.
    """

    sequence_length: int
    features: int
    input: Affine
    output: Affine
    layers: tuple[Layer, ...]
    output_layer: Product
    every_step: bool = False
    softmax: bool = False

    @property
    def outputs(self) -> int:
        """Outputs, or classes."""
        return len(self.output_layer.high)

    @property
    def sigmoid(self) -> np.ndarray | None:
        """The probability's code for each output code from -128 on, int8 ``[256]``; None where there is no sigmoid."""
        if not (self.softmax and self.outputs == 1):
            return None
        return PROBABILITIES.encode(sigmoid(self.output.decode(np.arange(-128, 128))))

    @property
    def encoder(self) -> tuple[Layer, ...]:
        """The layers that read the whole sequence before there is an answer; none where there is no decoder."""
        return self.layers[: next((number for number, layer in enumerate(self.layers, 1) if layer.repeats), 0)]

    @property
    def decoder(self) -> tuple[Layer, ...]:
        """The layers after the encoder: all, where there is none."""
        return self.layers[len(self.encoder) :]

    @property
    def output_steps(self) -> int:
        """Steps with an output."""
        if not self.every_step:
            return 1
        return self.encoder[-1].repeats if self.encoder else self.sequence_length

    @property
    def forward(self) -> bool:
        """Whether all layers read forwards, and so can go step by step; an encoder-decoder as a whole cannot."""
        return not self.encoder and all(layer.forward for layer in self.layers)

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
        """What comes into each layer, and at last into the output layer."""
        first = input_source(self.input.scale, self.input.zero_point, self.features)
        return [first, *(Source(layer.scales) for layer in self.layers)]

    def real_weights(self) -> list[np.ndarray]:
        """Return the weights that the integers stand for, float64, in Keras' order: see ``FloatNetwork.of_keras``."""
        found = []
        for layer, source in zip(self.layers, self.sources, strict=False):
            for cell in layer.cells:
                found += cell.real_weights(source)
        return [*found, self.output_kernel.T, self.output_layer.bias * self.output_bias_scale]

    @property
    def output_kernel(self) -> np.ndarray:
        """The real weights of the output layer, ``[outputs, values]``."""
        scales = self.layers[-1].scales
        return self.output_layer.codes * (self.output_layer.scale * scales[-1] / scales)

    @property
    def output_bias_scale(self) -> float:
        """The real value of one unit of the output layer's bias."""
        return self.output_layer.step * 2.0**-self.output_layer.shift


def layered(network: IntegerNetwork | LayeredNetwork) -> LayeredNetwork:
    """Return the network in the form for any."""
    return network if isinstance(network, LayeredNetwork) else from_simple(network)


def from_simple(network: IntegerNetwork) -> LayeredNetwork:
    """Return the same network, of one simple cell, in the form for any."""
    table = Table(network.table, network.table_start, network.table_step, network.state_scale)
    return LayeredNetwork(
        sequence_length=network.sequence_length,
        features=network.features,
        input=network.input,
        output=network.output,
        layers=(Layer((SimpleCell(network.cell, table),)),),
        output_layer=network.output_layer,
        softmax=network.softmax,
    )


def run(network: LayeredNetwork, codes: np.ndarray) -> np.ndarray:
    """Return the output codes, before any softmax.

    Args:
        network: the integers.
        codes: int8 ``[n, time, features]``.

    Returns:
        int8 ``[n, outputs]``, or ``[n, time, outputs]``.
    """
    return np.concatenate(
        [_run(network, part) for part in batches(codes, max(len(layer.scales) for layer in network.layers))]
    )


def states(network: LayeredNetwork, codes: np.ndarray) -> list[np.ndarray]:
    """Return the values of each layer after every step that it takes, int64 ``[n, time, units]``."""
    values, found = codes.astype(np.int64) * RADIX, []
    for layer in network.layers:
        found.append(layer.run(values))
        values = repeated(found[-1], layer.repeats)
    return found


def context(network: LayeredNetwork, codes: np.ndarray) -> np.ndarray:
    """Return what an encoder-decoder's encoder hands over, int64 ``[n, values]``."""
    return states(network, codes)[len(network.encoder) - 1][:, -1]


def _run(network: LayeredNetwork, codes: np.ndarray) -> np.ndarray:
    values = codes.astype(np.int64) * RADIX
    for layer in network.layers:
        values = layer.run(values, last=layer is network.layers[-1] and not network.every_step)
        values = repeated(values, layer.repeats)
    if not network.every_step:
        values = values[:, -1:]
    sums = reference.multiply(network.output_layer, values.reshape(-1, values.shape[2]))
    found = np.clip(sums + network.output.zero_point, -128, 127).astype(np.int8)
    return found.reshape(len(codes), -1, network.outputs) if network.every_step else found


def quantize(
    network: FloatNetwork,
    x: np.ndarray,
    *,
    sequence_length: int,
    softmax: bool = False,
    input_range: tuple[float, float] | None = None,
) -> LayeredNetwork:
    """Quantise a network plainly, with ranges over every step of the training part ``x``.

    Args:
        network: the real numbers.
        x: ``[n, time, features]``.
        sequence_length: time steps.
        softmax: whether probabilities follow the output layer.
        input_range: the smallest and the largest input, where ``x`` is not all of the training part.

    Raises:
        UserError: if a weight or a range is not a finite number, or no float32 scale suits it.
    """
    arrays = [values for layer in network.layers for weights in layer.weights for values in weights]
    if not all(np.isfinite(values).all() for values in (*arrays, network.kernel, network.bias)):
        raise UserError("weights have values that are not finite numbers: nothing to quantise")
    # Far out, exp is infinite on the way to a finite result.
    with np.errstate(over="ignore"):
        ranges = network.ranges()
        outputs = network.run(x, ranges)
        inputs = affine(input_range or (float(x.min()), float(x.max())), "input")
        layers = _quantized(network, ranges, input_source(inputs.scale, inputs.zero_point, x.shape[2]))
    limits = finite((float(outputs.min()), float(outputs.max())), "output")
    out = affine(widened(limits, OUTPUT_MARGIN), "output")
    scales = layers[-1].scales
    scale = float(scales[-1])
    output_layer = product(network.kernel.T * (scales / scale), network.bias, scale, out.scale, 2, "output")
    return LayeredNetwork(
        sequence_length=sequence_length,
        features=x.shape[2],
        input=inputs,
        output=Affine(output_layer.step, out.zero_point),
        layers=layers,
        output_layer=output_layer,
        every_step=network.every_step,
        softmax=softmax,
    )


def _quantized(network: FloatNetwork, ranges: Sequence[Sequence[Ranges]], source: Source) -> tuple[Layer, ...]:
    """Return the layers, with what lies where in each direction of each, for what comes in from ``source``."""
    layers: list[Layer] = []
    for layer, seen in zip(network.layers, ranges, strict=True):
        cells = tuple(
            registry.load(layer.cell).integers.quantize(weights, layer.activation, lies, source)
            for weights, lies in zip(layer.weights, seen, strict=True)
        )
        layers.append(Layer(cells, layer.backwards, layer.repeats))
        source = Source(layers[-1].scales)
    return tuple(layers)
