"""Where in a clip somebody speaks."""

from __future__ import annotations

import numpy as np

from rnnexp.preprocessing.wav import SAMPLE_RATE

# Loudness is looked at in pieces of 10 ms, the mean of three of them.
PIECE = SAMPLE_RATE // 100
SMOOTHED = 3
# Speech is louder than this times what the quietest of all pieces are below, and than this share of the loudest piece;
# in clips as noisy as the word, the second share is all that is asked for.
QUIET_PERCENTILE, OVER_QUIET, OF_LOUDEST, MOST_OF_LOUDEST = 15, 2.5, 0.08, 0.5


def spoken(clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where speech begins in each clip, and where it has ended, in samples, ``[n]`` each.

    Args:
        clips: int16 ``[n, samples]``, whole pieces; of a silent one all is speech.
    """
    pieces = np.sqrt(np.square(clips.reshape(len(clips), -1, PIECE), dtype=np.float32).mean(axis=2))
    padded = np.pad(pieces, ((0, 0), (SMOOTHED // 2, SMOOTHED // 2)))
    loudness = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED, axis=1).mean(axis=2)
    loudest = loudness.max(axis=1)
    quiet = np.percentile(loudness, QUIET_PERCENTILE, axis=1)
    limit = np.minimum(np.maximum(OVER_QUIET * quiet, OF_LOUDEST * loudest), MOST_OF_LOUDEST * loudest)
    speech = loudness >= limit[:, None]
    begin, left = speech.argmax(axis=1), speech[:, ::-1].argmax(axis=1)
    return begin * PIECE, (speech.shape[1] - left) * PIECE
