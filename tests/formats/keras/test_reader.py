"""Keras files that are read: which layers and options, what is said of those that are not, and parts of models."""

import json
import subprocess
import sys

import numpy as np
import pytest
from helpers.keras_files import outputs_here, saved, with_config

from rnnexp.errors import UserError
from rnnexp.formats.keras.excerpt import beginning
from rnnexp.formats.keras.model import to_keras
from rnnexp.formats.keras.reader import of_stored, read
from rnnexp.formats.keras.stored import load
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.masking import Masking
from rnnexp.network.network import Network

RNG = np.random.default_rng(0)


def write(path, given, values):
    import keras

    model = keras.Model(given, values)
    for variable in model.weights:
        if "count" not in variable.path:
            variable.assign(np.abs(RNG.normal(size=variable.shape)) * 0.5)
    model.save(path)
    return model


def close(graph, model, x, lengths=None, shape=None):
    right = np.asarray(model(x))
    found = graph.run(x if graph.words else x.reshape(*(shape or (*x.shape[:2], -1))), lengths)
    assert found.shape == right.shape
    np.testing.assert_allclose(found, right, atol=1e-5 * max(np.ptp(right), np.abs(right).max()), rtol=0)


def test_nothing_of_tensorflow_is_imported(tmp_path):
    path = saved(tmp_path)
    code = (
        "import sys\nfrom rnnexp.formats.keras.reader import read\n"
        f"print(len(read({str(path)!r}).nodes))\nassert not {{'tensorflow', 'keras'}} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 9


@pytest.mark.parametrize(("until", "last"), [("norm", "norm"), ("both", "both"), ("answer", "answer"), ("", "answer")])
def test_parts_end_with_a_layer(tmp_path, until, last):
    graph = read(saved(tmp_path), until)
    assert graph.output == last
    assert graph.nodes[-1].name == last
    assert (graph.features, graph.steps, graph.masking) == (3, 12, None)
    assert graph.framework.startswith("Keras 3.")


def test_a_part_is_named_well(tmp_path):
    with pytest.raises(UserError, match=r"has no layer 'boht'; did you mean 'both'\? \(it has: conv, norm"):
        read(saved(tmp_path), "boht")


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("direction", ["forwards", "backwards", "both"])
def test_words_of_different_lengths(tmp_path, every_step, direction):
    import keras

    given = keras.Input((9,), dtype="int32")
    values = keras.layers.Embedding(11, 5, mask_zero=True)(given)
    layer = keras.layers.LSTM(4, return_sequences=every_step and direction != "backwards")
    if direction == "both":
        layer = keras.layers.Bidirectional(layer)
    if direction == "backwards":
        layer = keras.layers.LSTM(4, go_backwards=True)
    values = keras.layers.Dropout(0.2)(layer(values))
    if len(values.shape) == 3:
        values = keras.layers.GlobalAveragePooling1D()(keras.layers.Dense(3, activation="relu")(values))
    model = write(tmp_path / "m.keras", given, values)
    lengths = np.array([9, 4, 1])
    words = RNG.integers(1, 11, (3, 9)) * (np.arange(9) < lengths[:, None])
    graph = read(tmp_path / "m.keras")
    assert graph.masking == Masking(0.0)
    assert graph.words
    close(graph, model, words, lengths)


@pytest.mark.parametrize("value", [0.0, -1.5])
def test_masked_steps(tmp_path, value):
    import keras

    given = keras.Input((6, 2))
    model = write(tmp_path / "m.h5", given, keras.layers.GRU(3)(keras.layers.Masking(value)(given)))
    lengths = np.array([6, 2])
    x = np.where((np.arange(6) < lengths[:, None])[..., None], RNG.normal(size=(2, 6, 2)), value).astype(np.float32)
    graph = read(tmp_path / "m.h5")
    assert graph.masking == Masking(value)
    close(graph, model, x, lengths)


def test_a_row_of_numbers_that_becomes_steps(tmp_path):
    import keras

    given = keras.Input((12,))
    model = write(tmp_path / "m.keras", given, keras.layers.LSTM(3)(keras.layers.Reshape((-1, 3))(given)))
    graph = read(tmp_path / "m.keras")
    assert (graph.features, graph.steps) == (3, 4)
    close(graph, model, RNG.normal(size=(2, 12)).astype(np.float32), shape=(2, 4, 3))


def test_a_layer_that_is_called_twice(tmp_path):
    import keras

    given, dense = keras.Input((4, 3)), keras.layers.Dense(3, activation="tanh", name="dense")
    model = write(tmp_path / "m.keras", given, keras.layers.Add()([dense(given), dense(dense(given))]))
    graph = read(tmp_path / "m.keras")
    assert {"dense", "dense/2"} <= {node.name for node in graph.nodes}
    close(graph, model, RNG.normal(size=(2, 4, 3)).astype(np.float32))


@pytest.mark.parametrize(
    ("cell", "further"),
    [
        ("simple", {}),
        ("lstm", {}),
        ("lstm", {"projection": 3}),
        ("lstm-peephole", {}),
        ("lstm-peephole", {"projection": 3}),
        ("gru", {}),
        ("fastgrnn", {}),
        ("fastgrnn", {"rank": 1}),
    ],
)
@pytest.mark.parametrize("activation", ["custom", "tanh", "relu"])
@pytest.mark.parametrize("form", ["plain", "both", "linear path", "every step", "two layers"])
def test_models_that_a_run_keeps(tmp_path, cell, further, activation, form):
    layers = (Layer(cell, 4, form == "both", **further),) * (2 if form == "two layers" else 1)
    architecture = Architecture(
        features=3, outputs=2, layers=layers, activation=activation, max_value=1.7, sequence_length=6,
        every_step=form == "every step", linear_path=form == "linear path",
    )  # fmt: skip
    weights = [RNG.normal(size=shape) * 0.5 for shape in architecture.shapes.values()]
    network = Network.of(architecture, weights)
    to_keras(network).save(tmp_path / "model.keras")
    x = RNG.normal(size=(3, 6, 3))
    found = read(tmp_path / "model.keras").run(x)
    # Keras keeps float32 numbers.
    np.testing.assert_allclose(found, network.run(x), atol=2e-5, rtol=0)


def refusal(path):
    with pytest.raises(UserError) as caught:
        read(path)
    return str(caught.value)


def test_layers_that_cannot_be_converted_are_named(tmp_path):
    import keras

    layers, given = keras.layers, keras.Input((6, 4), name="given")
    values = layers.LSTM(4, return_sequences=True, name="lstm_1")(given)
    for layer, message in (
        (layers.LayerNormalization(name="odd"), '"odd" (LayerNormalization), cannot be converted. '
         "What is ahead of it can: --until lstm_1"),
        (layers.Permute((2, 1), name="odd"), "exchanges axes (dims is [2, 1])"),
        (layers.PReLU(name="odd"), '"odd" (PReLU), cannot be converted'),
        (layers.Bidirectional(layers.GRU(2), merge_mode="mul", name="odd"), "merge_mode is 'mul'; known are concat"),
        (layers.Reshape((4, 6), name="odd"), "makes [4, 6] of [6, 4], which mixes steps"),
        (layers.BatchNormalization(axis=1, name="odd"), "axis is 1; it can only be the last one"),
        (layers.GRU(2, activation="softmax", name="odd"), "softmax in a recurrent cell"),
        (layers.GRU(2, recurrent_activation="squareplus", name="odd"), "recurrent_activation is 'squareplus'; known"),
        (layers.TimeDistributed(layers.RepeatVector(2), name="odd"), "is applied to each step"),
        (layers.ZeroPadding1D(2, data_format="channels_first", name="odd"), "data_format is 'channels_first'"),
    ):  # fmt: skip
        write(tmp_path / "m.keras", given, layer(values))
        found = refusal(tmp_path / "m.keras")
        assert message in found
        assert found.startswith("layer 2, ")
        assert found.endswith("What is ahead of it can: --until lstm_1")


def test_what_depends_on_padding_is_refused(tmp_path):
    import keras

    layers, given = keras.layers, keras.Input((6,), dtype="int32")
    words = layers.Embedding(5, 4, mask_zero=True)(given)
    for layer, message in (
        (layers.Conv1D(2, 2), "would take the steps that the mask hides"),
        (layers.Flatten(), "would take the steps that the mask hides"),
        (layers.GlobalMaxPooling1D(), "would take the steps of padding too"),
        (layers.LSTM(2, return_sequences=True, go_backwards=True), "go_backwards with return_sequences"),
        (layers.LSTM(2, return_sequences=True, zero_output_for_mask=True), "zero_output_for_mask is True"),
    ):
        write(tmp_path / "m.keras", given, layer(words))
        assert message in refusal(tmp_path / "m.keras")
    write(tmp_path / "m.keras", given, layers.GRU(3)(layers.RepeatVector(4)(layers.GRU(2)(words))))
    assert "does not see the mask" in refusal(tmp_path / "m.keras")
    inner = keras.Input((6, 4))
    write(tmp_path / "m.keras", inner, layers.GRU(3)(layers.Masking()(layers.Dense(4)(inner))))
    assert "does not read the network's input" in refusal(tmp_path / "m.keras")


def test_several_inputs_outputs_and_states(tmp_path):
    import keras

    layers, given, other = keras.layers, keras.Input((6, 4)), keras.Input((6, 4))
    write(tmp_path / "m.keras", [given, other], layers.Add()([given, other]))
    assert "has 2 inputs; one is read" in refusal(tmp_path / "m.keras")
    write(tmp_path / "m.keras", given, [layers.Dense(1)(given), layers.Dense(2)(given)])
    assert "has 2 outputs; one is read" in refusal(tmp_path / "m.keras")
    values, state, memory = layers.LSTM(3, return_sequences=True, return_state=True, name="lstm")(given)
    model = write(tmp_path / "m.keras", given, layers.Dense(2)(values))
    close(read(tmp_path / "m.keras"), model, RNG.normal(size=(2, 6, 4)).astype(np.float32))
    write(tmp_path / "m.keras", given, layers.Dense(2)(memory))
    assert "reads the cell state of 'lstm'" in refusal(tmp_path / "m.keras")
    write(tmp_path / "m.keras", given, memory)
    assert "what goes out is the cell state of 'lstm'" in refusal(tmp_path / "m.keras")
    _, forward, _, backward, _ = layers.Bidirectional(layers.LSTM(3, return_state=True), name="both")(given)
    write(tmp_path / "m.keras", given, layers.Concatenate()([forward, backward]))
    assert "reads a state of 'both'" in refusal(tmp_path / "m.keras")
    write(tmp_path / "m.keras", given, layers.LSTM(3)(values, initial_state=[state, memory]))
    assert "initial" in refusal(tmp_path / "m.keras")
    flat = keras.Input((6,))
    write(tmp_path / "m.keras", flat, layers.Dense(2)(flat))
    assert "a sequence is needed" in refusal(tmp_path / "m.keras")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU", "cell"])
def test_what_a_layer_comes_to_is_its_state(tmp_path, kind, every_step, suffix):
    import keras

    layers, given = keras.layers, keras.Input((6, 4))
    options = {"return_sequences": every_step, "return_state": True, "name": "layer"}
    layer = layers.RNN(layers.GRUCell(3), **options) if kind == "cell" else getattr(layers, kind)(3, **options)
    values, state, *_ = layer(given)
    path, x = tmp_path / f"m{suffix}", RNG.normal(size=(2, 6, 4)).astype(np.float32)
    beside = layers.GlobalAveragePooling1D()(values) if every_step else values
    for answer in (state, layers.Dense(2)(state), layers.Concatenate()([state, beside])):
        model = write(path, given, answer)
        close(read(path), model, x)
        # The float check builds the same.
        np.testing.assert_allclose(outputs_here(load(path), x)[""], model(x), rtol=1e-5, atol=1e-6)


def test_parts_begin_with_a_layer(tmp_path):
    import keras

    layers, given = keras.layers, keras.Input((6, 4))
    strange = layers.Lambda(lambda x: x * 2, name="strange")(given)
    first = layers.GRU(4, return_sequences=True, name="first")(strange)
    both = layers.Concatenate(name="both")([layers.LSTM(3, return_sequences=True, name="side")(first), first])
    last = layers.Dense(2, name="last")(layers.LSTM(3, name="second")(both))
    model, x = keras.Model(given, last), RNG.normal(size=(2, 6, 4)).astype(np.float32)
    behind = keras.Model(given, first).predict(x, verbose=0)
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"m{suffix}"
        model.save(path)
        stored = load(path)
        for begin, read_there in (("first", 2 * x), ("side", behind)):
            part = beginning(stored, begin)
            np.testing.assert_allclose(of_stored(part).run(read_there), model(x), rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(outputs_here(part, read_there)[""], model(x), rtol=1e-5, atol=1e-5)
            ends = of_stored(beginning(stored, begin, "both"), "both")
            assert [node.name for node in ends.nodes][-1] == "both"
        with pytest.raises(UserError, match="'both' reads 2 values"):
            beginning(stored, "both")
        with pytest.raises(UserError, match="has no layer 'secnd'; did you mean 'second'"):
            beginning(stored, "secnd")


@pytest.mark.parametrize(
    ("layer", "option", "value", "message"),
    [
        ("conv", "new_option", 3, "the option new_option is not known (it is 3)"),
        ("conv", "groups", 3, "its 3 groups do not divide"),
        ("norm", "renorm", True, "renorm is True; it can only be False"),
        ("lstm", "return_sequences", "yes", "return_sequences is 'yes', neither true nor false"),
        ("lstm", "units", 6.5, "units is 6.5, no number above 0"),
        ("side", "dtype", {"class_name": "QuantizedDTypePolicy", "config": {}}, "its weights are stored as"),
        ("side", "dtype", "int8", "dtype is 'int8'; known are"),
        ("side", "lora_rank", 4, "lora_rank is 4; it can only be None"),
        ("side", "units", 5, "where [4, 5] is needed"),
        ("side", "activation", {"class_name": "function", "config": "f", "registered_name": "my>f"}, "not in the file"),
    ],
)  # fmt: skip
def test_options_are_never_passed_over(tmp_path, layer, option, value, message):
    def change(config):
        (entry,) = [each for each in config["config"]["layers"] if each["config"]["name"] == layer]
        entry["config"][option] = value

    found = refusal(with_config(saved(tmp_path), tmp_path / "changed.keras", change))
    assert message in found
    assert f'"{layer}"' in found
    assert json.dumps(found).count("\\n") == 0
