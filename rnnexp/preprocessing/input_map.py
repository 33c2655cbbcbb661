"""Input maps: how samples in the data's own units become what a network sees, and its outputs units again.

A map is a small dictionary that goes into every report and exported file, so that whoever runs the model can follow it:

    {"kind": "none"}
    {"kind": "train", "to": 255.0, "minimum": 16.7, "range": 1510.8}       the training part's; one number or one a step
    {"kind": "window", "to": 255.0, "flat_range": 20.4}                    each sample's own; flat_range where that is 0
    {"kind": "characters", "characters": "0123456789 +"}                   texts, see ``datasets.characters``
    {"kind": "raw", ...}  {"kind": "log-mel", ...}  {"kind": "mfcc", ...}              sound, see ``datasets.features``
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# Sound, whose inputs ``datasets.features`` makes.
SOUND = ("raw", "log-mel", "mfcc")
# What samples are the network's inputs as they are; those of texts are made by ``datasets.characters``.
AS_THEY_ARE = ("none", "characters", *SOUND)
KINDS = (*AS_THEY_ARE, "train", "window")


def scaling(input_map: Mapping[str, Any], samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what to take away from samples ``[n, time]``, and what to divide them by then.

    Both are ``[n or 1, time or 1]``. Predictions of a series go back by the same: ``offset + scale * output``.

    Raises:
        KeyError: if the map lacks a number, or is of no known kind.
    """
    kind = input_map["kind"]
    if kind in AS_THEY_ARE:
        return np.zeros((1, 1)), np.ones((1, 1))
    if kind == "train":
        minimum, width = (np.atleast_2d(np.asarray(input_map[key], np.float64)) for key in ("minimum", "range"))
        return minimum, width / input_map["to"]
    if kind == "window":
        width = np.ptp(samples, axis=1, keepdims=True)
        return samples.min(axis=1, keepdims=True), np.where(width > 0, width, input_map["flat_range"]) / input_map["to"]
    raise KeyError(kind)
