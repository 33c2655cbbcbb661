"""Lines of very many points, of which fewer show what all would."""

from __future__ import annotations

import numpy as np


def extremes(values: np.ndarray, most: int) -> np.ndarray:
    """Return the numbers of the points that show what all of them would, in order.

    Of each group of neighbours they are the smallest and the largest of each line, and where values begin and end to be
    missing, so that gaps stay gaps.

    Args:
        values: ``[n]``, or lines ``[n, lines]``, NaN where there is none.
        most: how many points, about.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    lines = values.reshape(count, -1)
    width = -(-count // max(most // (2 * lines.shape[1]), 1))
    padded = np.full((-(-count // width) * width, lines.shape[1]), np.nan)
    padded[:count] = lines
    groups = padded.reshape(-1, width, lines.shape[1])
    first = np.arange(len(groups))[:, None] * width
    low = first + np.where(np.isnan(groups), np.inf, groups).argmin(axis=1)
    high = first + np.where(np.isnan(groups), -np.inf, groups).argmax(axis=1)
    edges = np.flatnonzero(np.diff(np.isnan(lines), axis=0).any(axis=1))
    found = np.unique(np.concatenate([[0, count - 1], low.ravel(), high.ravel(), edges, edges + 1]))
    return found[found < count]
