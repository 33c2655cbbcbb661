"""Real weights to products: to nearest, ties to even (``rint``), and clipped; then biases to the nearest odd number."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rnnexp.errors import UserError
from rnnexp.quantization.product import CODE_UNIT, RADIX, Exact, Product, split
from rnnexp.quantization.scales import checked_scale, scale_for

LARGEST_WEIGHT = 127 * RADIX
# A shift by 1 would always tie; beyond the largest, finer weights change nothing, and biases would leave int32.
SHIFTS = (2, 18)
LARGEST_BIAS = 2.0**30


def quantize_product(
    weights: np.ndarray, bias: np.ndarray, state_scale: float, step: float, name: str, *, fine: bool = False
) -> Product:
    """Quantise a matrix product.

    Args:
        weights: real ``[units, inputs]``, for values in units of ``state_scale``.
        bias: real ``[units]``.
        state_scale: the real value of one unit of what comes in.
        step: the smallest real value that a step of the result may have; it will be a little larger.
        name: of the result, for messages.
        fine: whether steps are so small that weights or biases could count too many of them: then the step is larger.

    Raises:
        UserError: if a weight is not a finite number, or no float32 scale suits the result.
    """
    if fine:
        step = max(step, _least_step(weights, bias, state_scale))
    # step = (state_scale / CODE_UNIT) * (RADIX * scale) * 2**shift must hold exactly in float32.
    base = scale_for(step / state_scale, name)
    step = checked_scale(base * state_scale, name)
    largest = float(np.abs(weights).max())
    if not math.isfinite(largest):
        raise UserError(f"weights of the {name} are too large for an int8 model")
    finest = LARGEST_WEIGHT * base * CODE_UNIT / RADIX
    exponent = math.log2(finest / largest) if largest > 0 and finest < largest * 2.0**60 else math.inf
    shift = math.floor(min(max(exponent, SHIFTS[0]), _most_shift(bias, step) if fine else SHIFTS[1]))
    scale = checked_scale(base * CODE_UNIT / RADIX * 2.0**-shift, name)
    empty = np.zeros(weights.shape, np.int8)
    return refilled(Product(empty, empty, np.zeros(len(bias), np.int64), shift, scale, step), weights, bias)


def quantize_to_values(weights: np.ndarray, scales: np.ndarray, bias: np.ndarray, scale: float, name: str) -> Product:
    """Quantise a matrix product whose results are values themselves.

    Args:
        weights: real ``[units, inputs]``.
        scales: the real value of one unit of what comes in, for each weight.
        bias: real ``[units]``.
        scale: the real value of one unit of the result; larger, if weights or biases would count too many of them.
        name: of the result, for messages.

    Raises:
        UserError: as ``quantize_product``.
    """
    while True:
        sums = quantize_product(weights * (scales / scale), bias, scale, scale, name, fine=True)
        if sums.step == scale:
            return sums
        # A step is the product of two scales, and has too many digits for others to count in it.
        scale = scale_for(sums.step, name)


def _most_shift(bias: np.ndarray, step: float) -> int:
    """Return the largest shift with which biases stay below ``LARGEST_BIAS``."""
    counts = max(float(np.abs(bias).max()) / step, LARGEST_BIAS * 2.0 ** -SHIFTS[1])
    return max(math.floor(math.log2(LARGEST_BIAS / counts)), SHIFTS[0])


def _least_step(weights: np.ndarray, bias: np.ndarray, state_scale: float) -> float:
    """Return the smallest step of which weights and biases count few enough to be kept as they are."""
    of_weights = float(np.abs(weights).max()) * state_scale * RADIX * 2.0 ** SHIFTS[0] / (LARGEST_WEIGHT * CODE_UNIT)
    return max(of_weights, float(np.abs(bias).max()) * 2.0 ** SHIFTS[0] / LARGEST_BIAS)


def refilled(product: Product, weights: np.ndarray, bias: np.ndarray) -> Product:
    """Return a product with other real weights ``[units, inputs]`` and biases, and the same scales."""
    exact = Exact(
        np.clip(weights / product.scale, -LARGEST_WEIGHT, LARGEST_WEIGHT),
        np.clip(bias / product.step * 2.0**product.shift, -LARGEST_BIAS, LARGEST_BIAS),
    )
    return replace(with_codes(product, np.rint(exact.weights), exact.bias), exact=exact)


def with_codes(product: Product, codes: np.ndarray, bias: np.ndarray) -> Product:
    """Return a product with other weights, whole numbers in units of its scale, and real biases to be made odd."""
    high, low = split(codes)
    return replace(product, high=high.astype(np.int8), low=low.astype(np.int8), bias=nearest_odd(bias).astype(np.int64))


def nearest_odd(numbers: np.ndarray) -> np.ndarray:
    """Return the odd whole numbers next to real ones."""
    return 2 * np.rint((numbers - 1) / 2) + 1


def without_zero_point(product: Product, zero_point: int | np.ndarray, inputs: slice) -> Product:
    """Return the product for input codes whose zero point has not been taken away: its share goes into the bias.

    Args:
        product: for codes without it.
        zero_point: of the codes, of all or of each.
        inputs: the columns that codes are multiplied with.
    """
    share = CODE_UNIT * (zero_point * product.codes[:, inputs]).sum(axis=1)
    exact = product.exact
    if exact is not None:
        exact = replace(exact, bias=exact.bias - CODE_UNIT * (zero_point * exact.weights[:, inputs]).sum(axis=1))
    return replace(product, bias=product.bias - share, exact=exact)
