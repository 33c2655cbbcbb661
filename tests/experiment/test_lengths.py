"""Whole runs on sequences of different lengths: figures of real steps, and files that agree at any length."""

import dataclasses
import json

import numpy as np
import pytest
from helpers.c_compiler import COMPILER, build_and_run, needs_compiler
from helpers.runs import folders, once, run
from helpers.same_bits import KERNELS
from helpers.tagging import dataset, registered

from rnnexp.commands.run import main, predict
from rnnexp.config import ClassificationConfig
from rnnexp.errors import UserError
from rnnexp.formats import torch as export
from rnnexp.formats.npz import reader
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.network.lengths import placed, real
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel, load

STEPS = 20
CASES = {
    "tags": {"cell": "lstm", "bidirectional": True, "padding": "begin"},
    "last": {"cell": "gru", "padding": "end", "class_weights": "balanced"},
}


def data(name):
    return dataset(300, STEPS, every_step=name == "tags", junk=30.0)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def finished(case, tmp_path_factory):
    def make(folder):
        settings = {"dataset_name": "tagging", "activation": "tanh", "epochs": 12, "quiet": True}
        with registered(data(case)):
            return run(ClassificationConfig(**settings, **CASES[case], **folders(folder)))

    return once(tmp_path_factory, f"lengths-{case}", make)


def content(finished, kind):
    return (finished.config.output_dir / f"{finished.config.stem}-{kind}.tflite").read_bytes()


def test_figures_are_of_real_steps(case, finished):
    part = data(case).evaluation
    there = real(part.lengths, STEPS)
    for kind in ("float32", "int8"):
        made = TFLiteModel(content(finished, kind)).predict(part.x, part.lengths)
        right = made.argmax(axis=-1) == part.y
        accuracy = right[there].mean() if case == "tags" else right.mean()
        assert finished.report["models"][kind]["metrics"]["accuracy"] == pytest.approx(accuracy)
        assert accuracy > 0.7
    counted = np.sum(finished.report["models"]["int8"]["metrics"]["confusion"])
    assert counted == (there.sum() if case == "tags" else len(part))
    assert finished.report["data"]["real_steps"] == pytest.approx(there.mean())
    assert finished.report["models"]["float32"]["keras_difference"] < 1e-5
    text = (finished.folder / "report.md").read_text()
    assert f"sequences of up to {STEPS} steps ({there.mean():.0%} of all are no padding)" in text


def test_the_baseline_and_the_training_are_of_real_steps(case, finished):
    made = data(case)
    labels, shares = made.evaluation.y, np.bincount(made.train.y[made.train.y >= 0]) / (made.train.y >= 0).sum()
    accuracy = np.mean(labels[labels >= 0] == shares.argmax())
    assert finished.report["baselines"]["majority class"]["accuracy"] == pytest.approx(accuracy)
    if case == "tags":
        # Without class weights, the validation loss is the cross-entropy of the trained model.
        loss = finished.report["models"]["float32"]["metrics"]["cross_entropy"]
        assert finished.report["training"]["val_loss"] == pytest.approx(loss, rel=1e-4)


def test_the_models_have_a_second_input(case, finished):
    for kind in ("float32", "int8"):
        runtime = load(content(finished, kind))
        assert [spec.shape for spec in runtime.inputs] == [(1, STEPS, 3), (1,)]
        assert runtime.inputs[1].dtype == np.int32
        about = read_about(content(finished, kind))
        assert about.padding == CASES[case]["padding"]
        assert about.to_json()["variable_length"] is True


@pytest.mark.parametrize("runtime", [*KERNELS, "numpy", *(["c"] if COMPILER else [])])
def test_all_that_runs_them_agrees(case, finished, runtime):
    part, int8 = data(case).evaluation.some(20), content(finished, "int8")
    x, about = part.x.astype(np.float64), read_about(int8)
    expected = predict(int8, about, x, "litert", "a", part.lengths)
    found = predict(int8, about, x, runtime, "a", part.lengths)
    # Softmax may differ by a step, and does not between LiteRT's kernels; NumPy and C have it in real numbers.
    assert np.abs(found - expected).max() <= (1.01 / 256 if runtime in KERNELS else 1.6 / 256)
    real_numbers = predict(content(finished, "float32"), about, x, "litert", "a", part.lengths)
    counts = real(part.lengths, STEPS) if case == "tags" else np.full(len(part), True)
    assert np.abs(found - real_numbers)[counts].max() < 0.1
    if case == "tags":
        np.testing.assert_allclose(found[~counts], 1 / 3, atol=0.005)


def test_lengths_beyond_the_sequence_are_clamped(finished):
    x = np.random.default_rng(0).normal(size=(1, STEPS, 3)).astype(np.float32)
    for kind in ("float32", "int8"):
        model = TFLiteModel(content(finished, kind))
        codes = model.encode(x)
        for beyond, length in ((-7, 1), (0, 1), (STEPS + 1, STEPS), (2**31 - 1, STEPS), (-(2**31), 1)):
            found, expected = (model.run_codes(codes, np.array([n])) for n in (beyond, length))
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(model.run_codes(codes), model.run_codes(codes, np.array([STEPS])))


