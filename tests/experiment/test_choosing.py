"""The epoch that is kept: chosen inside the training part, and only where it is better by more than chance."""

import numpy as np
import pytest
from helpers.runs import folders, run, wave, write_series

from rnnexp.config import RegressionConfig
from rnnexp.experiment.choosing import InnerSplit, is_worth


def test_the_last_fifth_chooses():
    x, y = np.arange(50.0).reshape(50, 1, 1), np.arange(50.0)[:, None]
    split = InnerSplit.of(x, y)
    assert split.learned[0][-1] == 39
    assert split.chosen_by[1][:, 0].tolist() == list(range(40, 50))
    assert InnerSplit.of(x[:11], y[:11]) is None


def test_a_difference_that_may_be_chance_is_not_worth_it():
    random = np.random.default_rng(0)
    y = random.normal(size=(40, 1))
    before = y + random.normal(size=y.shape)
    assert is_worth(y, before, y + 0.1 * random.normal(size=y.shape))
    assert not is_worth(y, before, before)
    assert not is_worth(y, before, before + 0.05 * random.normal(size=y.shape))
    assert not is_worth(y, before, y + 3 * random.normal(size=y.shape))


def test_errors_that_last_over_a_horizon_tell_less():
    """Of windows that overlap, a few lucky ones in a row are one piece of luck."""
    y, before = np.zeros((60, 12)), np.ones((60, 12))
    scattered, in_a_row = before.copy(), before.copy()
    scattered[::3], in_a_row[:20] = 0.0, 0.0
    assert is_worth(y, before, scattered)
    assert not is_worth(y, before, in_a_row)


def own(here, values, **settings):
    write_series(here, "own", values)
    given = {"dataset_name": "own", "activation": "tanh", "hidden_size": 6, "sequence_length": 6, "qat_epochs": 0}
    return run(RegressionConfig(**(given | settings), quiet=True, **folders(here)))


def test_noise_leaves_the_linear_path_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(1).normal(size=120)
    done = own(tmp_path, noise, epochs=15)
    assert done.returned.training.best_epoch == 0
    assert done.returned.training.inner == round(0.2 * (96 - 6))
    alone, float32 = done.returned.baselines["linear path alone"].rmse, done.returned.models.float32.metrics.rmse
    assert float32 == pytest.approx(alone, rel=1e-5)
    assert "no better by more than chance" in (done.folder / "report.md").read_text()


def logistic(count):
    """What no linear model predicts: the logistic map, whose next value is a parabola of the last."""
    values = [0.3]
    for _ in range(count - 1):
        values.append(3.9 * values[-1] * (1 - values[-1]))
    return np.array(values)


def test_what_the_recurrent_layer_finds_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = own(tmp_path, logistic(500), epochs=60)
    alone, float32 = done.returned.baselines["linear path alone"].rmse, done.returned.models.float32.metrics.rmse
    assert done.returned.training.best_epoch > 0
    assert float32 < 0.7 * alone
    assert "training sequences, which chose the epoch" in (done.folder / "report.md").read_text()


def test_with_early_stopping_the_validation_part_chooses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = own(tmp_path, wave(), epochs=5, early_stopping=3)
    assert done.returned.training.inner is None
