"""A recording from a wav file: any rate, any number of channels, integer or float samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.preprocessing import riff


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
    try:
        found = riff.read(path)
        found.check_whole()
        values = found.values()
    except riff.UnusableClipError as error:
        raise UserError(f"{path} cannot be read as a wav file: {error}") from None
    return Sound(values.astype(np.float64), found.rate)
