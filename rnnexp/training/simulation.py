"""The integer network inside training: its exact arithmetic forward, the float network's gradient backward.

All integers are float64, which holds them exactly, since XLA multiplies matrices of floats faster than of integers.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.cells.simple.layer import scan
from rnnexp.layers.activation import TENSOR_ACTIVATIONS
from rnnexp.layers.lengths import last
from rnnexp.layers.loops import FUSED_UNITS, product
from rnnexp.network.activations import state_scale
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network
from rnnexp.quantization.cut import Cut
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


class _ProductNumbers:
    """What a product's scales are in a program: variables, so that it serves other integers as well."""

    def __init__(self) -> None:
        self.scale, self.step, self.power = _number(), _number(), _number()

    def set(self, product: Product) -> None:
        """Take those of a product; ``power`` is what its results are divided by."""
        self.scale.assign(product.scale)
        self.step.assign(product.step)
        self.power.assign(2.0**product.shift)


class _Numbers:
    """The same of a network with one simple cell.

    Args:
        places: how many entries its table has; 0 where it only cuts off.
    """

    def __init__(self, places: int) -> None:
        self.input_scale, self.input_zero_point, self.source_scale = _number(), _number(), _number()
        self.output_scale, self.output_zero_point, self.linear_scale = _number(), _number(), _number()
        self.value_scale, self.start = _number(), _number()
        self.lowest, self.highest = _number(), _number()
        self.table = tf.Variable(np.zeros(places), trainable=False, dtype=tf.float64)
        self.sums, self.output_layer = _ProductNumbers(), _ProductNumbers()

    def set(self, integers: IntegerNetwork) -> None:
        """Take those of a network."""
        cell = _only_cell(integers)
        self.input_scale.assign(integers.input.scale)
        self.input_zero_point.assign(integers.input.zero_point)
        self.source_scale.assign(integers.sources[0].scale[0])
        self.output_scale.assign(integers.output.scale)
        self.output_zero_point.assign(integers.output.zero_point)
        self.linear_scale.assign(integers.linear_scale)
        self.value_scale.assign(cell.states[0].scale)
        self.start.assign(cell.blocks[0].start)
        if isinstance(cell.activation, Cut):
            lowest, highest = cell.activation.low, cell.activation.high
        else:
            lowest, highest = 0, _places(cell) - 1
            self.table.assign(cell.activation.values.astype("float64"))
        self.lowest.assign(lowest)
        self.highest.assign(highest)
        self.sums.set(cell.sums)
        self.output_layer.set(integers.output_layer)


def _places(cell: SimpleCell) -> int:
    """Return how many entries a cell has in tables."""
    return sum(len(table.values) for table in cell.tables)


def _number() -> Any:
    return tf.Variable(1.0, trainable=False, dtype=tf.float64)


