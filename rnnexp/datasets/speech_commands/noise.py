"""Long recordings without words, of which silence is cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.preprocessing.wav import SAMPLE_RATE, UnusableClipError

# The recording that the validation part's silence is cut from; training has the others.
VALIDATION_NOISE = "running_tap.wav"
# Of the only recording, which share at its end is not to learn from.
SHARE = 0.2


def divide(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the recordings that are held out, and those to learn from; where there is but one, it is in both."""
    if len(names) < 2:
        return list(names), list(names)
    held = next((name for name in names if name.endswith(f"/{VALIDATION_NOISE}")), names[-1])
    return [held], [name for name in names if name != held]


def windows(samples: np.ndarray, part: str | None = None) -> list[np.ndarray]:
    """Cut a recording into clips of a second, one every half a second, as ``tensorflow_datasets`` does.

    Args:
        samples: ``[n]``.
        part: of a recording that is all there is, which part wants its own; None for all of it.

    Raises:
        UnusableClipError: if it is too short.
    """
    starts = range(0, len(samples) - SAMPLE_RATE, SAMPLE_RATE // 2)
    if not starts:
        raise UnusableClipError("not longer than a second")
    found = [samples[start : start + SAMPLE_RATE] for start in starts]
    if part is None:
        return found
    held = max(round(SHARE * len(found)), 1)
    # The one between shares half a second with the first that is held out.
    learned = found[: -held - 1]
    if not learned:
        raise UnusableClipError("the only recording, and not longer than two seconds, so that it cannot be divided")
    return learned if part == "train" else found[-held:]
