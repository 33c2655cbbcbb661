"""Long short-term memory with peepholes (Gers and Schmidhuber 2000) in integers: gates also read c."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.cells.lstm.integers import LSTMCell, quantized
from rnnexp.network.functions import Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.cell import Source


def quantize(weights: Sequence[np.ndarray], functions: Functions, ranges: Ranges, source: Source) -> LSTMCell:
    """Return the cell: kernel ``[inputs, 4 * units]``, recurrent kernel, bias, peepholes ``[3, units]``, projection."""
    kernel, recurrent, bias, peepholes, *projection = weights
    return quantized(kernel, recurrent, bias, peepholes, projection, functions, ranges, source)