class SimulatedNetwork(keras.layers.Layer):
    """A network that computes as ``integers`` would with this layer's weights, its scales kept as they are.

    Args:
        integers: scales, shifts and table or cut.
        architecture: of the network.
        unit: between training and the user's numbers.

    Input: ``[batch, time, features]`` at unit scale, and lengths, if sequences have any; output: ``[batch, outputs]``
    at unit scale, or probabilities. The weights are those of ``rnnexp.training.model.trainable``, in the same order.
    """

    def __init__(self, integers: IntegerNetwork, architecture: Architecture, unit: UnitScale) -> None:
        super().__init__()
        self.architecture = architecture
        self.unit = UnitScale(*(_number() for _ in fields(UnitScale)))
        self.softmax, self.path_inputs = integers.softmax, integers.path_inputs
        self.input_form, self.output_form = type(integers.input), type(integers.output)
        self.numbers = _Numbers(_places(_only_cell(integers)))
        self.set(integers, unit)
        shapes = architecture.shapes.values()
        self.values = [self.add_weight(shape=shape, name=f"weight_{n}") for n, shape in enumerate(shapes)]

    @property
    def form(self) -> Hashable:
        """What of it is in a compiled program; all else are variables."""
        return self.architecture, self.softmax, self.input_form, self.output_form, self.numbers.table.shape[0]

    def set(self, integers: IntegerNetwork, unit: UnitScale) -> None:
        """Compute as other integers of the same form would from now on, in programs that are compiled as well."""
        self.numbers.set(integers)
        for field in fields(UnitScale):
            getattr(self.unit, field.name).assign(getattr(unit, field.name))

    def call(self, inputs: tf.Tensor, lengths: tf.Tensor | None = None) -> tf.Tensor:
        """Return the outputs as the integers give them, after all steps or ``lengths``, int32 ``[batch]``, of them."""
        numbers, form = self.numbers, self.input_form
        sums, value_scale, zero_point = numbers.sums, numbers.value_scale, numbers.input_zero_point
        source_scale = numbers.source_scale
        features = self.architecture.features
        unit = state_scale(self.architecture.activation, self.architecture.max_value)
        weights = [tf.cast(value.value, tf.float64) for value in self.values]
        folded = self.unit.fold(self.architecture, weights, tf.reduce_sum)
        kernel, recurrent, bias, *path, out_kernel, out_bias = folded

        x = tf.cast(inputs, tf.float64) * self.unit.inputs
        codes = tf.round(x / numbers.input_scale) + zero_point
        codes = tf.clip_by_value(codes, float(form.lowest), float(form.highest))
        both = _weight_codes(tf.concat([kernel * (source_scale / value_scale), recurrent], axis=0), sums)
        bias_code = _bias_code(bias - numbers.start, sums)
        values = form.unit * (codes - zero_point)
        states = value_scale * self._states(values, both, bias_code)

        # From here on what the gradient goes through: the float network with the rounded weights.
        kernel = _through(kernel, both[:features] * (sums.scale * value_scale / source_scale))
        recurrent = _through(recurrent, both[features:] * sums.scale)
        real_x = (codes - zero_point) * numbers.input_scale
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
        features, units, power = self.architecture.features, self.architecture.layers[0].units, self.numbers.sums.power
        table, lowest, highest = (
            variable.read_value() for variable in (self.numbers.table, self.numbers.lowest, self.numbers.highest)
        )
        high, low = _split(weights)
        from_inputs = CODE_UNIT * _sums(tf.transpose(inputs, (1, 0, 2)), weights[:features]) + bias
        batch_last = units <= FUSED_UNITS
        if batch_last:
            from_inputs = tf.linalg.matrix_transpose(from_inputs)

        def step(i: tf.Tensor, state: tf.Tensor, written: tf.TensorArray) -> Any:
            upper, _ = _split(state)
            total = product(state, high[features:], batch_last=batch_last)
            total += product(upper, low[features:], batch_last=batch_last)
            state = tf.clip_by_value(_round_shift(CODE_UNIT * total + from_inputs[i], power), lowest, highest)
            if table.shape[0]:
                state = tf.gather(table, tf.cast(state, tf.int32))
            return i + 1, state, written.write(i, state)

        steps = inputs.shape[1]
        array = tf.TensorArray(tf.float64, steps, element_shape=from_inputs.shape[1:])
        loop = (0, tf.zeros_like(from_inputs[0]), array)
        *_, array = tf.while_loop(lambda i, *_: i < steps, step, loop, maximum_iterations=steps)
        states = tf.stop_gradient(array.stack())
        return tf.linalg.matrix_transpose(states) if batch_last else states

    def _linear(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what the linear path adds to the output layer's sums, and to its real outputs."""
        layer, unit = self.numbers.output_layer, self.numbers.linear_scale
        weights = _weight_codes(kernel * (layer.scale / unit), layer)
        flat = tf.reshape(inputs, (-1, self.path_inputs))
        return CODE_UNIT * _sums(flat, weights), self.numbers.input_scale / self.input_form.unit * flat @ _through(
            kernel, weights * unit
        )

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
        numbers, form = self.numbers, self.output_form
        layer = numbers.output_layer
        weights = _weight_codes(kernel, layer)
        value = tf.stop_gradient(tf.round(state / numbers.value_scale))
        total = CODE_UNIT * _sums(value, weights) + _bias_code(bias, layer) + sum(sums for sums, _ in added)
        codes = _round_shift(total, layer.power) + numbers.output_zero_point
        codes = tf.clip_by_value(codes, float(form.lowest), float(form.highest))
        real = (codes - numbers.output_zero_point) * numbers.output_scale
        smooth = state @ _through(kernel, weights * layer.scale) + bias + sum(outputs for _, outputs in added)
        result = _through(smooth, real)
        if self.softmax:
            return tf.nn.softmax(_float32(result))
        return _float32(result / self.unit.outputs)


def _weight_codes(weights: tf.Tensor, layer: _ProductNumbers) -> tf.Tensor:
    """Return the integers of weights ``[inputs, units]`` that are in units of the state's scale."""
    return tf.clip_by_value(tf.round(weights / layer.scale), -float(LARGEST_WEIGHT), float(LARGEST_WEIGHT))


def _sums(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Return values ``[..., inputs]`` times integer weights ``[inputs, units]``, as a ``Product`` has it."""
    high, low = _split(weights)
    return tf.tensordot(values, high, 1) + tf.tensordot(_split(values)[0], low, 1)


def _bias_code(bias: tf.Tensor, layer: _ProductNumbers) -> tf.Tensor:
    """Return the odd integers of a bias, without any input's zero point."""
    counts = bias / layer.step * layer.power
    return 2.0 * tf.round((counts - 1.0) / 2.0) + 1.0


def _split(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the upper and the lower part of integers."""
    upper = tf.floor((values + RADIX // 2) / RADIX)
    return upper, values - upper * RADIX


def _round_shift(values: tf.Tensor, power: tf.Variable) -> tf.Tensor:
    return tf.floor((values + power / 2.0) / power)


def _through(real: tf.Tensor, rounded: tf.Tensor) -> tf.Tensor:
    """Return ``rounded`` with the gradient of ``real``: the straight-through estimate."""
    return real + tf.stop_gradient(rounded - real)


def _float32(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(values, tf.float32)
