"""What a report holds of fine-tuning: ways to get integers, what they lose, and which was kept."""

from __future__ import annotations

from pydantic import Field

from rnnexp.report.part import Part


class Way(Part):
    """One of several ways that were tried.

    Attributes:
        choice: in words.
        error: root mean squared difference of the outputs from real numbers, before any softmax.
        problem: why there is none.
    """

    choice: str
    error: float | None = None
    problem: str | None = None


class FineTuning(Part):
    """Whether integers that together lose less were looked for, and found.

    Attributes:
        skipped: why not; empty where they were.
        tried: ways to get integers, the first of them each rounded to nearest, and their errors on the sequences that
            decided.
        chosen: one of them.
        helped: whether that is another one than the first.
        fitted: sequences that were fitted to.
        judged: sequences that decided.
        held_out: whether these were others.
        untrained: why the network was not trained on in its integers; empty where it was.
    """

    skipped: str = ""
    tried: list[Way] = Field(default_factory=list)
    chosen: str = ""
    helped: bool = False
    fitted: int = 0
    judged: int = 0
    held_out: bool = True
    untrained: str = ""

    def __str__(self) -> str:
        """Return what came of it in a line."""
        if not self.tried:
            return f"not tried: {self.skipped}"
        plain, *others = (way.error or 0.0 for way in self.tried)
        change = f"{min(others) / plain:.2f} times the error" if plain else "no error either way"
        of = "it was not fitted to" if self.held_out else "it was fitted to"
        return f"{'kept' if self.helped else 'tried, not kept'}: {change} on {self.judged} sequences that {of}"
