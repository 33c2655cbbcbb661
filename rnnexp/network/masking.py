"""Padding that sequences say themselves: steps of which all numbers are the mask's value, as Keras has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network.lengths import Padding


@dataclass(frozen=True)
class Masking:
    """Which steps are padding: those of which all inputs are ``value``; words, where the input is words."""

    value: float = 0.0

    def lengths(self, x: np.ndarray, given: np.ndarray | None, name: str) -> tuple[np.ndarray, Padding]:
        """Return the real steps of sequences, ``[n]``, and at which end of all of them the padding is.

        Args:
            x: ``[n, time, features]``, or words ``[n, time]``.
            given: lengths that the user says, if any.
            name: of the sequences, for messages.

        Raises:
            UserError: if a sequence is all padding, or has some in its middle, or as many real steps as ``given`` says
                not.
        """
        if x.ndim == 2:
            there = x != self.value
        else:
            # In float32, as the framework compares.
            with np.errstate(over="ignore"):
                there = np.any(x.astype(np.float32) != np.float32(self.value), axis=2)
        counts, time = there.sum(axis=1), np.arange(x.shape[1])
        if given is not None and np.any(given != counts):
            place = int(np.argmax(given != counts))
            raise UserError(
                f"{name}: sequence {place} has length {given[place]}, and {counts[place]} steps that the model does "
                f"not mask ({self.value:g}): leave out lengths, the mask says them"
            )
        if np.any(counts == 0):
            raise UserError(f"{name}: sequence {int(np.argmin(counts))} is all padding ({self.value:g})")
        if np.array_equal(there, time < counts[:, None]):
            return counts, "end"
        if np.array_equal(there, time >= x.shape[1] - counts[:, None]):
            return counts, "begin"
        place, step = np.argwhere(there != (time < counts[:, None]))[0]
        raise UserError(
            f"{name}: sequence {place} has padding ({self.value:g}) in its middle, at step {step}: the network skips "
            "it, which no microcontroller file does; leave such steps out"
        )
