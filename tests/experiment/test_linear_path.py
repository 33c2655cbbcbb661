"""Runs with LINEAR_PATH: what they report, and leave, of a linear path and of what the recurrent layers add to it."""

import numpy as np
import pytest
from helpers.left import Left, check_integers, kept_network
from helpers.runs import folders, run, wave, write_series
from helpers.stored_networks import saved

from rnnexp import datasets
from rnnexp.config import MemoryConfig, RegressionConfig
from rnnexp.errors import UserError
from rnnexp.experiment import build, starting_weights
from rnnexp.formats.npz import arrays
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel


def series(here, **settings):
    write_series(here, "wave", wave())
    given = {"dataset_name": "wave", "activation": "tanh", "hidden_size": 5, "sequence_length": 6, "epochs": 0}
    return RegressionConfig(**(given | settings), quiet=True, **folders(here))


@pytest.fixture(scope="module", params=["tanh", "custom"])
def airline(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("airline")
    given = {"dataset_name": "airline-passengers", "activation": request.param, "epochs": 30}
    return run(RegressionConfig(**given, linear_path=True, quiet=True, **folders(path)))


def test_the_report_says_what_the_path_gives_alone(airline):
    baselines, report = airline.returned.baselines, airline.returned
    assert baselines["linear path alone"] == baselines["ridge"]
    assert "what the recurrent layers add" in report.baseline_notes["linear path alone"]
    # Before the first epoch the recurrent layer adds nothing.
    assert report.progress[0].float32.rmse == pytest.approx(baselines["linear path alone"].rmse, rel=1e-4)
    text = (airline.folder / "report.md").read_text()
    assert "| linear path alone |" in text


def test_int8_is_within_two_percent_of_float32(airline):
    models = airline.returned.models
    assert models.int8.metrics.rmse < 1.02 * models.float32.metrics.rmse
    assert models.float32.metrics.rmse < 18


def test_all_that_is_left_agrees(airline):
    dataset = datasets.load(airline.config)
    left = Left(airline, dataset)
    assert left.real.architecture.linear_path
    assert left.close(left.real.run(left.part.x))
    for got, expected in zip(left.real.weights, kept_network(airline, dataset).weights, strict=True):
        np.testing.assert_array_equal(got, expected)
    check_integers(left)
    for kind in ("int8", "float32"):
        assert read_about(left.path(f"-{kind}.tflite").read_bytes()).linear_path


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_the_step_model_is_right_once_the_window_is_full(airline, kind):
    dataset = datasets.load(airline.config)
    left = Left(airline, dataset)
    step, whole = TFLiteStepModel(left.path(f"-step-{kind}.tflite")), TFLiteModel(left.path(f"-{kind}.tflite"))
    given = whole.encode(left.part.x)
    outputs, (*_, windows) = step.run_codes(given)
    expected = whole.run_codes(given)
    np.testing.assert_allclose(outputs[:, -1], expected, rtol=0, atol=0 if kind == "int8" else 1e-3)
    np.testing.assert_array_equal(windows[:, -1], given)


def test_series_have_one_unless_it_is_not_wanted(here):
    finished = run(series(here))
    assert finished.returned.config["linear_path"] is True
    assert "linear_path" in finished.returned.automatic
    assert "linear path alone" in finished.returned.baselines
    finished = run(series(here, linear_path=False))
    assert "linear path alone" not in finished.returned.baselines
    assert build.architecture(MemoryConfig(), datasets.load(MemoryConfig())).linear_path is False


def test_a_data_set_may_want_one(here):
    config = series(here)
    dataset = datasets.load(config)
    wanting = datasets.Dataset(**{**vars(dataset), "defaults": {"linear_path": True}})
    assert build.architecture(build.resolve(config, wanting), wanting).linear_path
    silent = config.model_copy(update={"linear_path": False})
    assert not build.architecture(build.resolve(silent, wanting), wanting).linear_path


def test_a_run_goes_on_from_weights_with_a_path(here):
    config = series(here, linear_path=True)
    first = run(config)
    path = saved(here / "kept.npz", arrays.read(config.output_dir / f"{config.stem}-weights.npz"))
    again = run(config.model_copy(update={"weights": path}))
    # What the path is worth alone is not known of given weights.
    assert "linear path alone" not in again.returned.baselines
    assert again.returned.models.float32.metrics == first.returned.models.float32.metrics
    for settings, words in (
        ({"linear_path": False}, "LINEAR_PATH = True, but LINEAR_PATH is False: set LINEAR_PATH to True"),
        ({"sequence_length": 7}, "its linear path reads 6 time steps, but wave has 7"),
    ):
        other = config.model_copy(update={"weights": path, **settings})
        dataset = datasets.load(other)
        with pytest.raises(UserError, match=words):
            starting_weights.fitting(starting_weights.load(path), build.architecture(other, dataset), dataset.name)


def test_more_than_one_answer_is_refused(here):
    config = series(here, linear_path=True)
    dataset = datasets.load(config)
    tagging = datasets.Dataset(**{**vars(dataset), "answers": "every step"})
    with pytest.raises(UserError, match="LINEAR_PATH = True: a linear path leads to one answer, but wave has more"):
        build.architecture(config, tagging)
