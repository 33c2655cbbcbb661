"""The integer network inside training: its exact arithmetic forward, the float network's gradient backward.

All integers are float64, which holds them exactly, since XLA multiplies matrices of floats faster than of integers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.cells.simple.layer import scan
from rnnexp.layers.activation import TENSOR_ACTIVATIONS
from rnnexp.layers.lengths import last
from rnnexp.layers.loops import FUSED_UNITS, product
from rnnexp.network.activations import state_scale
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product
from rnnexp.quantization.quantizer import output_rows
from rnnexp.quantization.rounding import LARGEST_WEIGHT, refilled, without_zero_point
from rnnexp.training.unit_scale import UnitScale


def with_weights(integers: IntegerNetwork, network: Network) -> IntegerNetwork:
    """Return an integer network of one simple cell with other real weights, and the same scales and function."""
    cell, source = _only_cell(integers), integers.sources[0]
    recurrent = network.weights[: len(cell.real_weights(source))]
    rows = output_rows(network, integers.layers[-1].scales, integers.input)
    output = refilled(integers.output_layer, rows, network.bias)
    return replace(
        integers,
        layers=(Layer((cell.with_weights(recurrent, source),)),),
        output_layer=without_zero_point(output, integers.input.zero_point, slice(integers.values, None)),
    )


def _only_cell(integers: IntegerNetwork) -> SimpleCell:
    """Return the only cell of a network; ``rnnexp.training.fine_tuning.is_supported`` tells whether it is one."""
    cell = integers.layers[0].cells[0]
    assert isinstance(cell, SimpleCell)
    return cell


class SimulatedNetwork(keras.layers.Layer):
    """A network that computes as ``integers`` would with this layer's weights, its scales kept as they are.

    Args:
        integers: scales, shifts and table.
        architecture: of the network.
        unit: between training and the user's numbers.

    Input: ``[batch, time, features]`` at unit scale, and lengths, if sequences have any; output: ``[batch, outputs]``
    at unit scale, or probabilities. The weights are those of ``rnnexp.training.model.trainable``, in the same order.
    """

    def __init__(self, integers: IntegerNetwork, architecture: Architecture, unit: UnitScale) -> None:
        super().__init__()
        self.integers, self.architecture, self.unit = integers, architecture, unit
        self.cell = _only_cell(integers)
        shapes = architecture.shapes.values()
        self.values = [self.add_weight(shape=shape, name=f"weight_{n}") for n, shape in enumerate(shapes)]

    def call(self, inputs: tf.Tensor, lengths: tf.Tensor | None = None) -> tf.Tensor:
        """Return the outputs as the integers give them, after all steps or ``lengths``, int32 ``[batch]``, of them."""
        affine, cell, source = self.integers.input, self.cell, self.integers.sources[0]
        value_scale, sums = cell.states[0].scale, cell.sums
        features = self.architecture.features
        unit = state_scale(self.architecture.activation, self.architecture.max_value)
        weights = [tf.cast(value.value, tf.float64) for value in self.values]
        folded = self.unit.fold(self.architecture, weights, tf.reduce_sum)
        kernel, recurrent, bias, *path, out_kernel, out_bias = folded

        x = tf.cast(inputs, tf.float64) * self.unit.inputs
        codes = tf.round(x / affine.scale) + affine.zero_point
        codes = tf.clip_by_value(codes, float(affine.lowest), float(affine.highest))
        both = _weight_codes(tf.concat([kernel * (source.scale[0] / value_scale), recurrent], axis=0), sums)
        bias_code = _bias_code(bias - cell.blocks[0].start, sums)
        values = affine.unit * (codes - affine.zero_point)
        states = value_scale * self._states(values, both, bias_code)

        # From here on what the gradient goes through: the float network with the rounded weights.
        kernel = _through(kernel, both[:features] * (sums.scale * value_scale / source.scale[0]))
        recurrent = _through(recurrent, both[features:] * sums.scale)
        real_x = (codes - affine.zero_point) * affine.scale
        real = scan(
            _float32(tf.transpose(real_x, (1, 0, 2))),
            _float32(kernel / unit),
            _float32(recurrent),
            _float32(bias / unit),
            TENSOR_ACTIVATIONS[self.architecture.activation],
            every_step=lengths is not None,
            states=_float32(states / unit),
        )
        if lengths is not None:
            real, exact = (last(tf.transpose(values, (1, 0, 2)), lengths) for values in (real, states))
        else:
            exact = states[-1]
        state = _through(tf.cast(real, tf.float64) * unit, exact)
        added = [self._linear(values, path_kernel) for path_kernel in path]
        return self._output(state, out_kernel, out_bias, added)

    def _states(self, inputs: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        """Return the integer states ``[time, batch, units]`` for values ``[batch, time, features]``."""
        features, units, shift = self.architecture.features, self.cell.units, self.cell.sums.shift
        high, low = _split(weights)
        from_inputs = CODE_UNIT * _sums(tf.transpose(inputs, (1, 0, 2)), weights[:features]) + bias
        batch_last = units <= FUSED_UNITS
        if batch_last:
            from_inputs = tf.linalg.matrix_transpose(from_inputs)

        def step(i: tf.Tensor, state: tf.Tensor, written: tf.TensorArray) -> Any:
            upper, _ = _split(state)
            total = product(state, high[features:], batch_last=batch_last)
            total += product(upper, low[features:], batch_last=batch_last)
            state = _function(self.cell, _round_shift(CODE_UNIT * total + from_inputs[i], shift))
            return i + 1, state, written.write(i, state)

        steps = inputs.shape[1]
        array = tf.TensorArray(tf.float64, steps, element_shape=from_inputs.shape[1:])
        loop = (0, tf.zeros_like(from_inputs[0]), array)
        *_, array = tf.while_loop(lambda i, *_: i < steps, step, loop, maximum_iterations=steps)
        states = tf.stop_gradient(array.stack())
        return tf.linalg.matrix_transpose(states) if batch_last else states

    def _linear(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what the linear path adds to the output layer's sums, and to its real outputs."""
        layer, scale = self.integers.output_layer, self.integers.input.value_scale
        unit = self.integers.linear_scale
        weights = _weight_codes(kernel * (layer.scale / unit), layer)
        flat = tf.reshape(inputs, (-1, self.integers.path_inputs))
        return CODE_UNIT * _sums(flat, weights), scale * flat @ _through(kernel, weights * unit)

    def _output(
        self, state: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, added: list[tuple[tf.Tensor, tf.Tensor]]
    ) -> tf.Tensor:
        """Return the outputs at unit scale, or probabilities.

        Args:
            state: the last one, ``[batch, units]``, in real numbers.
            kernel: of the output layer.
            bias: of the output layer.
            added: to the integer sums, and to the real outputs.
        """
        layer, output = self.integers.output_layer, self.integers.output
        weights = _weight_codes(kernel, layer)
        value = tf.stop_gradient(tf.round(state / self.cell.states[0].scale))
        total = CODE_UNIT * _sums(value, weights) + _bias_code(bias, layer) + sum(sums for sums, _ in added)
        codes = _round_shift(total, layer.shift) + output.zero_point
        codes = tf.clip_by_value(codes, float(output.lowest), float(output.highest))
        real = (codes - output.zero_point) * output.scale
        smooth = state @ _through(kernel, weights * layer.scale) + bias + sum(outputs for _, outputs in added)
        result = _through(smooth, real)
        if self.integers.softmax:
            return tf.nn.softmax(_float32(result))
        return _float32(result / self.unit.outputs)


