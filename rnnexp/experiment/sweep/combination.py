"""A combination of a sweep's values, with what its seeds came to; and the best of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rnnexp.experiment.sweep.outcome import Failure, Outcome
from rnnexp.experiment.sweep.space import Point, Value


@dataclass(frozen=True)
class Combination:
    """A combination, and what its seeds have come to so far.

    Attributes:
        number: of the combination.
        point: setting -> value.
        results: seed -> what it came to.
    """

    number: int
    point: dict[str, Value]
    results: dict[int, Outcome | Failure]

    @property
    def outcomes(self) -> dict[int, Outcome]:
        """Those of seeds that came to something."""
        return {seed: found for seed, found in self.results.items() if isinstance(found, Outcome)}

    @property
    def failures(self) -> dict[int, Failure]:
        """Those of the others."""
        return {seed: found for seed, found in self.results.items() if isinstance(found, Failure)}


@dataclass(frozen=True)
class Chosen:
    """The best trial.

    Attributes:
        number: of the best combination: of the least mean of the first objective, on the validation part.
        point: setting -> value.
        seed: of its best trial.
    """

    number: int
    point: Point
    seed: int


def distinct(combinations: Sequence[Combination]) -> list[Combination]:
    """Return each combination once: samplers of few choices repeat themselves, and one that failed is made anew.

    Of these it is the last one, in the place of the first.
    """
    found: dict[str, Combination] = {}
    for combination in combinations:
        found[json.dumps(combination.point, sort_keys=True)] = combination
    return list(found.values())
