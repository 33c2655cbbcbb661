"""The sine under noise, and its floor."""

import numpy as np

from rnnexp import datasets
from rnnexp.config import RegressionConfig
from rnnexp.report import evaluation


def load(**settings):
    return datasets.load(RegressionConfig(preset="noisy-sine", **settings))


def clean(first, last):
    return np.sin(2 * np.pi * np.arange(first, last) / 100)


def test_noise_is_uniform_and_independent_around_a_sine_of_period_100():
    dataset = load()
    assert dataset.train.x.shape == (775, 25, 1)
    noise = dataset.train.target[:, 0] - clean(25, 800)
    assert np.abs(noise).max() <= 0.05
    assert abs(noise.mean()) < 0.004
    assert np.histogram(noise, 5, (-0.05, 0.05))[0].min() > 120
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.1


def test_the_floor_is_the_variance_of_the_noise_that_is_to_be_predicted():
    for settings in ({}, {"early_stopping": 3}):
        dataset = load(**settings)
        noise = dataset.evaluation.target[:, 0] - clean(800, 1000)
        floor = evaluation.evaluate_baselines(dataset)["clean sine"].l2
        np.testing.assert_allclose(floor, (noise**2).mean(), rtol=1e-9)
        assert 0.8 < floor / (0.05**2 / 3) < 1.2


def test_the_seed_draws_the_noise():
    first, again, other = load(seed=1), load(seed=1), load(seed=2)
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.train.x, other.train.x)


def test_the_points_do_not_depend_on_how_many_are_generated():
    few, many = load(generate_steps=0), load(generate_steps=300)
    np.testing.assert_array_equal(few.train.x, many.train.x)
    np.testing.assert_array_equal(few.evaluation.target, many.evaluation.target)
    truth = many.continuation.truth
    np.testing.assert_array_equal(truth[:200], many.evaluation.target[:, 0])
    assert np.abs(truth[200:] - clean(1000, 1100)).max() <= 0.05


def test_the_floor_is_not_there_to_be_beaten():
    dataset = load()
    assert dataset.floors == ("clean sine",)
    assert set(dataset.floors) < set(dataset.baselines)
