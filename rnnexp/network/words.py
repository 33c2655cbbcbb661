"""Numbers of words: which of them an embedding knows."""

from __future__ import annotations

import numpy as np

from rnnexp.errors import UserError

# As many as int32, which numbers of words are, has numbers for.
MOST_WORDS = 2**31


def check_known(x: np.ndarray, count: int, name: str) -> None:
    """Refuse numbers that are no words.

    An embedding takes the nearest of its words for them, which a framework does not.

    Args:
        x: ``[n, time]``.
        count: of the words, 0 to ``count`` - 1.
        name: of the sequences, for messages.

    Raises:
        UserError: if any is a fraction, not finite, negative, or too large.
    """
    bad = ~((x >= 0) & (x < count) & (x == np.rint(x)))
    if bad.any():
        place, step = np.argwhere(bad)[0]
        raise UserError(
            f"{name}: sequence {place} has {x[place, step]:.9g} at step {step}, and the words are whole numbers from 0 "
            f"to {count - 1}; {bad.sum()} of {bad.size} are none"
        )
