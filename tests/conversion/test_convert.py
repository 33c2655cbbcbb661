"""Conversions of networks of Keras, from file to report: what is right, and what is said where something is not."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.random_networks import simple

import rnnexp
from rnnexp import cli
from rnnexp.conversion import given
from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.formats.npz import weights
from rnnexp.preprocessing.numeric_maps import WindowRange
from rnnexp.runtimes.tflite import TFLiteModel

pytestmark = pytest.mark.usefixtures("in_this_process")
STEPS, FEATURES = 6, 3


def inputs(samples=40, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, STEPS, FEATURES)).astype(np.float32)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Files of networks, by name."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("models")
    shape = (STEPS, FEATURES)
    models = {
        "lstm": [keras.Input(shape), layers.LSTM(5), layers.Dense(3, activation="softmax")],
        "gru": [keras.Input(shape), layers.GRU(4, return_sequences=True), layers.Dense(2)],
        "words": [
            keras.Input((STEPS,), dtype="int32"),
            layers.Embedding(9, 4, mask_zero=True),
            layers.GRU(4),
            layers.Dense(1, activation="sigmoid"),
        ],
        "norm": [
            keras.Input(shape),
            layers.LSTM(5, name="first"),
            layers.LayerNormalization(name="odd"),
            layers.Dense(2),
        ],
        "masked": [keras.Input(shape), layers.Masking(), layers.GRU(4, return_sequences=True), layers.Dense(2)],
        "labels": [keras.Input(shape), layers.SimpleRNN(4), layers.Dense(3, activation="sigmoid")],
        "yes": [keras.Input(shape), layers.SimpleRNN(4), layers.Dense(1, activation="sigmoid")],
        "one": [keras.Input(shape), layers.SimpleRNN(4), layers.Dense(1)],
        "strange": [
            keras.Input(shape),
            layers.Lambda(lambda x: x * x, name="odd"),
            layers.LSTM(4, name="behind"),
            layers.Dense(1, activation="sigmoid", bias_initializer=keras.initializers.Constant(-6.0)),
        ],
        "spectra": [
            keras.Input((STEPS, FEATURES, 2)),
            layers.Conv2D(2, 3, padding="same"),
            layers.TimeDistributed(layers.Flatten()),
            layers.GRU(4),
            layers.Dense(2),
        ],
        "any": [keras.Input((None, FEATURES)), layers.SimpleRNN(4, activation="relu"), layers.Dense(2)],
    }
    for name, parts in models.items():
        keras.Sequential(parts).save(folder / f"{name}.keras")
    return {name: folder / f"{name}.keras" for name in models}


@pytest.fixture(scope="module")
def lstm(saved):
    return rnnexp.convert(saved["lstm"], Samples("--calibration", inputs(400)), Samples("--evaluate", inputs(30, 1)))


def test_it_gives_what_its_file_gives(lstm):
    content = lstm.contents["-int8.tflite"]
    x = inputs(20, 2)
    expected = TFLiteModel(content).predict(lstm.candidate.inputs(x))
    found = lstm(x)
    assert found.shape == (20, 3)
    # The file's probabilities are rounded to 1/256.
    assert np.abs(found - expected).max() < 1.01 / 256


def test_the_float_file_gives_what_the_network_does(lstm):
    x = inputs(5, 3)
    found = TFLiteModel(lstm.contents["-float32.tflite"]).predict(x)
    assert np.abs(found - lstm.candidate.graph.run(lstm.candidate.inputs(x))).max() < 1e-5


def test_the_report_says_what_was_measured(lstm):
    report = lstm.report
    assert report.float_check.difference <= report.float_check.limit
    assert 0.9 < report.fidelity.ratio < 1.3
    assert report.data.held_out
    assert {bits.runtime for bits in report.bits} >= {"LiteRT", "LiteRT's reference kernels"}
    assert report.tried[0].choice == "one scale of the input"
    assert report.chosen in {way.choice for way in report.tried}
    assert json.loads(lstm.contents["-report.json"])["fidelity"]["ratio"] == report.fidelity.ratio
    for text in (lstm.contents["-report.md"], lstm.contents["-report.html"]):
        assert "lstm" in text
        assert report.chosen in text


def test_all_files_are_written(lstm, tmp_path):
    paths = lstm.save(tmp_path / "out")
    suffixes = {path.name.removeprefix("lstm") for path in paths}
    assert suffixes >= {
        *("-int8.tflite", "-step-int8.tflite", "-float32.tflite", "-weights.npz", ".h", ".c", "-test.c", "-main.c"),
        *("-report.json", "-report.md", "-report.html"),
    }
    assert all(path.stat().st_size for path in paths)


def test_right_answers_give_accuracy_or_gap(saved):
    x = inputs()
    classes = rnnexp.convert(saved["lstm"], x, Samples("--evaluate", x, np.arange(40) % 3), float32=False).report
    assert set(classes.fidelity.accuracy) == {"float", "int8"}
    y = np.random.default_rng(0).normal(size=(40, STEPS, 2))
    values = rnnexp.convert(saved["gru"], x, Samples("--evaluate", x, y), float32=False).report
    assert abs(values.fidelity.gap) < 0.01
    assert values.fidelity.robust_gap is not None


def test_words_of_different_lengths(saved):
    rng = np.random.default_rng(0)
    x, lengths = rng.integers(1, 9, (40, STEPS)), rng.integers(1, STEPS + 1, 40)
    x[np.arange(STEPS) >= lengths[:, None]] = 0
    made = rnnexp.convert(saved["words"], x, float32=False)
    assert made.report.float_check.difference <= 1e-5
    assert made.report.data.real_steps == pytest.approx((lengths / STEPS).mean())
    assert made(x, lengths).shape == (40, 1)
    assert TFLiteModel(made.contents["-int8.tflite"]).variable_length


@pytest.mark.parametrize("at_end", [True, False])
def test_masked_inputs_are_given_as_the_model_takes_them(saved, at_end):
    import keras

    x, lengths = inputs(), np.random.default_rng(0).integers(1, STEPS + 1, 40)
    there = np.arange(STEPS) < lengths[:, None]
    there = there if at_end else there[:, ::-1]
    x[~there] = 0
    exact = keras.models.load_model(saved["masked"]).predict(x, verbose=0)
    made = rnnexp.convert(saved["masked"], Samples("--calibration", x, exact), float32=False)
    step = made.candidate.integers.output.scale
    assert np.abs(made(x) - exact)[there].max() < 2 * step
    # Answers that are the network's own outputs leave no gap but its square.
    assert 0 < made.report.fidelity.gap < 1e-3
    with pytest.raises(UserError, match="the model takes"):
        made(x[0])


def test_spectra_of_several_channels(saved):
    import keras

    x = np.random.default_rng(0).normal(size=(40, STEPS, FEATURES, 2)).astype(np.float32)
    made = rnnexp.convert(saved["spectra"], x, float32=False)
    exact = keras.models.load_model(saved["spectra"]).predict(x, verbose=0)
    assert np.abs(made(x) - exact).max() < 3 * made.candidate.integers.output.scale


def test_spectra_that_go_out_as_they_came_in():
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    parts = [layers.Conv2D(4, 3, padding="same", activation="relu"), layers.Conv2D(2, 3, padding="same")]
    model = keras.Sequential([keras.Input((STEPS, FEATURES, 2)), *parts])
    x = np.random.default_rng(0).normal(size=(40, STEPS, FEATURES, 2)).astype(np.float32)
    exact = model.predict(x, verbose=0)
    made = rnnexp.convert(model, Samples("--calibration", x, y=exact))
    assert made(x).shape == exact.shape
    assert np.abs(made(x) - exact).max() < 6 * made.candidate.integers.output.scale
    assert abs(made.report.fidelity.gap) < 1e-3
    assert any("[3, 2] at each step; the files have these 6 in a row" in words for words in made.report.warnings)
    found = TFLiteModel(made.contents["-float32.tflite"]).predict(x[:3].reshape(3, STEPS, -1))
    assert np.abs(found.reshape(exact[:3].shape) - exact[:3]).max() < 1e-5


def test_models_that_keras_runs_in_fewer_digits_or_with_states():
    import keras
    from keras import layers

    x = inputs(20)
    for options, batch in (({"dtype": "mixed_float16"}, {}), ({"stateful": True}, {"batch_size": 4})):
        model = keras.Sequential([keras.Input((STEPS, FEATURES), **batch), layers.LSTM(4, **options), layers.Dense(2)])
        made = rnnexp.convert(model, x, float32=False)
        assert made.report.float_check.difference < 1e-5


def amplifying(factor):
    """Return a network whose recurrent weights are larger than they should be, and inputs."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((40, FEATURES)), layers.SimpleRNN(16, activation="tanh"), layers.Dense(2)])
    kernel, recurrent, bias = model.layers[0].get_weights()
    model.layers[0].set_weights([kernel, factor * recurrent, bias])
    return model, np.random.default_rng(0).normal(size=(20, 40, FEATURES)).astype(np.float32)


