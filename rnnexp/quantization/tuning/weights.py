"""The weights of a product while they are tuned: real numbers, which are rounded whenever something is computed."""

from __future__ import annotations

import numpy as np

from rnnexp.quantization.product import CODE_UNIT, RADIX, Product, split
from rnnexp.quantization.rounding import LARGEST_BIAS, LARGEST_WEIGHT, nearest_odd, with_codes


class Weights:
    """Weights and biases of a product in units of its integers.

    A weight that is 0 stays 0: of some products, columns must.

    Args:
        product: to begin with.
        center: about where the values that its columns are multiplied with lie, ``[inputs]``. A bias is that of values
            without it, so that a change of a weight does not shift the sums.

    Attributes:
        codes: weights, float64 ``[units, inputs]``.
        bias: float64 ``[units]``.
        by_codes: the gradient of the loss by the weights.
        by_bias: the same by the biases.
    """

    def __init__(self, product: Product, center: np.ndarray) -> None:
        self.product = product
        self._center = np.rint(center / RADIX)
        self._there = product.codes != 0
        self.codes = product.codes.astype(np.float64)
        self.bias = product.bias + self._share(self.codes)
        # What a unit of a weight times a unit of a value comes to, in steps of the result.
        self._unit = CODE_UNIT / RADIX * 2.0**-product.shift
        self.round()

    def _share(self, codes: np.ndarray) -> np.ndarray:
        return CODE_UNIT * (codes @ self._center)

    def round(self) -> None:
        """Take the integers next to the real numbers, and forget gradients."""
        self._rounded = np.clip(np.rint(self.codes), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        self._high, self._low = split(self._rounded)
        bias = np.clip(self.bias, -LARGEST_BIAS, LARGEST_BIAS)
        self._odd = nearest_odd(bias) - self._share(self._rounded)
        self.by_codes, self.by_bias = np.zeros_like(self.codes), np.zeros_like(self.bias)

    def made(self) -> Product:
        """Return the product of the integers."""
        return with_codes(self.product, self._rounded, self._odd)

    def forward(self, values: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
        """Return sums, before they are rounded, in steps of the result, for values ``[n, inputs]``; of some rows."""
        upper, _ = split(values)
        total = values @ self._high[rows].T + upper @ self._low[rows].T
        return (CODE_UNIT * total + self._odd[rows]) * 2.0**-self.product.shift

    def backward(self, values: np.ndarray, gradient: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
        """Return the gradient by values for one by the sums ``[n, rows]``, and add those by weights and biases."""
        gradient = gradient * self._unit
        by_codes = gradient.T @ (values - RADIX * self._center)
        self.by_codes[rows] += by_codes * self._there[rows]
        self.by_bias[rows] += gradient.sum(axis=0) * (RADIX / CODE_UNIT)
        return gradient @ self._rounded[rows]
