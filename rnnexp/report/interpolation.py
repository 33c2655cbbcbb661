"""What a report holds of functions that have lines between few entries."""

from __future__ import annotations

from rnnexp.report.part import Part


class Interpolation(Part):
    """What interpolated tables cost.

    Attributes:
        added: to the figure that is measured, beside the same integers with full tables.
        means: what that figure is, in words.
        smaller: the functions that have lines between few entries.
        full: those that kept all their entries, since lines would have cost too much.
    """

    added: float
    means: str
    smaller: list[str]
    full: list[str]

    def __str__(self) -> str:
        """Return it in a line."""
        if not self.smaller:
            return "full, since lines between entries would cost too much" if self.full else "none: nothing has one"
        kept = f"; in full: {', '.join(self.full)}" if self.full else ""
        return f"interpolated, which adds {self.added:+.2g} to {self.means}{kept}"
