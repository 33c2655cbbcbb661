"""What a network in C keeps in the struct that its caller has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """An array in the struct, or a single number.

    Attributes:
        name: in the struct.
        sizes: C names of its sizes.
        count: of its numbers.
        kind: the C type of these.
    """

    name: str
    sizes: tuple[str, ...]
    count: int
    kind: str = "int16_t"

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.count * {"int8_t": 1, "int16_t": 2, "int32_t": 4}[self.kind]

    @property
    def field(self) -> str:
        """Its line in the struct."""
        return f"{self.kind} {self.name}{''.join(f'[{size}]' for size in self.sizes)};"
