"""Plain post-training quantisation: float weights and ranges to an integer network.

Rounding: weights, biases, table entries and codes to nearest, ties to even (``rint``), and clipped to their range; then
biases to the nearest odd integer. Scales are rounded *up* to 12 significant bits, so that products of two of them are
exact in float32 and all ratios in the model are exact powers of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnexp.errors import UserError
from rnnexp.quantization.network import CODE_UNIT, RADIX, Affine, IntegerNetwork, Product, split

TABLE_SIZE = 2048
# Within this, the state's upper part is an int8 and its codes are int16.
LARGEST_STATE = 127 * RADIX
LARGEST_WEIGHT = 127 * RADIX
# How far table and output codes go beyond the values given, as a share of their range: for data that was not seen.
TABLE_MARGIN = 0.1
OUTPUT_MARGIN = 0.05
SCALE_BITS = 12
# A shift by 1 would always tie; beyond the largest, finer weights change nothing, and biases would leave int32.
SHIFTS = (2, 18)
LARGEST_BIAS = 2.0**30

Activation = Callable[[np.ndarray], np.ndarray]

WEIGHT_NAMES = ("input kernel", "recurrent kernel", "bias", "output kernel", "output bias")


@dataclass(frozen=True)
class Ranges:
    """The smallest and largest value that the float network has of each, in the user's numbers.

    The state's range follows from the activation.
    """

    input: tuple[float, float]
    pre_activation: tuple[float, float]
    output: tuple[float, float]


def quantize(
    weights: Sequence[np.ndarray],
    activation: Activation,
    ranges: Ranges,
    *,
    sequence_length: int,
    softmax: bool = False,
    parts: int = 2,
) -> IntegerNetwork:
    """Quantise a simple recurrent network.

    Args:
        weights: kernel ``[features, units]``, recurrent kernel ``[units, units]``, bias, output kernel
            ``[units, outputs]``, output bias, as Keras orders them.
        activation: pre-activations -> states, monotonic, in NumPy.
        ranges: of the float network, over the training part.
        sequence_length: time steps.
        softmax: whether probabilities follow the output layer.
        parts: int8 numbers a weight, 1 or 2.

    Raises:
        UserError: if a weight or a range is not a finite number, or no float32 scale suits it.
    """
    activation = _quiet(activation)
    for name, values in zip(WEIGHT_NAMES, weights, strict=True):
        if not np.isfinite(values).all():
            raise UserError(f"the {name} has values that are not finite numbers: nothing to quantise")
    kernel, recurrent, bias, out_kernel, out_bias = (np.asarray(values, np.float64) for values in weights)
    inputs = affine(ranges.input, "input")
    outputs = affine(widened(finite(ranges.output, "output"), OUTPUT_MARGIN), "output")
    start, end = active_part(activation, widened(finite(ranges.pre_activation, "pre-activation"), TABLE_MARGIN))
    peak = float(np.abs(activation(np.linspace(start, end, TABLE_SIZE))).max())
    # A state that is always 0 can have any scale.
    state_scale = scale_for((peak or 1.0) / LARGEST_STATE, "state")

    # An input's value is RADIX times its code.
    both = np.concatenate([kernel * (inputs.scale / RADIX / state_scale), recurrent]).T
    cell = product(both, bias - start, state_scale, (end - start) / (TABLE_SIZE - 1), parts, "pre-activation")
    cell = without_zero_point(cell, inputs.zero_point, len(kernel))
    # The step was rounded up: the table ends a little later.
    entries = np.rint(activation(start + cell.step * np.arange(TABLE_SIZE)) / state_scale)

    output_layer = product(out_kernel.T, out_bias, state_scale, outputs.scale, parts, "output")
    return IntegerNetwork(
        sequence_length=sequence_length,
        input=inputs,
        output=Affine(output_layer.step, outputs.zero_point),
        state_scale=state_scale,
        cell=cell,
        output_layer=output_layer,
        table=np.clip(entries, -LARGEST_STATE, LARGEST_STATE).astype(np.int16),
        table_start=start,
        softmax=softmax,
    )


def product(weights: np.ndarray, bias: np.ndarray, state_scale: float, step: float, parts: int, name: str) -> Product:
    """Quantise a matrix product.

    Args:
        weights: real ``[units, inputs]``, for values in units of ``state_scale``.
        bias: real ``[units]``.
        state_scale: the real value of one unit of what comes in.
        step: the smallest real value that a step of the result may have; it will be a little larger.
        parts: int8 numbers a weight, 1 or 2.
        name: of the result, for messages.

    Raises:
        UserError: if a weight is not a finite number, or no float32 scale suits the result.
    """
    # step = (state_scale / CODE_UNIT) * (RADIX * scale) * 2**shift must hold exactly in float32.
    base = scale_for(step / state_scale, name)
    step = checked_scale(base * state_scale, name)
    largest = float(np.abs(weights).max())
    if not math.isfinite(largest):
        raise UserError(f"weights of the {name} are too large for an int8 model")
    finest = LARGEST_WEIGHT * base * CODE_UNIT / RADIX
    exponent = math.log2(finest / largest) if largest > 0 and finest < largest * 2.0**60 else math.inf
    shift = math.floor(min(max(exponent, SHIFTS[0]), SHIFTS[1]))
    scale = checked_scale(base * CODE_UNIT / RADIX * 2.0**-shift, name)
    empty = np.zeros(weights.shape, np.int8)
    scales = Product(empty, empty if parts == 2 else None, np.zeros(len(bias), np.int64), shift, scale, step)
    return _filled(scales, weights, bias)


def with_weights(network: IntegerNetwork, weights: Sequence[np.ndarray]) -> IntegerNetwork:
    """Return the network with other float weights, in Keras' order, and the same scales, shifts and table."""
    kernel, recurrent, bias, out_kernel, out_bias = (np.asarray(values, np.float64) for values in weights)
    both = np.concatenate([kernel * (network.input.scale / RADIX / network.state_scale), recurrent]).T
    cell = _filled(network.cell, both, bias - network.table_start)
    return replace(
        network,
        cell=without_zero_point(cell, network.input.zero_point, len(kernel)),
        output_layer=_filled(network.output_layer, out_kernel.T, out_bias),
    )


