"""Closed-loop generation: what is fed back, how far it gets, and what a run says about it."""

import numpy as np
import pytest
from helpers.classic import classic
from helpers.runs import wave

from rnnexp import datasets
from rnnexp.config import MemoryConfig
from rnnexp.datasets.dataset import Continuation
from rnnexp.errors import UserError
from rnnexp.experiment import evaluate as results
from rnnexp.experiment import pictures
from rnnexp.preprocessing.input_map import AS_IT_IS, TrainingRange, WindowRange
from rnnexp.report import generation
from rnnexp.report import text as report
from rnnexp.runtimes.tflite import TFLiteModel


def oscillator(frequency):
    """A model that knows how a sine goes on: x[t + 1] = 2 cos(w) x[t] - x[t - 1]."""
    return lambda x: 2 * np.cos(frequency) * x[:, -1] - x[:, -2]


def straight(x):
    return 2 * x[:, -1] - x[:, -2]


def test_predictions_are_fed_back():
    t = np.arange(40)
    made = generation.generate(oscillator(0.2), AS_IT_IS, np.sin(0.2 * t[:7]), 33)
    np.testing.assert_allclose(made, np.sin(0.2 * t[7:]), atol=1e-4)


@pytest.mark.parametrize(
    "input_map",
    [
        WindowRange(to=255.0, flat_range=1.0),
        TrainingRange(to=10.0, minimum=3.0, range=8.0),
        AS_IT_IS,
    ],
)
def test_every_new_window_is_normalised_as_the_map_says(input_map):
    seen = []

    def predict(x):
        seen.append(x)
        return straight(x)

    made = generation.generate(predict, input_map, np.array([3.0, 5.0, 7.0, 9.0]), 50)
    np.testing.assert_allclose(made, 11.0 + 2.0 * np.arange(50), rtol=1e-4)
    assert {x.shape for x in seen} == {(1, 4, 1)}
    assert {x.dtype for x in seen} == {np.dtype(np.float32)}
    if isinstance(input_map, WindowRange):
        np.testing.assert_allclose([x[0, :, 0] for x in seen], [[0, 85, 170, 255]] * 50, rtol=1e-3, atol=0.1)


@pytest.mark.parametrize("factor", [1e9, np.nan])
def test_what_leaves_the_range_of_numbers_ends_there_and_says_so(factor):
    made = generation.generate(lambda x: factor * x[:, -1], AS_IT_IS, np.array([1.0, 1.0]), 20)
    assert len(made) == (3 if factor == 1e9 else 0)
    found = generation.compare(Continuation(np.array([1.0, 1.0]), np.zeros(20)), {"float32": made})
    errors = found.errors["float32"]
    assert len(errors.rmse) == len(errors.largest) == (2 if factor == 1e9 else 0)
    assert "left the range of float32" in errors.absent
    assert "left the range of float32" in report.generation_summary(found)


def test_errors_are_over_the_first_steps():
    truth = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    made = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 7.0])
    found = generation.compare(Continuation(np.array([9.0, 1.0]), truth), {"float32": made})
    assert found.horizons == [1, 2, 5, 7]
    assert found.errors["float32"].rmse == [0.0, 0.0, 0.0, pytest.approx(np.sqrt(4 / 7))]
    assert found.errors["float32"].largest == [0.0, 0.0, 0.0, 2.0]
    assert found.errors["float32"].absent is None
    persistence = found.errors["persistence"]
    assert persistence.largest == [0.0, 1.0, 4.0, 6.0]
    assert persistence.rmse[1] == pytest.approx(np.sqrt(1 / 2))


# ---- where it starts


@pytest.mark.parametrize("early_stopping", [0, 2])
def test_it_starts_just_before_the_evaluation_part(early_stopping):
    config = classic(dataset_name="airline-passengers", early_stopping=early_stopping, validation_share=0.25)
    dataset = datasets.load(config)
    np.testing.assert_array_equal(dataset.continuation.truth, dataset.evaluation.target[:36, 0])
    first = dataset.evaluation.to_units(dataset.evaluation.x[:, :, 0])[0]
    np.testing.assert_allclose(dataset.continuation.window, first, rtol=1e-6)


@pytest.mark.parametrize(("given", "steps"), [(None, 40), (0, 0), (1, 1), (48, 48)])
def test_steps_are_a_setting_or_twice_the_window(given, steps):
    dataset = datasets.load(classic(dataset_name="airline-passengers", generate_steps=given))
    assert len(dataset.continuation.truth) == steps
    assert dataset.defaults["generate_steps"] == steps


def test_more_steps_than_there_is_truth_are_refused():
    with pytest.raises(UserError, match="GENERATE_STEPS is 49, but airline-passengers has only 48 held-out values"):
        datasets.load(classic(dataset_name="airline-passengers", generate_steps=49))


def test_nothing_is_generated_where_nothing_is_asked_for(tmp_path):
    for config in (classic(generate_steps=0), MemoryConfig()):
        dataset = datasets.load(config)
        assert results.generate(dataset, {}) is None
        assert pictures.draw_generation(tmp_path, "name", dataset, None) == []
    assert list(tmp_path.iterdir()) == []


# ---- what a run writes


def test_a_run_generates_with_both_of_its_files(regression_run):
    found = regression_run.report["generation"]
    assert regression_run.report["config"]["generate_steps"] == found["steps"] == 12
    assert "generate_steps" in regression_run.report["automatic"]
    values, window = wave(), wave()[66:72]
    assert found["truth"] == values[72:84].tolist()
    for kind in ("float32", "int8"):
        model = TFLiteModel(regression_run.config.output_dir / f"{regression_run.config.stem}-{kind}.tflite")
        expected = list(window)
        for _ in range(12):
            last = np.array(expected[-6:])
            low, width = last.min(), np.ptp(last)
            x = ((last - low) / (width / 255))[None, :, None].astype(np.float32)
            expected.append(low + width / 255 * float(model.predict(x)[0, 0]))
        np.testing.assert_allclose(found["values"][kind], expected[6:], rtol=1e-9)
        error = np.array(expected[6:]) - values[72:84]
        assert found["errors"][kind]["largest"][-1] == pytest.approx(np.abs(error).max())
        assert found["errors"][kind]["rmse"][-1] == pytest.approx(np.sqrt((error**2).mean()))
    assert found["values"]["float32"] != found["values"]["int8"]
    persistence = values[72:84] - values[71]
    assert found["errors"]["persistence"]["rmse"][-1] == pytest.approx(np.sqrt((persistence**2).mean()))


def test_the_report_shows_the_errors_and_the_picture(regression_run):
    text = (regression_run.folder / "report.md").read_text()
    section = text[text.index("## Closed-loop generation") : text.index("## Files")]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert rows[0].startswith("| steps | persistence: RMSE | persistence: largest error | seasonal naive: RMSE |")
    assert [row.split(" | ")[0] for row in rows[2:7]] == ["| 1", "| 2", "| 5", "| 10", "| 12"]
    last = regression_run.report["generation"]["errors"]["int8"]["largest"][-1]
    assert rows[6].endswith(f" {last:.4g} |")
    assert rows[7] == "| steps | persistence | seasonal naive | float32 | int8 |"
    assert "![generation](generation.png)" in text
    assert "12 steps in closed loop: RMSE persistence" in (regression_run.folder / "log.txt").read_text()


def test_other_tasks_do_not_generate(memory_run):
    assert "generation" not in memory_run.report
    assert "Closed-loop" not in (memory_run.folder / "report.md").read_text()
