"""The adding problem."""

import numpy as np
import pytest
from helpers.runs import folders, run

from rnnexp import datasets
from rnnexp.commands import run as prediction
from rnnexp.config import RegressionConfig
from rnnexp.errors import UserError
from rnnexp.report import evaluation


def load(**settings):
    return datasets.load(RegressionConfig(**{"dataset_name": "adding", "sequence_length": 9, **settings}))


@pytest.mark.parametrize("length", [2, 9, 100])
def test_the_target_is_the_sum_of_one_marked_value_of_each_half(length):
    dataset = load(sequence_length=length)
    assert dataset.train.x.shape == (18_000, length, 2)
    assert dataset.evaluation.x.shape == (2_000, length, 2)
    for part in (dataset.train, dataset.evaluation):
        values, marks = part.x[..., 0], part.x[..., 1]
        assert 0.0 <= values.min() < 0.01 < 0.99 < values.max() <= 1.0
        assert set(np.unique(marks)) <= {0.0, 1.0}
        assert (marks[:, : length // 2].sum(axis=1) == 1).all()
        assert (marks[:, length // 2 :].sum(axis=1) == 1).all()
        expected = [sum(row[mark == 1]) for row, mark in zip(values[:500], marks[:500], strict=True)]
        np.testing.assert_allclose(part.y[:500, 0], expected, rtol=1e-6)
    # Every place is marked about equally often.
    counts = dataset.train.x[..., 1].sum(axis=0)
    assert counts.min() > 0.5 * 18_000 / (length - length // 2)


def test_predicting_one_is_off_by_a_sixth():
    assert evaluation.evaluate_baselines(load())["always 1"].l2 == pytest.approx(1 / 6, rel=0.1)


def test_the_seed_draws_the_sequences_and_no_sequence_is_in_two_parts():
    first, again, other = load(early_stopping=1), load(early_stopping=1), load(seed=1)
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.evaluation.x, other.evaluation.x)
    assert [len(part) for part in (first.train, first.validation, first.evaluation)] == [16_000, 2_000, 2_000]
    assert first.evaluation_part == "test part"
    rows = np.concatenate([part.x[:, :, 0] for part in (first.train, first.validation, first.evaluation)])
    assert len(np.unique(rows, axis=0)) == 20_000


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"sequence_length": 1}, "SEQUENCE_LENGTH is 1, but two values are to be added: set it to 2 or more"),
        ({"generate_steps": 5}, "GENERATE_STEPS is 5, but adding is no series: set it to 0"),
        ({"validation_share": 0.5, "early_stopping": 1}, "that leaves nothing to train on"),
    ],
)
def test_what_cannot_be(settings, text):
    with pytest.raises(UserError, match=text):
        load(**settings)


def test_a_run_and_rnnexp_run_on_its_files(tmp_path, capsys):
    settings = {"dataset_name": "adding", "sequence_length": 3, "activation": "relu", "hidden_size": 4, "epochs": 2}
    done = run(RegressionConfig(**settings, validation_share=0.02, **folders(tmp_path)))
    assert done.code == 0
    assert done.report["data"]["features"] == 2
    assert "generation" not in done.report
    part = datasets.load(done.config).evaluation
    np.save(tmp_path / "some.npy", part.x)
    np.savetxt(tmp_path / "some.csv", part.x.reshape(len(part), -1), delimiter=",")
    capsys.readouterr()
    for kind in ("float32", "int8"):
        for name in ("some.npy", "some.csv"):
            model = tmp_path / "out" / f"adding-relu-{kind}.tflite"
            assert prediction.main([str(model), str(tmp_path / name)]) == 0
            heading, *rows = capsys.readouterr().out.split()
            assert heading == "sample,prediction"
            error = np.array([float(row.split(",")[1]) for row in rows]) - part.y[:, 0]
            assert (error**2).mean() == pytest.approx(done.report["models"][kind]["metrics"]["l2"], rel=1e-4)
