"""``rnnexp run`` on networks of words, and of padding that a mask hides: what Keras gives, by every runtime."""

import csv
import io

import numpy as np
import pytest
from helpers.c_compiler import needs_compiler

import rnnexp
from rnnexp import cli
from rnnexp.commands import run
from rnnexp.conversion.samples import Samples
from rnnexp.formats.about import ENTRY
from rnnexp.formats.tflite.metadata import metadata, read_about

pytestmark = pytest.mark.usefixtures("in_this_process")
STEPS, FEATURES, WORDS, SAMPLES = 7, 3, 9, 60
# Of the mask of numbers: float32 has another number nearest to it than float64.
HIDDEN = -0.1
# What int8 may cost, in steps of its outputs.
MOST_STEPS = 4


def real(seed=0, *, at_end=True):
    """Return which steps of sequences of any length are real, and the lengths."""
    lengths = np.random.default_rng(seed).integers(1, STEPS + 1, SAMPLES)
    there = np.arange(STEPS) < lengths[:, None]
    return (there if at_end else there[:, ::-1]), lengths


def words(seed=0, *, masked=False, at_end=True):
    drawn = np.random.default_rng(seed).integers(1, WORDS, (SAMPLES, STEPS))
    return np.where(real(seed, at_end=at_end)[0], drawn, 0) if masked else drawn


def numbers(seed=0, *, at_end=True):
    drawn = np.random.default_rng(seed).uniform(-1, 1, (SAMPLES, STEPS, FEATURES))
    return np.where(real(seed, at_end=at_end)[0][..., None], drawn, HIDDEN).astype(np.float32)


@pytest.fixture(scope="module")
def models():
    """Networks of Keras, by name."""
    import keras
    from keras import layers

    def model(*parts):
        made = keras.Sequential(parts)
        # As large as trained ones.
        rng = np.random.default_rng(1)
        made.set_weights([rng.normal(size=values.shape) * 0.7 for values in made.get_weights()])
        return made

    given = keras.Input((STEPS,), dtype="int32")
    return {
        "words": model(given, layers.Embedding(WORDS, 4), layers.GRU(6), layers.Dense(2)),
        "masked": model(given, layers.Embedding(WORDS, 4, mask_zero=True), layers.GRU(6), layers.Dense(2)),
        "classes": model(
            given, layers.Embedding(WORDS, 4, mask_zero=True), layers.GRU(6), layers.Dense(3, activation="softmax")
        ),
        "numbers": model(keras.Input((STEPS, FEATURES)), layers.Masking(HIDDEN), layers.GRU(6), layers.Dense(2)),
        "tags": model(
            keras.Input((STEPS, FEATURES)),
            layers.Masking(HIDDEN),
            layers.GRU(6, return_sequences=True),
            layers.Dense(2),
        ),
    }


@pytest.fixture(scope="module")
def files(models, tmp_path_factory):
    """Convert networks, and return the paths of int8 and float32 files and the step of the output."""
    folder, made = tmp_path_factory.mktemp("converted"), {}

    def convert(name, calibration, key=None):
        key = key or name
        if key not in made:
            converted = rnnexp.convert(models[name], calibration, name=key)
            converted.save(folder)
            made[key] = (
                {kind: folder / f"{key}-{kind}.tflite" for kind in ("int8", "float32")},
                converted.candidate.integers.output.scale,
            )
        return made[key]

    return convert


def saved(path, **arrays):
    np.save(path, arrays["x"]) if path.suffix == ".npy" else np.savez(path, **arrays)
    return path