def test_rounding_that_a_network_amplifies_is_no_misreading():
    model, x = amplifying(2.3)
    check = rnnexp.convert(model, x, float32=False).report.float_check
    assert 1e-5 < check.difference <= check.limit


def test_what_amplifies_rounding_until_nothing_can_be_said_is_refused():
    model, x = amplifying(4.0)
    with pytest.raises(UserError, match=r"cannot be checked: the last digit of its weights, in float32, changes"):
        rnnexp.convert(model, x, float32=False)


def test_a_decoder_of_two_directions_has_no_file_of_a_step():
    import keras
    from keras import layers

    parts = [layers.GRU(4), layers.Dense(2), layers.RepeatVector(3)]
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True))
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), *parts, both, layers.Dense(2)])
    made = rnnexp.convert(model, inputs(), float32=False)
    assert "-encoder-int8.tflite" in made.contents
    assert "-decoder-step-int8.tflite" not in made.contents


def test_every_form_of_right_answers(saved):
    def judged(name, y):
        made = rnnexp.convert(saved[name], inputs(), Samples("--evaluate", inputs(), y), float32=False)
        return made(inputs()), made.report.fidelity

    # Several labels of a sequence are values, not a class.
    labels = np.random.default_rng(0).integers(0, 2, (40, 3))
    found = judged("labels", labels)[1]
    assert found.accuracy is None
    assert abs(found.gap) < 0.01
    # Two classes by numbers of any type; one number that is a probability.
    yes = np.random.default_rng(0).integers(0, 2, 40)
    for y in (yes, yes[:, None], yes.astype(np.float32), yes.astype(bool)):
        values, found = judged("yes", y)
        assert found.accuracy["int8"] == pytest.approx(np.mean((values[:, 0] > 0.5) == yes))
    values, found = judged("yes", np.full(40, 0.25))
    assert found.accuracy is None
    # Counts are values, of which there may be any.
    assert abs(judged("one", np.arange(40))[1].gap) < 0.1
    # Classes as floats, and rows of probabilities, which are compared with probabilities.
    classes = np.arange(40) % 3
    assert judged("lstm", classes.astype(float))[1].accuracy == judged("lstm", np.eye(3)[classes])[1].accuracy
    soft = np.random.default_rng(0).dirichlet(np.ones(3), 40)
    values, found = judged("lstm", soft)
    exact = rnnexp.convert(saved["lstm"], inputs(), output="int16", input="int16", float32=False)(inputs())
    gap = (np.mean((values - soft) ** 2) - np.mean((exact - soft) ** 2)) / np.var(soft)
    assert found.gap == pytest.approx(gap, abs=1e-3)


