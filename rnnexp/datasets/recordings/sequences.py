"""Recordings cut into the sequences that a network sees, still in the data's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets.recordings.recording import Recording, Recordings
from rnnexp.preprocessing.cutting import Cutting


@dataclass(frozen=True)
class Sequences:
    """What a part of the recordings is cut into.

    Attributes:
        samples: each ``[samples, features]``, of whole time steps.
        labels: of each.
        names: of each, with the samples that it is of where it is a window.
        samples_per_step: of them that are one time step.
        too_short: recordings that gave none.
        given: samples of all recordings, and
        seen: of these, those that are in a sequence.
    """

    samples: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    samples_per_step: int
    too_short: int
    given: int
    seen: int

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def lengths(self) -> np.ndarray:
        """Samples of each, ``[n]``."""
        return np.array([len(samples) for samples in self.samples], np.int64)

    @property
    def steps(self) -> list[int]:
        """Time steps of each."""
        return [len(samples) // self.samples_per_step for samples in self.samples]

    @property
    def values(self) -> list[np.ndarray]:
        """What a network reads, each ``[time, samples_per_step * features]``."""
        return [samples.reshape(steps, -1) for samples, steps in zip(self.samples, self.steps, strict=True)]


def cut(recordings: Sequence[Recording], cutting: Cutting) -> Sequences:
    """Return the sequences of recordings."""
    found, labels, names, too_short, seen = [], [], [], 0, 0
    for recording in recordings:
        pieces = list(cutting.pieces(recording.values))
        too_short += not pieces
        end = 0
        for piece in pieces:
            whole = len(piece.values) - len(piece.values) % cutting.samples_per_step
            found.append(piece.values[:whole])
            # Windows may have samples in common.
            seen += max(piece.first + whole - max(piece.first, end), 0)
            end = piece.first + whole
            labels.append(recording.label)
            samples = f":{piece.first + 1}-{piece.first + len(piece.values)}" if cutting.window else ""
            names.append(f"{recording.name}{samples}")
    given = sum(len(recording.values) for recording in recordings)
    return Sequences(tuple(found), tuple(labels), tuple(names), cutting.samples_per_step, too_short, given, seen)


def longest_step(found: Recordings, window: int | None, steps: int) -> int:
    """Return how many samples make a time step, so that a sequence of usual length has about so many steps."""
    lengths = [len(recording.values) for recording in found.recordings]
    usual = window or float(np.median(lengths))
    together = max(round(usual / steps), 1)
    # None is left without a step.
    return min(together, window or min(lengths))