@needs_compiler
def test_the_self_test_has_several_lengths(finished):
    folder, name = finished.config.output_dir, finished.config.stem
    text = (folder / f"{name}-test.c").read_text()
    lengths = [int(n) for n in text.partition("lengths[SEQUENCES] = {")[2].partition("}")[0].split(",")]
    assert len(set(lengths)) > 4
    assert {1, STEPS} <= set(lengths)
    done = build_and_run(folder, name)
    assert done.returncode == 0, done.stdout


def test_the_weights_file_keeps_it(case, finished):
    path = finished.config.output_dir / f"{finished.config.stem}-weights.npz"
    network, part = reader.load(path), data(case).evaluation.some(30)
    assert network.architecture.padding == CASES[case]["padding"]
    made = TFLiteModel(content(finished, "float32")).predict(part.x, part.lengths)
    counts = real(part.lengths, STEPS) if case == "tags" else np.full(30, True)
    found = evaluation.probabilities(network.run(part.x, lengths=part.lengths))
    np.testing.assert_allclose(found[counts], made[counts], atol=1e-5)


def test_the_pytorch_module_takes_lengths(case, finished):
    torch = pytest.importorskip("torch")
    module = export.load(finished.config.output_dir / f"{finished.config.stem}-weights.npz")
    part = data(case).evaluation.some(30)
    x = placed(part.x, part.lengths, CASES[case]["padding"])
    with torch.no_grad():
        found = module(torch.from_numpy(x), torch.from_numpy(part.lengths)).numpy()
    made = TFLiteModel(content(finished, "float32")).run_codes(x, part.lengths)
    np.testing.assert_allclose(found, made, atol=1e-5)


def test_the_command_takes_samples_with_lengths(case, finished, tmp_path, capsys):
    part = data(case).evaluation.some(5)
    longest = int(part.lengths.max())
    x = np.where(real(part.lengths, longest)[..., None], part.x[:, :longest], np.nan)
    np.savez(tmp_path / "samples.npz", x=x, lengths=part.lengths)
    model = str(finished.config.output_dir / f"{finished.config.stem}-float32.tflite")
    assert main([model, str(tmp_path / "samples.npz")]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    made = TFLiteModel(content(finished, "float32")).predict(part.x, part.lengths)
    if case == "last":
        assert [row.split(",")[1] for row in rows] == ["abc"[n] for n in made.argmax(axis=1)]
        return
    assert heading == "sample,time_step,class,a,b,c"
    expected = [
        [str(n), str(step + 1), "abc"[made[n - 1, step].argmax()]]
        for n, length in enumerate(part.lengths, 1)
        for step in range(length)
    ]
    assert [row.split(",")[:3] for row in rows] == expected


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((2, 5, 3))}, "has sequences of 5 steps, and the model takes 20: shorter ones have lengths"),
        ({"x": np.zeros((2, 5, 2)), "lengths": np.ones(2, int)}, r"the model takes numbers \[n, up to 20, 3\]"),
        ({"x": np.zeros((2, 30, 3)), "lengths": np.ones(2, int)}, r"shape \[2, 30, 3\]"),
        ({"x": np.zeros((2, 5, 3)), "lengths": np.ones(3, int)}, "not 2 integers"),
        ({"x": np.zeros((2, 5, 3)), "lengths": np.ones(2)}, "float64"),
        ({"x": np.zeros((2, 5, 3)), "lengths": np.array([1, 6])}, r"lengths\[1\] is 6; expected 1 to 5"),
    ],
)
def test_samples_that_do_not_fit(case, finished, tmp_path, arrays, message):
    if case == "tags":
        pytest.skip("the same as of the other")
    np.savez(tmp_path / "samples.npz", **arrays)
    with pytest.raises(UserError, match=message):
        main([str(finished.model), str(tmp_path / "samples.npz")])


def test_the_report_says_where_the_padding_is(case, finished):
    assert json.loads(finished.report_file.read_text())["config"]["padding"] == CASES[case]["padding"]


def test_training_starts_from_weights_of_sequences_without_padding(case, finished, tmp_path):
    weights = finished.config.output_dir / f"{finished.config.stem}-weights.npz"
    made = data(case)
    x, y, half = made.train.x, np.maximum(made.train.y, 0), len(made.train) // 2
    first, second = (
        dataclasses.replace(made.train, x=x[rows], y=y[rows], lengths=None) for rows in (slice(half), slice(half, None))
    )
    made = dataclasses.replace(made, train=first, validation=second, evaluation=second, baselines={})
    settings = finished.config.model_dump(exclude={"output_dir", "runs_dir", "weights", "epochs"})
    with registered(made):
        config = ClassificationConfig(**settings, weights=weights, epochs=0, **folders(tmp_path))
        assert run(config).code == 0