@pytest.mark.parametrize("name", ["..", "a/b", "-", "a\nb", "x" * 300])
def test_names_that_no_file_can_have(saved, name):
    with pytest.raises(UserError, match="the name is"):
        rnnexp.convert(saved["lstm"], inputs(), name=name, float32=False)


def test_a_folder_that_cannot_be_written_to(lstm, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write into"):
        lstm.save(tmp_path / "file" / "folder")


def test_a_model_in_memory_that_is_no_good_is_named():
    import keras

    model = keras.Sequential([keras.Input((STEPS, FEATURES)), keras.layers.LSTM(2)], name="mine")
    weights = model.get_weights()
    model.set_weights([np.full_like(values, np.nan) for values in weights])
    with pytest.raises(UserError, match=r"^mine: the weights"):
        rnnexp.convert(model, inputs(), float32=False)
    # TensorFlow knows no such names.
    model = keras.Sequential([keras.Input((STEPS, FEATURES)), keras.layers.LSTM(2)], name="日本")
    with pytest.raises(UserError, match=r"Keras itself cannot run it: .*scope name"):
        rnnexp.convert(model, inputs(), float32=False)


def test_steps_are_the_users_where_the_model_leaves_them_open(saved):
    x = np.random.default_rng(0).normal(size=(10, 12, FEATURES))
    made = rnnexp.convert(saved["any"], x, steps=5, float32=False)
    assert (made.report.data.calibration, made.report.data.time_steps) == (20, 5)


def test_input_and_output_types(saved):
    made = rnnexp.convert(saved["gru"], inputs(), input="int16", output="int16", float32=False)
    assert {model.dtype for model in (TFLiteModel(made.contents["-int8.tflite"]).input,)} == {np.int16}
    assert TFLiteModel(made.contents["-int8.tflite"]).output.dtype == np.int16
    mixed = rnnexp.convert(saved["gru"], inputs(), input="int16", float32=False)
    model = TFLiteModel(mixed.contents["-int8.tflite"])
    assert (model.input.dtype, model.output.dtype) == (np.int16, np.int8)


def test_what_is_outside_of_the_calibration_is_said(saved):
    report = rnnexp.convert(saved["lstm"], inputs(), 3 * inputs(20, 1), float32=False).report
    assert any("lie outside what the calibration data showed" in warning for warning in report.warnings)


def test_part_of_a_network(saved):
    report = rnnexp.convert(saved["norm"], inputs(), until="first", float32=False).report
    assert report.source.layers == ["first: Recurrent"]
    assert report.float_check.difference <= 1e-5


def test_a_part_behind_what_cannot_be_read_and_a_yes_or_no_of_one_side(saved):
    import keras

    with pytest.raises(UserError, match=r'"odd" .*Lambda.* cannot be converted'):
        rnnexp.convert(saved["strange"], inputs(), float32=False)
    whole = keras.models.load_model(saved["strange"], safe_mode=False)
    converted = rnnexp.convert(saved["strange"], np.square(inputs()), begin="behind", float32=False)
    np.testing.assert_allclose(converted(np.square(inputs())), whole.predict(inputs(), verbose=0), atol=1e-3)
    assert converted.report.float_check.difference <= 1e-5
    (warning,) = converted.report.warnings
    assert "shows no alone (probabilities below 0.5): int8 can never answer yes" in warning
    assert converted(100 * inputs()).max() <= 0.51


MISTAKES = [
    ("lstm", {"x": np.zeros((4, STEPS, 8))}, r"has x \[4, 6, 8\], the model takes \[n, time, 3\]"),
    ("lstm", {"x": np.zeros((4, 9, FEATURES))}, "sequences of 9 steps, not of 6"),
    ("lstm", {"x": np.full((4, STEPS, FEATURES), np.nan)}, "nan: 72 numbers are not finite"),
    ("lstm", {"x": inputs(), "y": np.zeros(7, int)}, r"has y \[7\] for x \[40, 6, 3\]: an answer for each"),
    ("lstm", {"x": inputs(), "y": np.zeros((40, 2), int)}, r"has y \[40, 2\] of int64: right are classes \[40\]"),
    ("lstm", {"x": inputs(), "y": np.full(40, 3)}, "has y from 3 to 3, the model has classes 0 to 2"),
    ("lstm", {"x": inputs(), "y": np.array(3)}, r"has y \[\] for x \[40, 6, 3\]: an answer for each"),
    ("one", {"x": inputs(), "y": np.full(40, np.nan)}, "has y with numbers that are not finite"),
    ("words", {"x": np.array([[1, 0, 2, 3, 4, 5]])}, "has padding .* in its middle, at step"),
    ("words", {"x": np.zeros((3, STEPS), int)}, "sequence 0 is all padding"),
    ("words", {"x": np.ones((3, STEPS), int), "lengths": np.full(3, 4)}, "has length 4, and 6 steps that the model"),
    ("words", {"x": np.full((3, STEPS), 0.5)}, "x with fractions"),
    (
        "words",
        {"x": np.full((3, STEPS), 9)},
        "sequence 0 has 9 at step 0, and the words are whole numbers from 0 to 8; 18",
    ),
    ("words", {"x": np.full((3, STEPS), -1)}, "sequence 0 has -1 at step 0"),
    ("norm", {"x": inputs()}, '"odd" .*LayerNormalization.* cannot be converted.*--until first'),
]


@pytest.mark.parametrize(("name", "data", "message"), MISTAKES, ids=[message[:30] for *_, message in MISTAKES])
def test_mistakes_are_one_message_and_leave_nothing(saved, name, data, message, tmp_path, monkeypatch, capsys):
    np.savez(tmp_path / "data.npz", **data)
    monkeypatch.chdir(tmp_path)
    arguments = ["rnnexp", "convert", str(saved[name]), "--calibration", "data.npz", "--no-float"]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capsys.readouterr()
    assert (caught.value.code, said.out) == (2, "")
    assert len(said.err.strip().splitlines()) == 1
    with pytest.raises(UserError, match=message):
        rnnexp.convert(saved[name], "data.npz", float32=False)
    assert not (tmp_path / "tflite_models").exists()


@pytest.mark.parametrize(
    ("limits", "code", "said"),
    [
        (["ratio>9", "bytes>1e6"], 0, []),
        (
            ["ratio>9", "bytes>10", "gap>0.1"],
            3,
            [
                "gate failed: bytes (models.int8.bytes) is ",
                "gate failed: gap (fidelity.gap) cannot be judged: there is none in the report",
            ],
        ),
    ],
)
def test_limits_on_its_figures(saved, tmp_path, monkeypatch, capsys, limits, code, said):
    np.savez(tmp_path / "data.npz", x=inputs())
    monkeypatch.chdir(tmp_path)
    flags = [part for limit in limits for part in ("--fail-on", limit)]
    arguments = ["rnnexp", "convert", *flags, str(saved["lstm"]), "--calibration", "data.npz", "--no-float"]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    lines = capsys.readouterr().err.splitlines()
    assert caught.value.code == code
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True))
    assert (tmp_path / "tflite_models" / "lstm-int8.tflite").exists()


