"""The stage that asks the simple models: which, on what, and that nothing held out is learned from."""

import dataclasses

import numpy as np
import pytest
from helpers.runs import wave

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.datasets import Split, series
from rnnexp.experiment import baselines


def own(values, **settings):
    config = RegressionConfig(dataset_name="own", **{"sequence_length": 6, **settings})
    return series.windows(series.Series.of(np.asarray(values)), config, series.Known("-", "-"))


def test_a_series_has_a_linear_model_and_smoothing():
    dataset = own(wave(120))
    models = baselines.ask(dataset)
    assert list(models.predictions) == ["ridge", "ETS"]
    assert models.notes == {}
    target, last = dataset.evaluation.target, dataset.baselines["persistence"]
    for predicted in models.predictions.values():
        assert predicted.shape == target.shape
        assert np.mean((predicted - target) ** 2) < 0.3 * np.mean((last - target) ** 2)


def test_each_of_several_columns_is_smoothed_by_itself():
    values = np.column_stack([wave(120), 50 + np.random.default_rng(0).normal(size=120).cumsum()])
    config = RegressionConfig(dataset_name="own", sequence_length=6, horizon=2)
    both = series.windows(series.Series(names=("a", "b"), values=values, targets=2), config, series.Known("-", "-"))
    found = baselines.ask(both).predictions["ETS"]
    for column in range(2):
        alone = baselines.ask(own(values[:, column], horizon=2)).predictions["ETS"]
        np.testing.assert_array_equal(found[:, column::2], alone)


@pytest.mark.parametrize("normalization", ["window", "train", "none"])
def test_ridge_is_of_the_windows_as_the_network_sees_them(normalization):
    """Times the scale of a window, when each has its own, so that it learns what they have in common."""
    dataset = own(np.exp(wave(120) / 40), normalization=normalization)
    train, asked = dataset.train, dataset.evaluation
    known = np.column_stack([train.x[..., 0], np.ones(len(train))]).astype(np.float64)
    solution = np.linalg.lstsq(known, train.y.astype(np.float64), rcond=None)[0]
    expected = asked.to_units(np.column_stack([asked.x[..., 0], np.ones(len(asked))]) @ solution)
    found = baselines.ask(dataset).predictions["ridge"]
    np.testing.assert_allclose(found, expected, rtol=0.01)


@pytest.mark.parametrize("early_stopping", [0, 3])
def test_what_is_held_out_changes_nothing_that_was_learned(early_stopping):
    values = wave(150)
    changed = values.copy()
    dataset = own(values, early_stopping=early_stopping)
    held_out = dataset.pasts[0].evaluated[0] + 10
    changed[held_out:] = 1000 - 3 * changed[held_out:]
    before, after = (baselines.ask(own(some, early_stopping=early_stopping)) for some in (values, changed))
    for name, predicted in before.predictions.items():
        # The window of a row has only the values before it.
        np.testing.assert_array_equal(predicted[:11], after.predictions[name][:11], err_msg=name)
        assert not np.allclose(predicted[11:], after.predictions[name][11:])


def test_the_memory_task_and_tasks_of_several_features_have_a_linear_model():
    memory = baselines.ask(datasets.load(MemoryConfig(memory_signal_length=300, memory_n=10, memory_k=-4)))
    assert list(memory.predictions) == ["ridge"]
    adding = datasets.load(RegressionConfig(dataset_name="adding", sequence_length=8))
    several = dataclasses.replace(
        adding,
        outputs=2,
        **{
            part: Split(getattr(adding, part).x[:500], np.repeat(getattr(adding, part).y[:500], 2, axis=1) * [1, -3])
            for part in ("train", "validation", "evaluation")
        },
    )
    found = baselines.ask(several).predictions["ridge"]
    assert found.shape == (500, 2)
    np.testing.assert_allclose(found[:, 1], -3 * found[:, 0], atol=1e-6)


def test_classes_have_three_models():
    iris = datasets.load(ClassificationConfig(dataset_name="iris"))
    models = baselines.ask(iris)
    assert list(models.predictions) == ["logistic regression", "1-NN Euclid", "1-NN DTW"]
    for probabilities in models.predictions.values():
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        assert np.mean(probabilities.argmax(axis=1) == iris.evaluation.y) > 0.9


def test_what_would_take_long_is_left_out_and_said(monkeypatch):
    iris = datasets.load(ClassificationConfig(dataset_name="iris"))
    numbers = iris.train.x.size * len(iris.evaluation)
    monkeypatch.setattr(baselines, "WARPING_WORK", numbers * iris.train.x.shape[1] - 1)
    assert baselines.ask(iris).notes == {"1-NN DTW": "none: it would take more than 10 seconds"}
    monkeypatch.setattr(baselines, "EUCLIDEAN_WORK", numbers - 1)
    assert list(baselines.ask(iris).predictions) == ["logistic regression"]


def test_of_a_large_training_part_they_get_some_and_say_how_much(monkeypatch):
    iris = datasets.load(ClassificationConfig(dataset_name="iris"))
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 4 * 40)
    models = baselines.ask(iris)
    assert models.notes == dict.fromkeys(models.predictions, "learned from 40 of the 120 sequences")


def test_where_there_is_none_it_is_said():
    several = datasets.load(ClassificationConfig(dataset_name="binary-addition"))
    assert baselines.ask(several) == baselines.SimpleModels(
        {}, {"simple models": "none: the answer has several steps, and they give one"}
    )
    short = baselines.ask(own(wave(13), sequence_length=3, validation_share=0.4))
    assert short.notes == {"ETS": "none: the training part has fewer than 10 values"}
    assert list(short.predictions) == ["ridge"]
