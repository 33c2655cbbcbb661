"""Means, intervals, differences and the best, against formulas written out."""

import numpy as np
import pytest
from helpers.sweeps import definition, outcome

from rnnexp.experiment.sweep.combination import Combination
from rnnexp.experiment.sweep.outcome import Failure
from rnnexp.experiment.sweep.statistics import Estimate, summarize

# Of Student's t with 2 and 4 degrees of freedom, from a printed table.
T2, T4 = 4.3027, 2.7764


def combinations(**errors):
    """activation -> errors of its seeds, None for a failure."""
    return [
        Combination(
            number,
            {"activation": name},
            {seed: Failure("no") if error is None else outcome(error) for seed, error in enumerate(values)},
        )
        for number, (name, values) in enumerate(errors.items())
    ]


def test_a_mean_with_its_interval():
    found = Estimate.of([1.0, 2.0, 4.0])
    assert (found.count, found.mean) == (3, pytest.approx(7 / 3))
    assert found.sd == pytest.approx(np.sqrt(((4 / 3) ** 2 + (1 / 3) ** 2 + (5 / 3) ** 2) / 2))
    assert found.half_width == pytest.approx(T2 * found.sd / np.sqrt(3), rel=1e-4)


def test_one_seed_has_no_interval():
    assert Estimate.of([1.0]) == Estimate(1, 1.0, None, None)
    assert Estimate.of([1.0]).interval is None


def test_intervals_hold_the_truth_in_95_of_100_cases():
    random = np.random.default_rng(0)
    inside = sum(
        low <= 0 <= high for low, high in (Estimate.of(list(random.normal(size=5))).interval for _ in range(2000))
    )
    assert inside / 2000 == pytest.approx(0.95, abs=0.015)


def test_differences_are_paired_by_seed():
    """Seeds differ much, the two combinations little: unpaired nothing would be seen."""
    tanh = [1.0, 2.0, 3.0, 4.0, 5.0]
    relu = [0.89, 1.91, 2.9, 3.88, 4.92]
    found = summarize(definition(seeds=range(5)), combinations(tanh=tanh, relu=relu))
    base, other = found.summaries
    assert found.default == 0
    assert base.difference is None
    differences = np.subtract(relu, tanh)
    assert other.difference.mean == pytest.approx(differences.mean())
    assert other.difference.half_width == pytest.approx(T4 * differences.std(ddof=1) / np.sqrt(5), rel=1e-4)
    assert other.difference.interval[1] < 0


def test_seeds_that_failed_are_in_no_pair():
    found = summarize(definition(), combinations(tanh=[1.0, 2.0, None], relu=[None, 1.0, 1.0]))
    assert found.summaries[1].difference.count == 1
    assert found.summaries[1].difference.mean == pytest.approx(-1.0)


def test_the_best_is_that_of_the_least_mean_and_its_best_seed():
    found = summarize(definition(), combinations(tanh=[2.0, 1.0, 3.0], relu=[0.1, 4.0, 4.0]))
    assert found.chosen.point == {"activation": "tanh"}
    assert found.chosen.seed == 1


def test_the_default_is_that_of_the_settings_or_else_the_first_one():
    swept = definition()
    assert swept.default == {"activation": "tanh"}
    assert definition(seeds=(0,), trials=3).default is None


def test_nothing_is_best_where_all_failed():
    found = summarize(definition(), combinations(tanh=[None, None, None]))
    assert found.chosen is None
    assert found.summaries[0].estimates == {}
