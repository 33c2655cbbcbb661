"""Products of windows of frames in C: both parts of weights and both codes of values lie side by side."""

from __future__ import annotations

import numpy as np

from rnnexp.quantization.product import CODE_UNIT, Product, split


def largest_sum(product: Product, limits: np.ndarray) -> int:
    """Return a bound on a product's sums, rounding included, for values up to ``limits``."""
    sums = np.abs(product.high.astype(np.int64)) @ (CODE_UNIT * limits) + np.abs(product.bias)
    upper = np.maximum(np.abs(split(limits)[0]), np.abs(split(-limits)[0]))
    sums = sums + np.abs(product.low.astype(np.int64)) @ (CODE_UNIT * upper)
    return int(sums.max()) + (1 << (product.shift - 1))


def bias_type(product: Product) -> str:
    """Return the C type of a product's biases: with very many inputs, the zero point's share can leave int32."""
    return "int32_t" if np.abs(product.bias).max() < 2**31 else "int64_t"


def bias_bytes(product: Product) -> int:
    """Return the size of a product's biases in C."""
    return len(product.bias) * (4 if bias_type(product) == "int32_t" else 8)


def interleaved(product: Product) -> np.ndarray:
    """Return the weights ``[rows, 2 * inputs]``, both parts of each side by side."""
    return np.stack([product.high, product.low], axis=2).reshape(len(product.high), -1)
