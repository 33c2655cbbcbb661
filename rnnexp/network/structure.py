"""How layers are stacked that are all alike, in a word such as ``lstm-2-layers-bidirectional``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rnnexp.network.layer import Layer

# What follows the word of a structure where its layers are an encoder, and a decoder of one more layer comes after.
ENCODER_DECODER = "-encoder-decoder"
_WORD = re.compile(
    r"(?P<cell>.+?)(-(?P<layers>\d+)-layers)?(-projection-(?P<projection>\d+))?(-rank-(?P<rank>\d+))?"
    r"(-(?P<direction>bidirectional|backwards))?"
)


@dataclass(frozen=True)
class Structure:
    """How layers are stacked that are all alike.

    Attributes:
        cell: its name in ``rnnexp.network.cells``.
        num_layers: each reading the outputs of the one before.
        bidirectional: whether each reads from both ends.
        go_backwards: whether sequences are read from their ends.
        decoder: whether these layers are an encoder, and a decoder of one layer comes after them.
        projection: how many values a product makes of each layer's units; 0 where these are the values.
        rank: of kernels that are the product of two; 0 where none is.
    """

    cell: str = "simple"
    num_layers: int = 1
    bidirectional: bool = False
    go_backwards: bool = False
    decoder: bool = False
    projection: int = 0
    rank: int = 0

    def __str__(self) -> str:
        """Return the word for it: the cell's name, and how it differs from one layer that reads forwards."""
        layers = f"{self.num_layers}-layers" if self.num_layers > 1 else ""
        direction = "bidirectional" if self.bidirectional else "backwards" if self.go_backwards else ""
        projection = f"projection-{self.projection}" if self.projection else ""
        rank = f"rank-{self.rank}" if self.rank else ""
        word = "-".join(part for part in (self.cell, layers, projection, rank, direction) if part)
        return word + (ENCODER_DECODER if self.decoder else "")

    @classmethod
    def of(cls, word: str) -> Structure:
        """Return the structure that a word is for.

        Raises:
            ValueError: if it is for none.
        """
        found = _WORD.fullmatch(word.removesuffix(ENCODER_DECODER))
        if not found:
            raise ValueError(f"{word!r} names no structure")
        return cls(
            found["cell"],
            int(found["layers"] or 1),
            bidirectional=found["direction"] == "bidirectional",
            go_backwards=found["direction"] == "backwards",
            decoder=word.endswith(ENCODER_DECODER),
            projection=int(found["projection"] or 0),
            rank=int(found["rank"] or 0),
        )

    def layers(self, units: int, answer_steps: int = 0) -> tuple[Layer, ...]:
        """Return the layers.

        Args:
            units: of each layer and direction.
            answer_steps: of a decoder.
        """
        stacked = [
            Layer(
                self.cell,
                units,
                self.bidirectional,
                # What reads backwards also hands on backwards, so that the layers after it go with it.
                backwards=self.go_backwards and number == 0,
                repeats=answer_steps if self.decoder and number == self.num_layers - 1 else 0,
                projection=self.projection,
                rank=self.rank,
            )
            for number in range(self.num_layers)
        ]
        decoder = [Layer(self.cell, units, projection=self.projection, rank=self.rank)] if self.decoder else []
        return (*stacked, *decoder)
