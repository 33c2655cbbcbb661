"""Weights that are rounded together: each makes up for what the rounding of those before it has cost the sums.

To nearest, every weight is off by up to half a unit, and a sum by what that comes to on the values of the day. Here the
columns of a product are rounded one after the other, those that matter most first, and what a column's rounding adds to
the sums is taken away again by the columns that are still real, as far as their values go with those of the column
(Frantar et al. 2023, "GPTQ"; Hassibi & Stork 1993, "Optimal brain surgeon"). What is left of it on the average goes
into the bias. It needs the second moments of the values alone, no gradient, and the same network comes out each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import CODE_UNIT, RADIX, Exact, Product, split
from rnnexp.quantization.products import products, with_products
from rnnexp.quantization.rounding import LARGEST_WEIGHT, with_codes
from rnnexp.quantization.tuning import simulation
from rnnexp.quantization.tuning.tape import Tape
from rnnexp.quantization.tuning.weights import Weights

# Added to the diagonal of the second moments, as a share of its mean: how much less than the data says is believed.
DAMPING = 0.01


@dataclass
class Moments:
    """What is known of the values that rows of a product are multiplied with, ``[inputs]`` each.

    Attributes:
        count: how many there were.
        total: their sum.
        upper: the sum of their upper parts.
        squares: the sum of the products of any two, ``[inputs, inputs]``.
    """

    count: int
    total: np.ndarray
    upper: np.ndarray
    squares: np.ndarray

    @classmethod
    def none(cls, inputs: int) -> Moments:
        """Return those of no values."""
        return cls(0, np.zeros(inputs), np.zeros(inputs), np.zeros((inputs, inputs)))

    def add(self, values: np.ndarray) -> None:
        """Take in values ``[n, inputs]``."""
        self.count += len(values)
        self.total += values.sum(axis=0)
        self.upper += split(values)[0].sum(axis=0)
        self.squares += values.T @ values

    @property
    def mean(self) -> np.ndarray:
        """Of the values."""
        return self.total / max(self.count, 1)

    @property
    def covariance(self) -> np.ndarray:
        """Of the values."""
        return self.squares / max(self.count, 1) - np.outer(self.mean, self.mean)


def moments(
    network: IntegerNetwork, batches: Iterable[tuple[np.ndarray, np.ndarray | None]]
) -> dict[tuple[int, int], Moments]:
    """Return what each product's rows are multiplied with, by the product's ``id`` and the first of the rows.

    Args:
        network: the integers.
        batches: codes of inputs, padded at their end, and lengths.
    """
    found: dict[tuple[int, int], Moments] = {}

    def see(product: Product, rows: slice, values: np.ndarray) -> None:
        key = id(product), rows.start or 0
        found.setdefault(key, Moments.none(values.shape[1])).add(values)

    weights = {id(product): Weights(product, np.zeros(product.high.shape[1])) for product in products(network)}
    for codes, lengths in batches:
        simulation.outputs(network, Tape(weights, see), codes, lengths)
    return found


def rounded_together(network: IntegerNetwork, seen: dict[tuple[int, int], Moments]) -> IntegerNetwork:
    """Return a network whose weights are rounded together; one that is not known exactly stays as it is.

    Args:
        network: the integers, whose products know what they were rounded from.
        seen: ``moments`` of the network.
    """
    made = {}
    for product in products(network):
        starts = sorted(start for key, start in seen if key == id(product))
        ends = [*starts[1:], len(product.high)]
        if product.exact is None or not starts:
            made[id(product)] = product
            continue
        codes, bias = product.codes.astype(np.float64), product.bias.astype(np.float64)
        for start, end in zip(starts, ends, strict=True):
            rows, known = slice(start, end), seen[id(product), start]
            codes[rows], bias[rows] = _rounded(
                Exact(product.exact.weights[rows], product.exact.bias[rows]), known, product.codes[rows] != 0
            )
        made[id(product)] = with_codes(product, codes, bias)
    return with_products(network, made)


def _rounded(exact: Exact, seen: Moments, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and real biases of rows; weights that are not there stay 0."""
    covariance = seen.covariance
    mean = float(np.mean(np.diag(covariance))) or 1.0
    covariance = covariance + DAMPING * mean * np.eye(len(covariance))
    order = np.argsort(-np.diag(covariance), kind="stable")
    # Rows of the inverse's upper factor: by how much later columns make up for an earlier one.
    factor = np.linalg.cholesky(np.linalg.inv(covariance[np.ix_(order, order)])).T
    left, present = exact.weights[:, order].copy(), there[:, order]
    codes = np.zeros_like(left)
    for column in range(left.shape[1]):
        nearest = np.clip(np.rint(left[:, column]), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        codes[:, column] = np.where(present[:, column], nearest, 0.0)
        off = np.where(present[:, column], left[:, column] - nearest, 0.0) / factor[column, column]
        left[:, column + 1 :] -= np.outer(off, factor[column, column + 1 :])
    codes[:, order] = codes.copy()
    high, low = split(codes)
    wanted = CODE_UNIT / RADIX * (exact.weights @ seen.mean) + exact.bias
    return codes, wanted - CODE_UNIT * (high @ seen.mean + low @ (seen.upper / max(seen.count, 1)))
