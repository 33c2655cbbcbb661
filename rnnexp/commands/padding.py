"""Samples of different lengths as models take them: the real steps of each first, and then padding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from rnnexp.commands.windows import Samples
from rnnexp.errors import UserError
from rnnexp.network.lengths import at_the_start
from rnnexp.network.masking import Masking


def filled(samples: Samples, steps: int, path: Path) -> Samples:
    """Return samples of as many steps as the model takes, with the last real one of each repeated.

    Whatever is in the padding, that is as good as any for whoever scales a sample by its values.

    Args:
        samples: with padding at the end, if they have lengths.
        steps: of the model.
        path: of their file, for messages.

    Raises:
        UserError: if they are shorter, and have no lengths.
    """
    x, lengths = samples.values, samples.lengths
    if lengths is None:
        if x.shape[1] != steps:
            raise UserError(
                f"{path} has sequences of {x.shape[1]} steps, and the model takes {steps}: shorter ones have lengths"
            )
        return samples
    places = np.minimum(np.arange(steps), lengths[:, None] - 1)
    places = places.reshape(*places.shape, *[1] * (x.ndim - 2))
    return replace(samples, values=np.take_along_axis(x, places, axis=1))


def masked(samples: Samples, value: float, steps: int, path: Path) -> Samples:
    """Return samples of as many steps as the model takes, and lengths: those that the model's mask says.

    Args:
        samples: with padding at the end or at the beginning of all of them.
        value: of the mask.
        steps: of the model.
        path: of their file, for messages.

    Raises:
        UserError: if the mask says no length of one of them, or another one than they have.
    """
    x = samples.values
    lengths, padding = Masking(value).lengths(x, samples.lengths, str(path))
    padded = np.full((len(x), steps, *x.shape[2:]), value)
    padded[:, : x.shape[1]] = at_the_start(x, lengths, padding)
    return replace(samples, values=padded, lengths=lengths)
