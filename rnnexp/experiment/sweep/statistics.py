"""What trials say together: means over seeds with their intervals, differences, the best, the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.experiment.sweep.combination import Chosen, Combination
from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.outcome import error_of, objective_of
from rnnexp.experiment.sweep.space import Point

CONFIDENCE = 0.95
# What tables and figures have of each trial: all objectives there are.
MEASURES = ("float32", "error", "gap", "flash")


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds.

    Attributes:
        count: of seeds.
        mean: over them.
        sd: their standard deviation, with ``count - 1``; None of one seed.
        half_width: of the 95 % interval around the mean, by Student's t; None of one seed.
    """

    count: int
    mean: float
    sd: float | None = None
    half_width: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """Return that of some values, at least one."""
        count, mean = len(values), float(np.mean(values))
        if count < 2:
            return cls(count, mean)
        from scipy.stats import t

        sd = float(np.std(values, ddof=1))
        return cls(count, mean, sd, float(t.ppf((1 + CONFIDENCE) / 2, count - 1)) * sd / count**0.5)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the 95 % interval; None of one seed."""
        return None if self.half_width is None else (self.mean - self.half_width, self.mean + self.half_width)


@dataclass(frozen=True)
class Summary:
    """What a combination came to over its seeds.

    Attributes:
        number: of the combination.
        point: setting -> value.
        estimates: measure -> over seeds; empty where none came to anything.
        difference: of the error from the default combination's, seed by seed; None for that one itself, or if no seed
            came to something in both.
        failures: seed -> why it came to nothing.
        baselines: name -> error on the same data, the mean over seeds.
        on_front: whether no other combination is as good in all objectives and better in one.
    """

    number: int
    point: Point
    estimates: Mapping[str, Estimate]
    difference: Estimate | None
    failures: Mapping[int, str]
    baselines: Mapping[str, float]
    on_front: bool = False


@dataclass(frozen=True)
class Statistics:
    """What all trials say together.

    Attributes:
        summaries: by combination.
        default: the number of the combination that the others are compared with; None if there is none.
        chosen: the best; None where nothing came to anything.
    """

    summaries: list[Summary]
    default: int | None
    chosen: Chosen | None

    @property
    def baselines(self) -> Mapping[str, float]:
        """Those of all combinations; none where the data differ between these, so that each has its own."""
        found = [summary.baselines for summary in self.summaries if summary.estimates]
        return found[0] if found and all(other == found[0] for other in found) else {}


def summarize(
    definition: Definition,
    combinations: Sequence[Combination],
    baselines: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
) -> Statistics:
    """Return what trials say together.

    Args:
        definition: of the sweep.
        combinations: with what their seeds came to.
        baselines: key of the data -> name -> metrics.
    """
    task = definition.task
    default = next((found for found in combinations if found.point == definition.default), None)
    measured = {
        found.number: {
            measure: {seed: objective_of(measure, task, outcome) for seed, outcome in found.outcomes.items()}
            for measure in MEASURES
        }
        for found in combinations
    }
    front = _front(
        {
            number: [float(np.mean(list(values[name].values()))) for name in definition.objectives]
            for number, values in measured.items()
            if values["error"]
        }
    )
    summaries = []
    for found in combinations:
        values = measured[found.number]
        difference = None
        if default is not None and found is not default:
            before = measured[default.number]["error"]
            paired = [value - before[seed] for seed, value in values["error"].items() if seed in before]
            difference = Estimate.of(paired) if paired else None
        summaries.append(
            Summary(
                found.number,
                found.point,
                {name: Estimate.of(list(own.values())) for name, own in values.items() if own},
                difference,
                {seed: failure.message for seed, failure in found.failures.items()},
                _baselines(definition.task, found, baselines or {}),
                on_front=found.number in front,
            )
        )
    chosen = _choose(definition, combinations, measured)
    return Statistics(summaries, default.number if default else None, chosen)


def _baselines(
    task: str, combination: Combination, known: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> dict[str, float]:
    """Return the baselines' errors on a combination's data, the means over its seeds."""
    errors: dict[str, list[float]] = {}
    for outcome in combination.outcomes.values():
        for name, metrics in known.get(outcome.data, {}).items():
            if "accuracy" in metrics or "rmse" in metrics:
                errors.setdefault(name, []).append(error_of(task, metrics))
    return {name: float(np.mean(values)) for name, values in errors.items()}


def _choose(
    definition: Definition,
    combinations: Sequence[Combination],
    measured: Mapping[int, Mapping[str, Mapping[int, float]]],
) -> Chosen | None:
    """Return the best trial: of combinations that failed with no seed, if there are any."""
    first = definition.objectives[0]
    there = [found for found in combinations if found.outcomes]
    whole = [found for found in there if len(found.outcomes) == len(definition.seeds)]
    if not there:
        return None
    best = min(whole or there, key=lambda found: float(np.mean(list(measured[found.number][first].values()))))
    own = measured[best.number][first]
    return Chosen(best.number, best.point, min(own, key=lambda seed: own[seed]))


def _front(values: Mapping[int, Sequence[float]]) -> set[int]:
    """Return the numbers of what nothing else dominates."""

    def dominated(number: int) -> bool:
        own = np.array(values[number])
        others = (np.array(other) for other in values.values())
        return any(bool((other <= own).all() and (other < own).any()) for other in others)

    return {number for number in values if not dominated(number)}
