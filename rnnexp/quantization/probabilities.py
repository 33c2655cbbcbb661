"""What makes probabilities of logits: codes, and of a single logit of 16 bits its sigmoid from a table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnexp.network.activations import sigmoid
from rnnexp.quantization.product import round_shift
from rnnexp.quantization.scales import Affine, IoBits, WordCodes
from rnnexp.quantization.tables import ONE, Places, Table

# Entries of the table, half of them for logits below 0.
SIZE = 4096
# Beyond this, the sigmoid is 0 or 1 to the last unit of the table.
LARGEST_LOGIT = math.log(2 * ONE)


def probability_codes(io_bits: IoBits, outputs: int) -> Affine:
    """Return the codes of probabilities: those that SOFTMAX has, and of a single output the table's."""
    if io_bits == 8:
        return Affine(1 / 256, -128)
    return WordCodes(1 / ONE if outputs == 1 else 2.0**-15, 0)


@dataclass(frozen=True)
class FineSigmoid:
    """The sigmoid of int16 logits: ``table[clip(round_shift(logit, shift) + SIZE / 2, 0, SIZE - 1)]``.

    Attributes:
        shift: logits between two entries, as a power of two.
        table: probabilities, in units of ``1 / ONE``.
    """

    shift: int
    table: Table

    @classmethod
    def of(cls, logits: Affine) -> FineSigmoid:
        """Return the one with the most entries where logits change anything."""
        largest = min(LARGEST_LOGIT, logits.scale * 2.0**15)
        shift = max(math.ceil(math.log2(largest / (logits.scale * SIZE / 2))), 1)
        step = logits.scale * 2.0**shift
        return cls(shift, Places(-step * SIZE / 2, step, SIZE).gates(sigmoid))

    def run(self, logits: np.ndarray) -> np.ndarray:
        """Return the probabilities' codes for those of logits, int16."""
        places = round_shift(logits.astype(np.int64), self.shift) + SIZE // 2
        return self.table.values[np.clip(places, 0, SIZE - 1)]
