"""The part of a report on a network that listens without a break: words found, words missed, false alarms."""

from __future__ import annotations

from collections.abc import Sequence

from rnnexp.report.part import Part

# Of a table of detections.
HEADINGS = (
    "words found",
    "taken for another word",
    "other words taken for one",
    "false alarms an hour, in pauses",
    "false alarms an hour, noise",
)


class Detections(Part):
    """What a network made of minutes of sound.

    Attributes:
        found: the share of words that were heard as what they are.
        confused: the share of words that were heard as another.
        others_taken: the share of words that are not asked for that were heard as one that is; absent without any.
        false_alarms_in_pauses: where somebody speaks, in the pauses, an hour of sound.
        false_alarms_per_hour: in noise without any speech.
    """

    found: float
    confused: float
    others_taken: float | None = None
    false_alarms_in_pauses: float
    false_alarms_per_hour: float

    @property
    def cells(self) -> list[str]:
        """What tables have of it, under ``HEADINGS``."""
        taken = "-" if self.others_taken is None else f"{self.others_taken:.3f}"
        alarms = (f"{count:.1f}" for count in (self.false_alarms_in_pauses, self.false_alarms_per_hour))
        return [f"{self.found:.3f}", f"{self.confused:.3f}", taken, *alarms]


class Threshold(Part):
    """What the validation part says of a threshold."""

    threshold: float
    detections: Detections


class Listening(Part):
    """Words in streams of sound, with a state that is carried all the time.

    Attributes:
        threshold: that was chosen: of those with at most ``limit`` false alarms an hour of the validation part's noise,
            the one with the most words found.
        limit: the same.
        words: in the evaluation part's streams.
        other_words: that are not asked for.
        speech_minutes: of these streams.
        noise_minutes: of noise without any speech.
        models: kind of the model -> what it came to, at that threshold.
        thresholds: what else could have been chosen, and what the trained network finds by it in the validation part.
    """

    threshold: float
    limit: float
    words: int
    other_words: int
    speech_minutes: float
    noise_minutes: float
    models: dict[str, Detections]
    thresholds: list[Threshold]

    @property
    def heard(self) -> str:
        """What was listened to, for people to read."""
        others = f" and {self.other_words:,} others" if self.other_words else ""
        return (
            f"{self.words:,} words{others} in {minutes(self.speech_minutes)} minutes of speech, and "
            f"{minutes(self.noise_minutes)} minutes of noise"
        )

    def summary(self) -> list[str]:
        """Return what came out, a line for each model."""
        return [
            f"{kind} listening to {self.heard}: {made.found:.3f} of the words found, "
            f"{made.false_alarms_per_hour:.1f} false alarms an hour of noise"
            for kind, made in self.models.items()
        ]


def minutes(count: float) -> str:
    """Return how many minutes there are, for people to read."""
    return f"{count:.0f}" if count >= 10 else f"{count:.1f}"


def in_markdown(listening: Listening) -> list[str]:
    """Return the section on it."""
    heard = listening.heard
    return [
        "## Listening without a break",
        "",
        f"{heard[0].upper()}{heard[1:]}, of the test part, run by the models of one time step, whose state is carried "
        "from the beginning to the end. A word is heard where the mean of its probability passes "
        f"{listening.threshold:g}: of the thresholds with at most {listening.limit:g} false alarms an hour of other "
        "noise, the one by which most words of the validation part are found.",
        "",
        *_table("model", [[kind, *made.cells] for kind, made in listening.models.items()]),
        "What other thresholds come to, by the trained network on the validation part:",
        "",
        *_table("threshold", [[f"{each.threshold:g}", *each.detections.cells] for each in listening.thresholds]),
    ]


def _table(first: str, rows: Sequence[Sequence[str]]) -> list[str]:
    headings = [first, *HEADINGS]
    return [
        *(f"| {' | '.join(cells)} |" for cells in (headings, ["---"] * len(headings), *rows)),
        "",
    ]
