"""The values of layers for those that read them later: each layer reads the one before, or those that it names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# What stands for the network's input among the numbers of layers.
INPUT = -1


class Taps:
    """Values ``[n, time, ...]`` by the number of their layer, as long as a later layer reads them.

    Args:
        reads: for each layer the numbers of those whose values it reads, joined.
        inputs: the network's.
    """

    def __init__(self, reads: Sequence[Sequence[int]], inputs: np.ndarray) -> None:
        self._reads, self._made = reads, {INPUT: inputs}
        self._last = {made: number for number, numbers in enumerate(reads) for made in numbers}

    def read(self, number: int) -> np.ndarray:
        """Return what a layer reads."""
        found = [self._made[made] for made in self._reads[number]]
        for made in [made for made in self._made if self._last.get(made, INPUT) <= number]:
            del self._made[made]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=2)

    def keep(self, number: int, values: np.ndarray) -> None:
        """Take in what a layer gives."""
        if self._last.get(number, INPUT) > number:
            self._made[number] = values


def check(reads: Sequence[Sequence[int]], encoder: int) -> None:
    """Check what layers read, of which the first ``encoder`` ones read the whole sequence before the others.

    Raises:
        ValueError: if a layer reads one that comes later, or a decoder more of its encoder than the context.
    """
    for number, numbers in enumerate(reads):
        first = encoder - 1 if number >= encoder else INPUT
        if not all(first <= made < number for made in numbers):
            raise ValueError(
                f"layer {number} cannot read the layers {list(numbers)}: it can read {first} to {number - 1}"
            )
