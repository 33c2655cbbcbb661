"""Data sets that are kept between trials, and which part of them a trial sees."""

import numpy as np
import pytest

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
from rnnexp.experiment.sweep.data import DataKept

SINE = RegressionConfig(dataset_name="sine", normalization="none", sequence_length=10)
IRIS = ClassificationConfig(dataset_name="iris")


def changed(config, **values):
    return config.model_copy(update=values)


def test_trials_of_other_networks_share_the_data():
    kept = DataKept()
    data = kept.load(SINE)
    for other in ({"hidden_size": 3}, {"activation": "relu"}, {"learning_rate": 0.1}, {"epochs": 3}):
        assert kept.load(changed(SINE, **other)) is data


@pytest.mark.parametrize("other", [{"sequence_length": 12}, {"early_stopping": 3}, {"normalization": "window"}])
def test_what_is_read_to_load_them_makes_other_data(other):
    kept = DataKept()
    data, found = kept.load(SINE), kept.load(changed(SINE, **other))
    assert found is not data
    assert found.key != data.key
    expected = datasets.load(changed(SINE, **other))
    for part in ("train", "validation", "evaluation"):
        assert np.array_equal(getattr(found.dataset, part).x, getattr(expected, part).x)


def test_the_same_data_have_the_same_key_in_another_process():
    assert DataKept().load(SINE).key == DataKept().load(changed(SINE, hidden_size=7)).key


def test_tasks_do_not_share():
    kept = DataKept()
    assert kept.load(MemoryConfig()) is not kept.load(SINE)


def test_a_trial_does_not_see_the_test_part():
    data = DataKept().load(IRIS)
    assert data.dataset.evaluation is not data.dataset.validation
    assert data.validated.evaluation is data.dataset.validation
    assert data.validated.evaluation_part == "validation part"
    assert not data.validated.baselines  # of which there are only those of the test part


def test_without_a_test_part_it_is_what_a_run_reports_on():
    data = DataKept().load(SINE)
    assert data.validated is data.dataset


@pytest.mark.parametrize("config", [IRIS, SINE])
def test_simple_models_are_asked_about_what_the_trial_is_judged_on(config):
    data = DataKept().load(config)
    metric = "accuracy" if config is IRIS else "rmse"
    assert all(metric in found for name, found in data.baselines.items() if name != "always up")
    assert ("logistic regression" if config is IRIS else "ridge") in data.baselines
    if config is IRIS:
        count = len(data.dataset.validation)
        assert data.baselines["logistic regression"]["accuracy"] * count == pytest.approx(
            round(data.baselines["logistic regression"]["accuracy"] * count)
        )