def _function(cell: SimpleCell, sums: tf.Tensor) -> tf.Tensor:
    """Return the values of sums."""
    if cell.cut:
        return tf.clip_by_value(sums, float(cell.cut.low), float(cell.cut.high))
    (table,) = cell.tables
    places = tf.clip_by_value(sums, 0.0, float(len(table.values) - 1))
    return tf.gather(tf.constant(table.values, tf.float64), tf.cast(places, tf.int32))


def _weight_codes(weights: tf.Tensor, layer: Product) -> tf.Tensor:
    """Return the integers of weights ``[inputs, units]`` that are in units of the state's scale."""
    return tf.clip_by_value(tf.round(weights / layer.scale), -float(LARGEST_WEIGHT), float(LARGEST_WEIGHT))


def _sums(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return values ``[..., inputs]`` times integer weights ``[inputs, units]``, as a ``Product`` has it."""
    high, low = _split(weights)
    return tf.tensordot(values, high, 1) + tf.tensordot(_split(values)[0], low, 1)


def _bias_code(bias: tf.Tensor, layer: Product) -> tf.Tensor:
    """Return the odd integers of a bias, without any input's zero point."""
    counts = bias / layer.step * 2.0**layer.shift
    return 2.0 * tf.round((counts - 1.0) / 2.0) + 1.0


def _split(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the upper and the lower part of integers."""
    upper = tf.floor((values + RADIX // 2) / RADIX)
    return upper, values - upper * RADIX


def _round_shift(values: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.floor((values + 2.0 ** (bits - 1)) / 2.0**bits)


def _through(real: tf.Tensor, rounded: tf.Tensor) -> tf.Tensor:
    """Return ``rounded`` with the gradient of ``real``: the straight-through estimate."""
    return real + tf.stop_gradient(rounded - real)


def _float32(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(values, tf.float32)
