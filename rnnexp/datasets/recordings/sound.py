"""A recording from a wav file: any rate, any number of channels, integer or float samples."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError


@dataclass(frozen=True)
class Sound:
    """What a wav file holds.

    Attributes:
        values: ``[time, channels]`` float64, in the file's own units.
        rate: samples a second.
    """

    values: np.ndarray
    rate: int


def read_wav(path: Path) -> Sound:
    """Read a wav file.

    Raises:
        UserError: if it is none, or of a kind that cannot be read, or holds nothing.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)
            # Chunks that say who made a file are not known to SciPy, which warns of them.
            warnings.filterwarnings("ignore", ".*chunk.*not understood.*", wavfile.WavFileWarning)
            rate, values = wavfile.read(path)
    except (ValueError, EOFError, wavfile.WavFileWarning, IndexError) as error:
        raise UserError(f"{path} cannot be read as a wav file: {error}") from None
    except Exception as error:  # SciPy raises struct.error, and others, for files that are cut off
        raise UserError(f"{path} cannot be read as a wav file: it is damaged ({error})") from None
    values = values.astype(np.float64)
    if not values.size:
        raise UserError(f"{path} holds no samples")
    return Sound(values if values.ndim == 2 else values[:, None], int(rate))
