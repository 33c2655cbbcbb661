"""The class of the nearest sequence of the training part."""

from __future__ import annotations

import numpy as np


def nearest(x: np.ndarray, labels: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the class numbers ``[m]`` of the nearest sequences by Euclidean distance.

    Args:
        x: sequences of the training part, ``[n, numbers]``.
        labels: their class numbers, ``[n]``.
        asked: sequences to classify, ``[m, numbers]``.
    """
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1, algorithm="brute").fit(x, labels).predict(asked)


def nearest_warped(
    x: np.ndarray,
    labels: np.ndarray,
    asked: np.ndarray,
    lengths: np.ndarray | None = None,
    asked_lengths: np.ndarray | None = None,
) -> np.ndarray:
    """Return the class numbers ``[m]`` of the nearest sequences by dynamic time warping, all features warped together.

    Args:
        x: sequences of the training part, ``[n, time, features]``.
        labels: their class numbers, ``[n]``.
        asked: sequences to classify, ``[m, time, features]``.
        lengths: real steps of those of the training part, ``[n]``, before the padding; None: all.
        asked_lengths: the same of those to classify, ``[m]``.
    """
    known = x.astype(np.float32)
    ends = [None] * len(asked) if asked_lengths is None else asked_lengths
    nearest = [
        warped_distances(sequence[:end], known, lengths).argmin()
        for sequence, end in zip(asked.astype(np.float32), ends, strict=True)
    ]
    return labels[nearest]


def warped_distances(sequence: np.ndarray, others: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return the squared distances ``[n]`` of a sequence from others, by dynamic time warping of any number of steps.

    The least sum of squared differences on a path from both beginnings to both ends (Sakoe and Chiba 1978, "Dynamic
    programming algorithm optimization for spoken word recognition"). Sums are made for all others at once, along the
    diagonals of the table of steps, whose entries do not depend on each other.

    Args:
        sequence: ``[time, features]``.
        others: ``[n, time, features]``, of any length of their own.
        lengths: real steps of each of the others, ``[n]``, before the padding; None: all.
    """
    steps, others_steps = len(sequence), others.shape[1]
    # Sums by step of the sequence, counted from 1: of the last diagonal and the one before it.
    last = np.full((steps + 1, len(others)), np.inf, others.dtype)
    before = last.copy()
    before[0] = 0.0
    # Where each of the others has its end in the table.
    ends = steps - 2 + (np.full(len(others), others_steps) if lengths is None else lengths)
    found = np.empty(len(others), others.dtype)
    turned = others.transpose(1, 2, 0)[::-1]
    for diagonal in range(steps + others_steps - 1):
        first, end = max(diagonal - others_steps + 1, 0), min(diagonal + 1, steps)
        offset = others_steps - 1 - diagonal
        apart = sequence[first:end, :, None] - turned[first + offset : end + offset]
        least = np.minimum(np.minimum(last[first:end], last[first + 1 : end + 1]), before[first:end])
        sums = np.full_like(last, np.inf)
        sums[first + 1 : end + 1] = np.einsum("tfn,tfn->tn", apart, apart) + least
        before, last = last, sums
        found[ends == diagonal] = last[steps, ends == diagonal]
    return found
