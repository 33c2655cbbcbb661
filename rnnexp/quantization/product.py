"""The integer network: every number that an int8 model consists of, and nothing else.

The arithmetic, for one sample. ``round_shift(a, s)`` is ``floor((a + 2**(s - 1)) / 2**s)``, rounding to nearest.
Everything that is multiplied with weights is a multiple of 4 and biases are odd; so accumulators are odd, no rounding
ever meets a tie, and all ways of rounding to nearest give the same bits.

A value ``v`` of the state, 14 bits, is two int8: ``v = 64 * upper + lower``. Two int16 codes are made of them: a fine
one, ``4 * v``, and a coarse one, ``4 * upper``. An input's int8 code is an ``upper`` without a ``lower``. A weight
``w``, 14 bits, is two int8, ``w = 64 * high + low``: ``high`` meets the fine code and ``low`` the coarse one. So the
sum is 1/16 of ``w @ v``, but for the products of two lower parts, which are too small to matter.

    value[t] = (64 * x[t], v[t - 1])                         inputs first, then the state; v[-1] = 0
    upper[t] = (x[t], upper of v[t - 1])
    sum      = high @ (4 * value[t]) + low @ (4 * upper[t]) + bias                              of the cell
    v[t]     = table[clip(round_shift(sum, shift), 0, len(table) - 1)]

    sum      = high @ (4 * v[last]) + low @ (4 * upper of v[last]) + bias                       of the output layer
    y        = clip(round_shift(sum, shift) + output_zero_point, -128, 127)

``round_shift`` results also saturate to int16. Weights can do without ``low``. In real numbers: the state is
``v * state_scale``; a weight is ``w * scale``; the cell's rounded sum counts steps of ``table_step`` from
``table_start``; the input's zero point is in the cell's bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A state's value is RADIX * upper + lower, a weight RADIX * high + low: the largest power of two that int8 holds.
RADIX = 64
# What weights are multiplied with is a multiple of this, so that odd biases make odd sums.
CODE_UNIT = 4


@dataclass(frozen=True)
class Affine:
    """int8 codes of real numbers: ``real = (code - zero_point) * scale``."""

    scale: float
    zero_point: int

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return int8 codes: rounded to nearest, ties to even, and clipped."""
        # In place: the inputs of a large data set are hundreds of megabytes.
        codes = np.array(values, np.float64)
        codes /= self.scale
        np.rint(codes, out=codes)
        codes += self.zero_point
        return np.clip(codes, -128, 127, out=codes).astype(np.int8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the real numbers, in float64."""
        return (np.asarray(codes, np.float64) - self.zero_point) * self.scale


@dataclass(frozen=True)
class Product:
    """A matrix product with int8 weights in one or two parts, rounded once.

    Attributes:
        high: int8 ``[units, inputs]``, the weights' upper part.
        low: int8 ``[units, inputs]``, their lower part, or None.
        bias: int64 ``[units]``, odd, within int32; counts ``2**-shift`` steps.
        shift: by how many bits the sum is shifted right.
        scale: of the weights, for values in units of the state's scale: a power of two times ``step / state scale``.
        step: the real value of one step of the result.
    """

    high: np.ndarray
    low: np.ndarray | None
    bias: np.ndarray
    shift: int
    scale: float
    step: float

    @property
    def codes(self) -> np.ndarray:
        """The weights as single integers, int64 ``[units, inputs]``, in units of ``scale``."""
        high = self.high.astype(np.int64) * RADIX
        return high if self.low is None else high + self.low


@dataclass(frozen=True)
class IntegerNetwork:
    """A simple recurrent network in integers. See the module for the arithmetic.

    Attributes:
        sequence_length: time steps.
        input: int8 codes of the inputs.
        output: int8 codes of the outputs before any softmax.
        state_scale: the real value of one unit of the state.
        cell: kernel ``[units, features + units]``, columns of the input first; result in steps of the table.
        output_layer: ``[outputs, units]``; result in steps of the output.
        table: int16, the state's values that the activation gives, from ``table_start`` on in steps of ``table_step``.
        table_start: the pre-activation of the table's first entry.
        softmax: whether probabilities follow, int8 with scale 1/256 and zero point -128.
    """

    sequence_length: int
    input: Affine
    output: Affine
    state_scale: float
    cell: Product
    output_layer: Product
    table: np.ndarray
    table_start: float
    softmax: bool

    @property
    def hidden_size(self) -> int:
        """Recurrent units."""
        return self.cell.high.shape[0]

    @property
    def features(self) -> int:
        """Inputs a time step."""
        return self.cell.high.shape[1] - self.hidden_size

    @property
    def outputs(self) -> int:
        """Outputs, or classes."""
        return self.output_layer.high.shape[0]

    @property
    def table_step(self) -> float:
        """The distance of the pre-activations of two neighbouring entries of the table."""
        return self.cell.step

    @property
    def input_kernel_scale(self) -> float:
        """Of the kernel's input columns: ``w * input_kernel_scale`` is the real weight."""
        return self.cell.scale * self.state_scale * RADIX / self.input.scale

    def real_weights(self) -> list[np.ndarray]:
        """Return the weights that the integers stand for, in float64 and in Keras' order.

        Kernel ``[features, units]``, recurrent kernel ``[units, units]``, bias, output kernel ``[units, outputs]``,
        output bias.
        """
        codes, layer = self.cell.codes, self.output_layer
        inputs, recurrent = codes[:, : self.features], codes[:, self.features :]
        bias = self.cell.bias + CODE_UNIT * self.input.zero_point * inputs.sum(axis=1)
        return [
            inputs.T * self.input_kernel_scale,
            recurrent.T * self.cell.scale,
            bias * (self.cell.step * 2.0**-self.cell.shift) + self.table_start,
            layer.codes.T * layer.scale,
            layer.bias * (layer.step * 2.0**-layer.shift),
        ]


def split(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and the lower part of integers, ``value = RADIX * upper + lower``, lower in -32..31."""
    upper = (values + RADIX // 2) // RADIX
    return upper, values - upper * RADIX
