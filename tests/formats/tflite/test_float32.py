"""The float32 converter in its child process: right, small, and no danger to the parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from rnnexp.formats.tflite import float32
from rnnexp.formats.tflite.float32 import ConversionError, Converter
from rnnexp.formats.tflite.metadata import operators
from rnnexp.layers.activation import keras_activation
from rnnexp.runtimes.tflite import TFLiteModel


def saved(path, activation, steps=20, units=10, features=1, softmax=False):
    """A Keras model as a run saves it, at the user's scale, with some weights."""
    scale = 255.0 if activation == "custom" else 1.0
    keras.utils.set_random_seed(4)
    layers = [
        keras.Input((steps, features)),
        keras.layers.SimpleRNN(units, activation=keras_activation(activation, scale)),
        keras.layers.Dense(3),
        *([keras.layers.Softmax()] if softmax else []),
    ]
    model = keras.Sequential(layers)
    weights = model.get_weights()
    weights[2] = weights[2] + 0.2 * scale
    model.set_weights(weights)
    model.save(path)
    return model, scale


@pytest.fixture(scope="module")
def converter(tmp_path_factory):
    with Converter(tmp_path_factory.mktemp("converter") / "log") as child:
        yield child


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "custom"])
def test_the_file_does_what_keras_does(converter, tmp_path, activation):
    model, scale = saved(tmp_path / "m.keras", activation, features=2, softmax=activation == "sigmoid")
    converter.convert(tmp_path / "m.keras", tmp_path / "m.tflite")
    x = np.random.default_rng(0).uniform(0, scale, (40, 20, 2)).astype(np.float32)
    x /= 10 if activation == "relu" else 1
    expected = model.predict(x, verbose=0)
    assert np.ptp(expected) > 0
    difference = np.abs(TFLiteModel(tmp_path / "m.tflite").predict(x) - expected).max()
    assert difference <= 1e-5 * np.ptp(expected)


@pytest.mark.parametrize("activation", ["tanh", "custom"])
@pytest.mark.parametrize("kind", [keras.layers.LSTM, keras.layers.GRU])
def test_gated_cells_layers_and_directions_need_no_operators_but_the_builtin_ones(
    converter, tmp_path, kind, activation
):
    keras.utils.set_random_seed(4)
    function = keras_activation(activation, 1.0)
    layers = [
        keras.Input((12, 2)),
        keras.layers.Bidirectional(kind(4, activation=function, return_sequences=True)),
        kind(3, activation=function, go_backwards=True),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    model.save(tmp_path / "m.keras")
    converter.convert(tmp_path / "m.keras", tmp_path / "m.tflite")
    # Loaded without the Flex delegate, which would run TensorFlow's own operators.
    x = np.random.default_rng(0).uniform(0, 1, (20, 12, 2)).astype(np.float32)
    expected = model.predict(x, verbose=0)
    assert np.ptp(expected) > 1e-2
    assert np.abs(TFLiteModel(tmp_path / "m.tflite").predict(x) - expected).max() <= 1e-5 * np.ptp(expected)
    named = operators((tmp_path / "m.tflite").read_bytes())
    assert "WHILE" in named
    assert not [name for name in named if "CUSTOM" in name or "Flex" in name]


def test_the_loop_is_kept(converter, tmp_path):
    """Twenty times the steps, the same file but for a few bytes."""
    sizes = {}
    for steps in (20, 400):
        saved(tmp_path / f"{steps}.keras", "tanh", steps)
        converter.convert(tmp_path / f"{steps}.keras", tmp_path / f"{steps}.tflite")
        sizes[steps] = (tmp_path / f"{steps}.tflite").stat().st_size
        assert TFLiteModel(tmp_path / f"{steps}.tflite").predict(np.zeros((1, steps, 1), np.float32)).shape == (1, 3)
    assert abs(sizes[400] - sizes[20]) < 300
    assert sizes[20] < 10_000


def test_garbage_is_refused_and_the_next_job_is_done(converter, tmp_path):
    (tmp_path / "garbage.keras").write_bytes(b"\x00garbage" * 100)
    (tmp_path / "old.tflite").write_bytes(b"old")
    with pytest.raises(ConversionError, match=r"\w+Error: "):
        converter.convert(tmp_path / "garbage.keras", tmp_path / "old.tflite")
    with pytest.raises(ConversionError):
        converter.convert(tmp_path / "missing.keras", tmp_path / "old.tflite")
    assert (tmp_path / "old.tflite").read_bytes() == b"old"
    saved(tmp_path / "m.keras", "tanh")
    converter.convert(tmp_path / "m.keras", tmp_path / "old.tflite")
    assert TFLiteModel(tmp_path / "old.tflite").predict(np.zeros((1, 20, 1), np.float32)).shape == (1, 3)


def test_a_target_that_cannot_be_written_is_named(converter, tmp_path):
    saved(tmp_path / "m.keras", "tanh", steps=3)
    with pytest.raises(ConversionError, match="FileNotFoundError"):
        converter.convert(tmp_path / "m.keras", tmp_path / "nowhere" / "m.tflite")


def test_paths_are_those_of_whoever_asks(converter, tmp_path, monkeypatch):
    saved(tmp_path / "m.keras", "tanh", steps=3)
    monkeypatch.chdir(tmp_path)
    converter.convert(Path("m.keras"), Path("m.tflite"))
    assert (tmp_path / "m.tflite").exists()


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_dies_is_an_error_with_its_code(tmp_path, kill):
    with Converter(tmp_path / "log") as converter:
        os.kill(converter._child.pid, kill)
        with pytest.raises(ConversionError, match=f"the converter's process ended with code -{kill.value}; see .*log"):
            converter.convert(tmp_path / "m.keras", tmp_path / "m.tflite")
    assert not (tmp_path / "m.tflite").exists()


def test_leaving_on_an_error_ends_the_child_at_once(tmp_path):
    with pytest.raises(RuntimeError), Converter(tmp_path / "log") as converter:
        raise RuntimeError
    assert converter._child.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("while True: pass", "the converter was not done after 0.5 s; see .*log"),
        ("print(input()[:9] * 2)", "the converter answered .*; see .*log"),
        ("print(input()[:0] + '[1]')", "the converter answered .*; see .*log"),
    ],
    ids=["hangs", "half a line", "no answer"],
)
def test_a_child_that_hangs_or_writes_rubbish_is_an_error_and_is_ended(tmp_path, monkeypatch, program, said):
    begin = subprocess.Popen
    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", lambda _, **options: begin([sys.executable, "-c", program], **options))
        found = Converter(tmp_path / "log")
    monkeypatch.setattr(float32, "SECONDS", 0.5 if "pass" in program else 60)
    with found as converter:
        with pytest.raises(ConversionError, match=said):
            converter.convert(tmp_path / "m.keras", tmp_path / "m.tflite")
        assert converter._child.wait(60) == -signal.SIGKILL or "pass" not in program
        assert converter.ended
