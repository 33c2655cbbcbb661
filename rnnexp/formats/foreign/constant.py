"""Numbers of a foreign file that are known while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.formats.foreign.axes import Misfit

# Of one constant, read or computed.
MOST_ELEMENTS = 2**25
# Of all that a file has computed of constants and shapes.
MOST_COMPUTED = 2**27


@dataclass(frozen=True)
class Constant:
    """Numbers that are known while a file is read.

    Attributes:
        array: the numbers.
        open: which of them come from a size that the file leaves open, in the same shape.
    """

    array: np.ndarray
    open: np.ndarray

    @staticmethod
    def of(array: Any, is_open: Any = False) -> Constant:
        """Return a constant; ``is_open`` is broadcast to its shape."""
        array = np.asarray(array)
        return Constant(array, np.broadcast_to(np.asarray(is_open, bool), array.shape))

    def fixed(self) -> np.ndarray:
        """Return the numbers.

        Raises:
            Misfit: if they depend on an open size.
        """
        if self.open.any():
            raise Misfit("a number in it depends on the number of steps or sequences, which the file leaves open")
        return self.array

    def integers(self) -> list[int]:
        """Return whole numbers, also those that come from open sizes, of a scalar or a row.

        Raises:
            Misfit: if they are others.
        """
        if self.array.dtype.kind not in "iu" or self.array.ndim > 1:
            raise Misfit("whole numbers are expected, and other constants given")
        return [int(number) for number in self.array.reshape(-1)]