def test_a_limit_that_is_none_ends_it_before_it_begins(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "sys.argv", ["rnnexp", "convert", "none.keras", "--calibration", "none.npz", "--fail-on", "rmse>1"]
    )
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capsys.readouterr().err
    assert caught.value.code == 2
    assert "--fail-on: 'rmse>1': there is no figure 'rmse'" in said
    assert "fidelity.ratio" in said


@pytest.mark.parametrize("name", ["lstm", "gru", "yes"])
def test_its_own_weights_convert_to_the_same_integers(saved, tmp_path, name):
    first = rnnexp.convert(saved[name], inputs(), float32=False)
    first.save(tmp_path)
    path = tmp_path / f"{name}-weights.npz"
    again = rnnexp.convert(path, inputs(), float32=False)
    assert again.report.float_check.difference < 1e-6
    np.testing.assert_array_equal(again(inputs(9)), first(inputs(9)))
    with pytest.raises(UserError, match="it cannot be cut"):
        rnnexp.convert(path, inputs(), begin="rnn", float32=False)
    np.savez(tmp_path / "others.npz", kernel=np.zeros((3, 3)))
    with pytest.raises(UserError, match=r"others.npz has weights alone"):
        rnnexp.convert(tmp_path / "others.npz", inputs(), float32=False)