@pytest.fixture
def answer(capsys):
    """Run the command, and return its text; it says nothing beside."""

    def call(*arguments):
        assert run.main([str(argument) for argument in arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return call


def table(text, *names):
    return np.array([[float(row[name]) for name in names] for row in csv.DictReader(io.StringIO(text))])


TARGETS = ("prediction_1", "prediction_2")


@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize("name", ["words", "masked"])
def test_predictions_of_words_are_those_of_keras(files, models, answer, tmp_path, name, kind):
    found, step = files(name, words(masked=name == "masked"))
    x = words(1, masked=name == "masked")
    made = table(answer(found[kind], saved(tmp_path / "x.npy", x=x)), *TARGETS)
    expected = models[name].predict(x, verbose=0)
    assert np.abs(made - expected).max() < (MOST_STEPS * step if kind == "int8" else 1e-5)


def test_classes_of_words(files, models, answer, tmp_path):
    found, _ = files("classes", words(masked=True))
    x = words(1, masked=True)
    rows = list(csv.DictReader(io.StringIO(answer(found["int8"], saved(tmp_path / "x.npy", x=x)))))
    expected = models["classes"].predict(x, verbose=0)
    made = np.array([[float(row[name]) for name in "012"] for row in rows])
    assert np.abs(made - expected).max() < 0.05
    clear = np.ptp(np.sort(expected, axis=1)[:, -2:], axis=1) > 0.1
    assert clear.mean() > 0.5
    assert np.array_equal(np.array([int(row["class"]) for row in rows])[clear], expected.argmax(axis=1)[clear])


@pytest.mark.parametrize("given_at_end", [True, False])
@pytest.mark.parametrize("file_at_end", [True, False])
@pytest.mark.parametrize("name", ["numbers", "tags"])
def test_a_mask_says_the_lengths(files, models, answer, tmp_path, name, file_at_end, given_at_end):
    found, step = files(
        name, np.concatenate([numbers(seed, at_end=file_at_end) for seed in range(4)]), f"{name}-{file_at_end}"
    )
    x = numbers(1, at_end=given_at_end)
    expected = models[name].predict(x, verbose=0)
    if name == "tags":
        expected = expected[real(1, at_end=given_at_end)[0]]
    for kind, most in (("int8", MOST_STEPS * step), ("float32", 1e-5)):
        made = table(answer(found[kind], saved(tmp_path / "x.npy", x=x)), *TARGETS)
        assert np.abs(made - expected).max() < most


@needs_compiler
@pytest.mark.parametrize("runtime", ["reference", "micro", "numpy", "c"])
@pytest.mark.parametrize("name", ["words", "masked", "numbers"])
def test_every_runtime_gives_the_same_answer(files, answer, tmp_path, name, runtime):
    if runtime == "micro":
        pytest.importorskip("tflite_micro", reason="TensorFlow Lite Micro is not installed")
    x = {seed: numbers(seed) if name == "numbers" else words(seed, masked=name == "masked") for seed in (0, 1)}
    found, _ = files(name, x[0])
    path = saved(tmp_path / "x.npy", x=x[1])
    assert answer(found["int8"], path, "--runtime", runtime) == answer(found["int8"], path)


def test_every_form_of_words_gives_the_same_answer(files, answer, tmp_path):
    x, (_, lengths) = words(1, masked=True), real(1)
    masked, _ = files("masked", words(masked=True))
    padded, _ = files("words", Samples("--calibration", words(masked=True), lengths=real()[1]), "padded")
    rows = [",".join(map(str, row[:length])) for row, length in zip(x, lengths, strict=True)]
    width = lengths[:5].max()
    forms = {
        "shorter.csv": "\n".join(rows),
        "named.csv": "\n".join(["a,b,c", *(row + "," * (STEPS - 1 - row.count(",")) for row in rows)]),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text + "\n")
    saved(tmp_path / "lengths.npz", x=x, lengths=lengths)
    saved(tmp_path / "some.npz", x=x[:5, :width].astype(np.uint8), lengths=lengths[:5])
    for model in (masked["int8"], padded["int8"]):
        expected = answer(model, tmp_path / "lengths.npz")
        for name in forms:
            assert answer(model, tmp_path / name) == expected
        assert answer(model, tmp_path / "some.npz").splitlines() == expected.splitlines()[:6]
    # Without lengths, the mask says them; what has none takes all steps as real.
    assert answer(masked["int8"], saved(tmp_path / "x.npz", x=x)) == answer(masked["int8"], tmp_path / "lengths.npz")
    assert answer(padded["int8"], saved(tmp_path / "x.npy", x=x)) != answer(padded["int8"], tmp_path / "lengths.npz")
    # Whatever is behind the real steps.
    beyond = np.where(x == 0, -7, x)
    assert answer(padded["int8"], saved(tmp_path / "beyond.npz", x=beyond, lengths=lengths)) == answer(
        padded["int8"], tmp_path / "lengths.npz"
    )


def test_a_table_is_one_recording_whose_padding_the_mask_hides(files, answer, tmp_path):
    found, _ = files("numbers", numbers())
    x, lengths = numbers(1).astype(np.float64), real(1)[1]
    number = int(np.argmax(lengths == 4))
    expected = answer(found["int8"], saved(tmp_path / "x.npy", x=x[number : number + 1])).splitlines()[1].split(",")[1:]
    for steps in (4, STEPS):
        np.savetxt(tmp_path / "one.csv", x[number, :steps], "%.17g", ",", header="a,b,c", comments="")
        assert answer(found["int8"], tmp_path / "one.csv").splitlines()[1].split(",")[1:] == expected


def test_files_say_what_their_mask_and_their_words_are(files):
    for name, data, masking, count in (
        ("words", words(), None, WORDS),
        ("masked", words(masked=True), 0.0, WORDS),
        ("numbers", numbers(), HIDDEN, 0),
    ):
        for path in files(name, data)[0].values():
            about = read_about(path.read_bytes())
            assert (about.masking, about.words) == (masking, count)
    assert "masking" not in about_of(files("words", words())[0]["int8"])


def about_of(path):
    return metadata(path.read_bytes())[ENTRY].decode()


def test_files_that_do_not_say_it_run_as_before(files, tmp_path, capsys):
    path = files("masked", words(masked=True))[0]["int8"]
    content = path.read_bytes().replace(b'"masking"', b'"mosking"').replace(b'"words"', b'"wards"')
    (tmp_path / "old.tflite").write_bytes(content)
    x = np.full((1, STEPS), WORDS + 5)
    assert run.main([str(tmp_path / "old.tflite"), str(saved(tmp_path / "x.npy", x=x))]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "old.tflite does not say how many words it knows" in err


ONE, MIDDLE = np.ones((2, STEPS), int), np.array([[1] * STEPS, [1, 0, 2, 3, 0, 0, 0]])
MISTAKES = {
    "a fraction": ("words", "x.npy", {"x": ONE * 0.5}, "sequence 0 has 0.5 at step 0, and the words are whole numbers"),
    "not a number": ("words", "x.npy", {"x": ONE * np.nan}, "sequence 0 has nan at step 0"),
    "negative": ("words", "x.npy", {"x": -ONE}, "sequence 0 has -1 at step 0"),
    "too large": ("words", "x.npy", {"x": ONE * 9}, "has 9 at step 0, and the words are whole numbers from 0 to 8; 14"),
    "another shape": ("words", "x.npy", {"x": ONE[:, 1:]}, "has the shape [2, 6]; the model takes [n, 7] words"),
    "shorter": ("words", "x.npz", {"x": ONE[:, 1:]}, "has sequences of 6 steps, and the model takes 7"),
    "lengths": ("words", "x.npz", {"x": ONE, "lengths": [2, 3]}, "takes sequences of 7 steps, and no lengths"),
    "three dimensions": ("words", "x.npz", {"x": ONE[..., None]}, "the model takes words [n, up to 7]"),
    "a shorter row": ("words", "x.csv", "1,2,3,4,5,6,7\n1,2\n", "row 2: it has 2 words, and the model takes 7"),
    "a longer row": ("masked", "x.csv", "1,2,3,4,5,6,7,8\n", "row 1: it has 8 words, and the model takes up to 7"),
    "no number": ("masked", "x.csv", "1,2\n1,b\n", "row 2, column 2: the value is not a number: 'b'"),
    "a gap": ("masked", "x.csv", "1,,2\n", "row 1, column 2: the value is empty"),
    "an empty row": ("masked", "x.csv", "1,2\n,,\n", "row 2 is empty"),
    "nothing": ("masked", "x.csv", "", "holds no sample"),
    "another kind of file": ("words", "x.tsv", "1\t2\n", "can be run on: .csv, .npy, .npz"),
    "padding in the middle": ("masked", "x.npy", {"x": MIDDLE}, "sequence 1 has padding (0) in its middle, at step 1"),
    "all padding": ("masked", "x.npy", {"x": MIDDLE * 0}, "sequence 0 is all padding (0)"),
    "other lengths": ("masked", "x.npz", {"x": ONE, "lengths": [7, 3]}, "sequence 1 has length 3, and 7 steps that"),
    "numbers all padding": ("numbers", "x.npy", {"x": np.full((1, STEPS, FEATURES), HIDDEN)}, "is all padding (-0.1)"),
    "numbers not finite": ("numbers", "x.npy", {"x": np.full((1, STEPS, FEATURES), np.nan)}, "time step 1: nan is not"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_message(files, tmp_path, monkeypatch, capsys, mistake):
    model, name, data, message = MISTAKES[mistake]
    calibration = numbers() if model == "numbers" else words(masked=model == "masked")
    path = tmp_path / name
    path.write_text(data) if isinstance(data, str) else saved(path, **data)
    assert message in refused(monkeypatch, capsys, files(model, calibration)[0]["int8"], path)


@pytest.mark.parametrize(("model", "why"), [("words", "takes words"), ("numbers", "takes steps that are all -0.1 for")])
def test_there_is_no_going_on(files, tmp_path, monkeypatch, capsys, model, why):
    (tmp_path / "x.csv").write_text("1,2,3\n" * 10)
    path = files(model, numbers() if model == "numbers" else words())[0]["int8"]
    assert why in refused(monkeypatch, capsys, path, tmp_path / "x.csv", "--steps", "3")


def refused(monkeypatch, capsys, *arguments):
    """Run the command, which has to end with exit code 2, and return its one message."""
    monkeypatch.setattr("sys.argv", ["rnnexp", "run", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    return err
