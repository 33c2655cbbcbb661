"""How the recurrent layers of a network are built, and the word for it in the names of files."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What follows the word where these layers are an encoder, and a decoder of one more layer comes after them.
ENCODER_DECODER = "-encoder-decoder"
_WORD = re.compile(r"(?P<cell>.+?)(-(?P<layers>\d+)-layers)?(-(?P<direction>bidirectional|backwards))?")


@dataclass(frozen=True)
class Structure:
    """Recurrent layers, all alike.

    Attributes:
        cell: its name in ``rnnexp.network.cells``.
        num_layers: each reading the outputs of the one before.
        bidirectional: whether each reads from both ends.
        go_backwards: whether sequences are read from their ends.
    """

    cell: str = "simple"
    num_layers: int = 1
    bidirectional: bool = False
    go_backwards: bool = False

    def __str__(self) -> str:
        """Return the word: the cell's name, and how it differs from one layer that reads forwards."""
        layers = f"{self.num_layers}-layers" if self.num_layers > 1 else ""
        direction = "bidirectional" if self.bidirectional else "backwards" if self.go_backwards else ""
        return "-".join(part for part in (self.cell, layers, direction) if part)

    @classmethod
    def of(cls, word: str) -> Structure:
        """Return the structure that a word is for."""
        found = _WORD.fullmatch(word)
        if not found:
            raise ValueError(f"{word!r} names no structure")
        return cls(
            found["cell"],
            int(found["layers"] or 1),
            bidirectional=found["direction"] == "bidirectional",
            go_backwards=found["direction"] == "backwards",
        )

    @property
    def scopes(self) -> list[str]:
        """What the names of the weights of each layer and direction begin with, as Keras has them in order."""
        layers = [f"rnn_{number}" if number else "rnn" for number in range(self.num_layers)]
        ways = ("/forward", "/backward") if self.bidirectional else ("",)
        return [f"{layer}{way}/" for layer in layers for way in ways]
