"""From the probabilities of a network that listens without a break to the words that it has heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

# Seconds: of the moving mean; from where it passes the threshold, for how long a larger one may still come; and from
# one detection to the next, at least.
SMOOTHED, WAITED, QUIET = 0.24, 0.28, 0.75

Steps = Annotated[int, Field(ge=0, le=1 << 20, strict=True)]


@dataclass(frozen=True)
class Detection:
    """A word that was heard.

    Attributes:
        step: at which its mean probability was largest.
        number: of its class.
        probability: that mean.
    """

    step: int
    number: int
    probability: float


class Detector(BaseModel):
    """When probabilities make a word.

    The mean of the last steps of each class is looked at. Where that of some word passes the threshold, the largest of
    all words' within the next steps is the word that was heard. Then there is none for a while, and not the same one
    before its mean has fallen below the threshold. ``rnnexp.formats.c.listening`` has the same in C, step by step.

    Attributes:
        threshold: of the mean probability.
        smoothed: steps that the mean is of.
        waited: steps in which a larger one may still come.
        quiet: steps from one word to the next, at least.
        background: the class of what is no word; None: there is none.
        others: the class of words that are not asked for: heard, and not told of; None: there is none.
        steps_a_second: of the network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Annotated[float, Field(gt=0, le=1)]
    smoothed: Annotated[int, Field(ge=1, le=1 << 20, strict=True)]
    waited: Steps
    quiet: Steps
    background: Steps | None = None
    others: Steps | None = None
    steps_a_second: Annotated[float, Field(gt=0, allow_inf_nan=False)]

    @classmethod
    def of(cls, threshold: float, steps_a_second: float, background: int | None, others: int | None) -> Detector:
        """Return what suits words of up to a second."""
        smoothed, waited, quiet = (round(seconds * steps_a_second) for seconds in (SMOOTHED, WAITED, QUIET))
        return cls(
            threshold=threshold,
            smoothed=max(smoothed, 1),
            waited=waited,
            quiet=quiet,
            background=background,
            others=others,
            steps_a_second=steps_a_second,
        )

    def detect(self, probabilities: np.ndarray) -> list[Detection]:
        """Return what is heard, other words too; what is not decided at the end is not.

        Args:
            probabilities: ``[time, classes]``.
        """
        means = self._means(probabilities)
        if self.background is not None:
            means[:, self.background] = 0.0
        found, free = [], 0
        # Words that were heard and have not ended: class -> step.
        lasting: dict[int, int] = {}
        for passed in np.flatnonzero(means.max(axis=1, initial=0.0) >= self.threshold):
            if passed < free:
                continue
            if passed + self.waited >= len(means):
                # A larger one may still come.
                break
            lasting = {
                number: begin
                for number, begin in lasting.items()
                if (means[begin : passed + 1, number] >= self.threshold).all()
            }
            window = means[passed : passed + self.waited + 1].copy()
            window[:, [*lasting]] = 0.0
            if window[0].max() < self.threshold:
                continue
            step, number = map(int, np.unravel_index(window.argmax(), window.shape))
            step += int(passed)
            found.append(Detection(step, number, float(means[step, number])))
            # What never ends cannot go back to what came before a word was told of.
            free, lasting[number] = max(step + self.quiet, int(passed) + self.waited + 1), step
        return found

    def words(self, probabilities: np.ndarray) -> list[Detection]:
        """Return what is heard of the words that are asked for."""
        return [detection for detection in self.detect(probabilities) if detection.number != self.others]

    def _means(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the means of the last steps, ``[time, classes]``, before which there was silence."""
        sums = np.cumsum(np.pad(probabilities.astype(np.float64), ((self.smoothed, 0), (0, 0))), axis=0)
        return (sums[self.smoothed :] - sums[: -self.smoothed]) / self.smoothed

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self.model_dump(mode="json", exclude_none=True)


def parse(found: Any) -> Detector:
    """Return what ``to_json`` gave.

    Raises:
        ValueError: if it is none.
    """
    return Detector.model_validate(found)