def test_a_network_of_a_run_reads_what_its_normalization_makes(tmp_path):
    network = simple(4, steps=STEPS, features=1, activation="custom")
    about = About.of(
        network.architecture,
        task="regression",
        dataset="d",
        input_map=WindowRange(to=1.0, flat_range=1.0),
        units="dollars",
    )
    path = tmp_path / "d-weights.npz"
    path.write_bytes(weights.to_npz(weights.arrays(network, None, about)))
    made = rnnexp.convert(path, inputs()[..., :1], float32=False)
    assert any("'window' has made" in warning for warning in made.report.warnings)


def test_a_misread_network_is_refused_by_its_layer(saved, monkeypatch):
    opened = given.open_model

    def misread(*arguments):
        source = opened(*arguments)
        first, *rest = source.graph.nodes
        wrong = replace(first, activation="relu")
        return replace(source, graph=replace(source.graph, nodes=(wrong, *rest)))

    monkeypatch.setattr(given, "open_model", misread)
    with pytest.raises(UserError, match=r"was misread at 'lstm.*nothing was written"):
        rnnexp.convert(saved["lstm"], inputs(), float32=False)


def test_no_model(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        rnnexp.convert(tmp_path / "none.keras", inputs())
    (tmp_path / "odd.txt").write_text("?")
    with pytest.raises(UserError, match="of no kind that is read"):
        rnnexp.convert(tmp_path / "odd.txt", inputs())
    with pytest.raises(UserError, match="is a folder"):
        rnnexp.convert(tmp_path, inputs())
    with pytest.raises(UserError, match="a list is no path"):
        rnnexp.convert([], inputs())
