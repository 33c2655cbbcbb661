"""Whether a runtime gives the bits of the integers: a part of reports."""

from __future__ import annotations

from collections.abc import Sequence

from rnnexp.report.part import Part


class Bits(Part):
    """Whether a runtime gives the bits of the NumPy reference.

    Attributes:
        runtime: which.
        sequences: that were compared.
        absent: why there was no comparison.
    """

    runtime: str
    sequences: int = 0
    absent: str | None = None


def described(found: Sequence[Bits]) -> str:
    """Return in which runtimes the bits are the same, and where nobody looked."""
    equal = [f"{bits.runtime} ({bits.sequences} sequences)" for bits in found if bits.absent is None]
    absent = [f"not looked at: {bits.runtime} ({bits.absent})" for bits in found if bits.absent is not None]
    return "; ".join(["NumPy, " + ", ".join(equal), *absent])
