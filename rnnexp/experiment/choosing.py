"""Which epoch of a training is kept: by an inner part of the training part, so that the held-out part is read once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.report.verdict import compare

# The last part of the training part, which chooses.
INNER_SHARE = 0.2
LEAST_INNER = 4

# Inputs, targets, and the real steps of each sequence, where they are not all.
Part = tuple[np.ndarray, np.ndarray, np.ndarray | None]


@dataclass(frozen=True)
class InnerSplit:
    """The training part in time order, divided.

    Attributes:
        learned: inputs ``[n, time, features]``, targets ``[n, outputs]`` and lengths ``[n]`` that are learned from.
        chosen_by: those after them, on which the best epoch has the least loss.
    """

    learned: Part
    chosen_by: Part

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, lengths: np.ndarray | None = None) -> InnerSplit | None:
        """Return the division of a part; None where that would leave too few."""
        inner = max(round(INNER_SHARE * len(x)), LEAST_INNER)
        if len(x) < 3 * inner:
            return None
        before, after = (None, None) if lengths is None else (lengths[:-inner], lengths[-inner:])
        return cls((x[:-inner], y[:-inner], before), (x[-inner:], y[-inner:], after))


def is_worth(y: np.ndarray, before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether predictions after training are better than those before by more than chance, at 95 %.

    What recurrent layers learn beside a linear model is little, and from few windows often only their noise.

    Args:
        y: targets that neither was trained on, ``[n, outputs]``.
        before: predictions of them.
        after: the same.
    """
    errors = (np.mean((found.astype(np.float64) - y) ** 2, axis=1) for found in (after, before))
    return compare(*errors, classes=False, overlap=y.shape[1] - 1).judgement == "better"
