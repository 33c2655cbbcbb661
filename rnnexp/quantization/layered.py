"""Networks of several recurrent layers in integers, of any cell, in one or both directions.

Layers hand over 14-bit values, never int8 codes: only what comes in and what goes out is int8. Every layer has zero
states at the start of a sequence. The output layer reads the last layer's values, after the last step or at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.quantization import reference
from rnnexp.quantization.arithmetic import Numbers, Table
from rnnexp.quantization.cells import CELLS
from rnnexp.quantization.cells.cell import Cell, Ranges, Source, input_source
from rnnexp.quantization.cells.simple import SimpleCell
from rnnexp.quantization.float_network import FloatNetwork, through
from rnnexp.quantization.network import RADIX, Affine, IntegerNetwork, Product
from rnnexp.quantization.quantizer import OUTPUT_MARGIN, affine, finite, product, widened


@dataclass(frozen=True)
class Layer:
    """One cell, or one for each direction, whose values are joined.

    Attributes:
        cells: the second one, if there are two, goes through the sequence from its end.
        backwards: whether an only one does, and gives its values in that order.
    """

    cells: tuple[Cell, ...]
    backwards: bool = False

    @property
    def scales(self) -> np.ndarray:
        """The real value of one unit of each of the layer's values."""
        return np.concatenate([np.full(cell.units, cell.states[0].scale) for cell in self.cells])

    def run(self, values: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Return the values after every step, int64 ``[n, time, units]``; with ``last``, only the last ones count."""
        return through([partial(_states, cell) for cell in self.cells], values, backwards=self.backwards, last=last)


def _states(cell: Cell, values: np.ndarray) -> np.ndarray:
    """Return a cell's own values for those that come in, ``[n, time, ...]``, after every step."""
    numbers, found = Numbers(), []
    states: Sequence[Any] = [np.zeros((len(values), cell.units), np.int64)] * len(cell.states)
    for time in range(values.shape[1]):
        states = cell.step(numbers, [values[:, time]], states)
        found.append(states[0])
    return np.stack(found, axis=1)


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
        every_step: whether there is an output at every step, or one after the last.
        softmax: whether probabilities follow, int8 with scale 1/256 and zero point -128.
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
    values = codes.astype(np.int64) * RADIX
    for layer in network.layers:
        values = layer.run(values, last=layer is network.layers[-1] and not network.every_step)
    if not network.every_step:
        values = values[:, -1:]
    sums = reference.multiply(network.output_layer, values.reshape(-1, values.shape[2]))
    found = np.clip(sums + network.output.zero_point, -128, 127).astype(np.int8)
    return found.reshape(len(codes), -1, network.outputs) if network.every_step else found


def quantize(network: FloatNetwork, x: np.ndarray, *, sequence_length: int, softmax: bool = False) -> LayeredNetwork:
    """Quantise a network plainly, with ranges over every step of the training part ``x``.

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
        inputs = affine((float(x.min()), float(x.max())), "input")
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
            CELLS[layer.cell].quantize(weights, layer.activation, lies, source)
            for weights, lies in zip(layer.weights, seen, strict=True)
        )
        layers.append(Layer(cells, layer.backwards))
        source = Source(layers[-1].scales)
    return tuple(layers)
