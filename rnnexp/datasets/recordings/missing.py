"""Values that are missing in a recording: filled in, in time, between those that are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.datasets.recordings.recording import Recording
from rnnexp.errors import UserError


def filled(recording: Recording, where: str) -> Recording:
    """Return a recording whose missing values are on the line between their neighbours, or like the nearest one.

    Args:
        recording: the recording.
        where: it is from, for messages.

    Raises:
        UserError: if a feature has no value at all.
    """
    absent = np.isnan(recording.values)
    if not absent.any():
        return recording
    values, time = recording.values.copy(), np.arange(len(recording.values))
    for feature in np.flatnonzero(absent.any(axis=0)):
        there = ~absent[:, feature]
        if not there.any():
            raise UserError(
                f"{where}: feature {feature + 1} has no value at all; leave that recording out, "
                "or that feature, by INPUTS"
            )
        values[:, feature] = np.interp(time, time[there], values[there, feature])
    return replace(recording, values=values)