def _filled(scales: Product, weights: np.ndarray, bias: np.ndarray) -> Product:
    """Return a product with the integers of real weights ``[units, inputs]`` and biases, in the scales of another."""
    codes = np.clip(np.rint(weights / scales.scale), -LARGEST_WEIGHT, LARGEST_WEIGHT)
    high, low = split(codes) if scales.low is not None else (np.rint(codes / RADIX), None)
    counts = np.clip(bias / scales.step * 2.0**scales.shift, -LARGEST_BIAS, LARGEST_BIAS)
    odd = 2 * np.rint((counts - 1) / 2) + 1
    return replace(
        scales,
        high=high.astype(np.int8),
        low=None if low is None else low.astype(np.int8),
        bias=odd.astype(np.int64),
    )


def without_zero_point(cell: Product, zero_point: int, features: int) -> Product:
    """Return the cell for input codes whose zero point has not been taken away: its share goes into the bias."""
    share = zero_point * CODE_UNIT * cell.codes[:, :features].sum(axis=1)
    return replace(cell, bias=cell.bias - share)


def affine(limits: tuple[float, float], name: str) -> Affine:
    """Return the int8 codes that cover a range and 0, which is always a code.

    Raises:
        UserError: if the range is not finite.
    """
    low, high = finite(limits, name)
    low, high = min(low, 0.0), max(high, 0.0)
    scale = scale_for((high - low or 1.0) / 255, name)
    return Affine(scale, int(np.clip(np.rint(-128 - low / scale), -128, 127)))


def scale_for(value: float, name: str) -> float:
    """Return the smallest scale with ``SCALE_BITS`` significant bits that is not below ``value``.

    Raises:
        UserError: if there is none in float32.
    """
    mantissa, exponent = math.frexp(value) if math.isfinite(value) else (math.nan, 0)
    if not mantissa > 0:
        raise UserError(f"the {name} has no usable scale: {value:g}")
    return checked_scale(math.ldexp(math.ceil(math.ldexp(mantissa, SCALE_BITS)), exponent - SCALE_BITS), name)


def checked_scale(scale: float, name: str) -> float:
    """Return the scale, if float32 holds it as a normal positive number.

    Raises:
        UserError: if not.
    """
    limits = np.finfo(np.float32)
    if not float(limits.tiny) <= scale <= float(limits.max):
        raise UserError(f"the range of the {name} is too large or too small for an int8 model: its scale is {scale:g}")
    return scale


def active_part(
    activation: Activation, limits: tuple[float, float], levels: int = LARGEST_STATE
) -> tuple[float, float]:
    """Return the part of a range outside of which the activation does not change by half a ``levels``-th of its peak.

    The table spends its entries there. The ends are outside by up to a thousandth of the part's width. The part has a
    width if the range has one: where the activation is that flat all over, it is the range.
    """
    start, end = limits
    while True:
        grid = np.linspace(start, end, 4096)
        states = activation(grid)
        tolerance = np.abs(states).max() / (2 * levels)
        differs_from_start = np.flatnonzero(np.abs(states - states[0]) > tolerance)
        differs_from_end = np.flatnonzero(np.abs(states - states[-1]) > tolerance)
        if not len(differs_from_start) or not len(differs_from_end):
            return start, end
        new_start = grid[max(differs_from_start[0] - 1, 0)]
        new_end = grid[min(differs_from_end[-1] + 1, len(grid) - 1)]
        # What changes by less than twice the tolerance is half-way within it of both ends: no part is left to cut out.
        if new_end <= new_start:
            return start, end
        shrunk = (new_end - new_start) < 0.5 * (end - start)
        start, end = float(new_start), float(new_end)
        # A part that was small on the grid was found roughly: look again.
        if not shrunk:
            return start, end


def _quiet(activation: Activation) -> Activation:
    """Return the activation without warnings of overflow: far out, exp is infinite on the way to a finite result."""

    def evaluate(values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.asarray(activation(values), np.float64)

    return evaluate


def finite(limits: tuple[float, float], name: str) -> tuple[float, float]:
    """Return a range, if it is one.

    Raises:
        UserError: if not.
    """
    low, high = (float(limit) for limit in limits)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise UserError(f"the range of the {name} is not finite: {low:g} to {high:g}")
    return low, high


def widened(limits: tuple[float, float], margin: float) -> tuple[float, float]:
    """Return the range with a margin on both sides, and never without any width.

    Raises:
        UserError: if float64 does not hold it.
    """
    low, high = limits
    width = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-20)
    start, end = low - margin * width, high + margin * width
    if not math.isfinite(end - start):
        raise UserError(f"a range is too large for an int8 model: {low:g} to {high:g}")
    return start, end
