"""Data sets that do not fit are refused with a message that names the field, whoever has written their module."""

import dataclasses
import re
import sys
import types

import numpy as np
import pytest
from helpers.runs import write_series

from rnnexp import datasets
from rnnexp.config import CONFIGS
from rnnexp.datasets.dataset import Continuation, Dataset, Past, Split
from rnnexp.errors import UserError
from rnnexp.preprocessing.input_map import Characters, Columns, TrainingRange, WindowRange
from rnnexp.preprocessing.series_columns import SeriesColumns

random = np.random.default_rng(0)
ROWS, STEPS, FEATURES = 40, 6, 2
X = random.normal(size=(3 * ROWS, STEPS, FEATURES)).astype(np.float32)
Y = random.normal(size=(3 * ROWS, 1)).astype(np.float32)
LABELS = np.arange(3 * ROWS, dtype=np.int32) % 3


def parts(y, **fields):
    names = ("train", "validation", "evaluation")
    return {
        name: Split(X[rows], y[rows], **fields)
        for name, rows in zip(names, (slice(i * ROWS, (i + 1) * ROWS) for i in range(3)), strict=True)
    }


GOOD = {"name": "mine", "source": "made up", "normalization": "none"}
REGRESSION = Dataset(
    **GOOD, **parts(Y), task="regression", units="m", outputs=1, baselines={"zero": np.zeros((ROWS, 1))}
)
CLASSIFICATION = Dataset(
    **GOOD,
    **parts(LABELS),
    task="classification",
    units="class",
    outputs=3,
    class_names=("a", "b", "c"),
    baselines={"any": np.full((ROWS, 3), 1 / 3)},
)


@pytest.fixture
def load(monkeypatch):
    """Load a data set, or what a function makes, by the public door: as a module that LOADERS names."""

    def loaded(made, task="regression", **settings):
        module = types.ModuleType("mine")
        module.load = made if callable(made) else lambda config: made  # noqa: ARG005
        monkeypatch.setitem(sys.modules, "mine", module)
        monkeypatch.setitem(datasets.LOADERS[task], "mine", "mine")
        return datasets.load(CONFIGS[task](dataset_name="mine", **settings))

    return loaded


def replaced(dataset, name, values):
    """Return a data set with a field, or a part's field, replaced."""
    part, _, field = name.rpartition(".")
    if part:
        values = dataclasses.replace(getattr(dataset, part), **{field: values})
    return dataclasses.replace(dataset, **{part or field: values})


def with_value(values, place, value):
    values = values.copy()
    values[place] = value
    return values


def test_what_fits_is_taken_as_it_is(load):
    for dataset, task in ((REGRESSION, "regression"), (CLASSIFICATION, "classification")):
        loaded = load(dataset, task)
        assert loaded.train is dataset.train
        assert loaded.notes == ()
    assert load(
        dataclasses.replace(CLASSIFICATION, train=Split(X[:ROWS].astype(np.float16), LABELS[:ROWS])), "classification"
    )


# Field, what is there in place of what fits, and what the message says of it.
BOTH = [
    ("train.x", X[:ROWS].tolist(), "train.x is a list, expected an array of float32"),
    (
        "train.x",
        X[:ROWS, :, 0],
        r"train.x has the shape \[40, 6\], expected \[sequences, time steps, features\]; .*None",
    ),
    ("train.x", X[:ROWS].astype(np.float64), r"train.x is an array of float64, expected float32.*astype"),
    ("evaluation.x", X[:ROWS].astype(str), "evaluation.x is an array of <U"),
    ("validation.x", X[:ROWS, :5], r"validation.x has the shape \[40, 5, 2\], expected \[n, 6, 2\]"),
    ("evaluation.x", X[:ROWS, :, :1], r"evaluation.x has the shape \[40, 6, 1\], expected \[n, 6, 2\]"),
    ("train.x", X[:0], r"train.x has the shape \[0, 6, 2\]: there is nothing in it"),
    ("train.x", X[: ROWS - 1], r"train.y has the shape .*, but there are 39 sequences in train.x"),
    (
        "train.x",
        with_value(X[:ROWS], (2, 4, 1), np.nan),
        r"train.x has no number \(sequence 3, time step 5, feature 2\)",
    ),
    ("validation.x", with_value(X[:ROWS], (0, 0, 0), -np.inf), r"validation.x has infinity \(sequence 1, time step 1"),
    ("evaluation.x", with_value(X[:ROWS], (39, 5, 1), 1e30), r"evaluation.x has 1e\+30 \(sequence 40, time step 6"),
    ("train", (X[:ROWS], Y[:ROWS]), "train is a tuple, expected a Split"),
    ("source", "", "source is empty"),
    ("units", None, "units is None, expected text"),
    ("notes", "split by day", "notes is a str, expected a tuple of texts"),
    ("answers", "each step", "answers is 'each step', expected one of 'once', 'every step', 'after the sequence'"),
    ("task", "memory", "task is 'memory', but LOADERS has it under"),
    ("input_scale", 0.0, "input_scale is 0.0, expected a positive number"),
    ("output_scale", float("nan"), "output_scale is nan, expected a positive number"),
    ("input_scale", X.max(axis=0), "input_scale is array"),
    ("outputs", 2.0, "outputs is 2.0, expected a whole number"),
    ("outputs", 0, "outputs is 0, expected a whole number from 1"),
    ("baselines", [np.zeros((ROWS, 1))], "baselines is a list, expected a dictionary"),
    ("baselines", {"zero": np.zeros(ROWS)}, r"baselines\['zero'\] has the shape \[40\], expected \[40, [13]\]"),
    ("baselines", {"zero": 0.0}, r"baselines\['zero'\] is a float, expected an array"),
    ("input_map", "window", "input_map is a str"),
    (
        "input_map",
        TrainingRange(to=1.0, minimum=(0.0,) * 3, range=(1.0,) * 3, axis="feature"),
        "input_map does not fit train.x, 6 time steps of 2 features: it is for 3 features, and there are 2",
    ),
    ("input_map", Columns(columns=(WindowRange(to=1, flat_range=1),)), "it is for 1 features, and there are 2"),
    ("input_map", Characters(characters="abc"), "input_map .characters. makes 6 time steps of 3 features"),
    ("defaults", {"learning_rat": 0.1}, r"defaults\['learning_rat'\] is no setting.*did you mean 'learning_rate'"),
    ("defaults", {"learning_rate": -1.0}, r"defaults\['learning_rate'\] is -1.0: input should be greater than 0"),
    ("defaults", {"epochs": 5}, r"defaults\['epochs'\] would have no effect: .*batch_size, learning_rate"),
    ("calibration", X[:3, :, :1], r"calibration has the shape \[3, 6, 1\], expected \[3, 6, 2\]"),
    ("calibration", X[:3] * np.float32(np.nan), "calibration has no number"),
    ("continuation", X[0, :, 0], "continuation is a ndarray, expected a Continuation"),
    (
        "continuation",
        Continuation(np.zeros(5), np.zeros(3)),
        r"continuation.window has the shape \[5\], expected \[6\]",
    ),
    (
        "continuation",
        Continuation(np.zeros(6), np.array([0.0, np.inf])),
        r"continuation.truth has infinity \(value 2\)",
    ),
    (
        "continuation",
        Continuation(X[0, :, 0], X[1, :, 0], X[0]),
        r"continuation.beside has the shape \[6, 2\], .*12, 1",
    ),
    ("origins", (Continuation(X[0, :, 0], X[1]),), r"origins\[0\].truth has the shape \[6, 2\], expected \[6\]"),
    ("floors", ("best",), "floors names 'best', which baselines does not have"),
    ("past", X, "past is a ndarray, expected a Past"),
    (
        "past",
        Past(Y[:, 0], 40, np.arange(40)),
        "past has 120 values, .*number 40, and evaluated are the numbers 0 to 39",
    ),
    ("past", Past(Y, 40, np.arange(40)), r"past.values has the shape \[120, 1\], expected \[120\]"),
    ("columns", SeriesColumns(), "columns is of 1 features and 1 outputs, but train.x has 2 features, and outputs is"),
    ("augment", X, "augment is a ndarray, expected a function"),
]
OF_REGRESSION = [
    (
        "train.y",
        Y[:ROWS, 0],
        r"train.y has the shape \[40\], expected \[sequences, outputs\] = \[40, 1\]: y\[:, None\]",
    ),
    ("outputs", 2, r"train.y has the shape \[40, 1\], expected \[40, 2\]: \[sequences, outputs\], and outputs is 2"),
    ("train.y", Y[:ROWS].astype(np.float64), "train.y is an array of float64, expected float32 targets"),
    ("validation.y", with_value(Y[:ROWS], 7, np.nan), r"validation.y has no number \(sequence 8, output 1\)"),
    ("train.y", np.full_like(Y[:ROWS], 5), "train.y is constant: the target is 5 in all 40 sequences"),
    ("train.offset", np.zeros((3, 1)), r"train.offset has the shape \[3, 1\], expected \[40, 1\] or \[1, 1\]"),
    ("train.offset", 0.0, "train.offset is a float, expected an array"),
    ("train.scale", np.ones(ROWS), r"train.scale has the shape \[40\], expected"),
    ("evaluation.scale", np.zeros((1, 1)), "evaluation.scale has 0 .*expected positive numbers"),
    ("evaluation.scale", np.full((ROWS, 1), np.nan), "evaluation.scale has no number"),
    ("train.target", Y[:ROWS, 0], r"train.target has the shape \[40\], expected \[40, 1\]"),
    ("train.target", Y[:ROWS] + 1, "train.target has .*, where offset [+] scale [*] y is"),
    ("class_names", ("a", "b"), "class_names has 2 names, but the task is regression"),
    ("answers", "every step", "answers is 'every step', which is of classification"),
    ("baselines", {"zero": np.full((ROWS, 1), np.nan)}, r"baselines\['zero'\] has no number"),
    (
        "input_map",
        TrainingRange(to=1.0, minimum=(0.0,) * 6, range=(1.0,) * 6),
        "input_map does not fit train.x.*numbers for each time step are of inputs alone",
    ),
]
OF_CLASSIFICATION = [
    ("train.y", LABELS[:ROWS] + 1, "train.y has the class number 3 .*0 to 2; they seem to begin at 1: subtract 1"),
    ("train.y", LABELS[:ROWS] - 1, "train.y has the class number -1 .*0 to 2"),
    ("evaluation.y", with_value(LABELS[:ROWS], 4, 9), r"evaluation.y has the class number 9 \(sequence 5 is the first"),
    ("train.y", LABELS[:ROWS].astype(np.float32), "train.y is an array of float32, expected int32 class numbers"),
    ("train.y", LABELS[:ROWS].astype(np.int64), r"train.y is an array of int64, expected int32.*astype\(np.int32\)"),
    ("train.y", np.array(["a"] * ROWS), "train.y is an array of <U1, expected int32 class numbers"),
    ("train.y", np.eye(3, dtype=np.int32)[LABELS[:ROWS]], r"train.y has the shape \[40, 3\], expected \[40\]"),
    ("train.y", LABELS[:ROWS] * 0 + 2, r"train.y is constant: all its class numbers are 2 \(c\)"),
    ("answers", "every step", r"train.y has the shape \[40\], expected \[40, 6\]: a class number for each time step"),
    ("answers", "after the sequence", r"train.y has the shape \[40\], expected \[sequences, steps of the answer\]"),
    ("outputs", 4, "outputs is 4, but class_names has 3 names: expected 3"),
    ("class_names", (), "class_names has 0 names, expected one for each of two classes or more"),
    ("class_names", ("a", "b", "a"), "class_names has 'a' more than once"),
    ("class_names", ("a", "", "c"), r"class_names\[1\] is empty"),
    ("class_names", "abc", "class_names is a str, expected a tuple of texts"),
    ("class_names", ("a", "b"), "outputs is 3, but class_names has 2 names: expected 1, the probability of the second"),
    ("baselines", {"any": np.ones((ROWS, 3))}, r"baselines\['any'\] has no probabilities"),
    ("baselines", {"any": np.ones((ROWS, 2)) / 2}, r"baselines\['any'\] has the shape \[40, 2\], expected \[40, 3\]"),
]
MISTAKES = [
    *(("regression", REGRESSION, *mistake) for mistake in BOTH + OF_REGRESSION),
    *(("classification", CLASSIFICATION, *mistake) for mistake in BOTH + OF_CLASSIFICATION),
]


@pytest.mark.parametrize(("task", "dataset", "field", "values", "message"), MISTAKES)
def test_a_field_that_does_not_fit_is_named(load, task, dataset, field, values, message):
    with pytest.raises(UserError, match=f"^data set 'mine': .*{message}"):
        load(replaced(dataset, field, values), task)


# ---- parts that overlap


@pytest.mark.parametrize(("task", "dataset"), [("regression", REGRESSION), ("classification", CLASSIFICATION)])
@pytest.mark.parametrize("name", ["validation", "evaluation"])
def test_a_part_that_is_in_the_training_part_is_refused(load, task, dataset, name):
    y = dataset.train.y
    half = Split(np.concatenate([X[:20], X[-20:]]), np.concatenate([y[:20], getattr(dataset, name).y[-20:]]))
    for part in (dataset.train, Split(X[:ROWS][::-1].copy(), y[::-1].copy()), half):
        with pytest.raises(UserError, match=f"data set 'mine': {name} overlaps with train: (100|50)%"):
            load(replaced(dataset, name, part), task)


def test_some_sequences_in_two_parts_are_a_note(load):
    evaluation = Split(np.concatenate([X[:2], X[-38:]]), np.concatenate([Y[:2], Y[-38:]]))
    (note,) = load(replaced(REGRESSION, "evaluation", evaluation)).notes
    assert note.startswith("2 of the 40 sequences of the validation part are in the training part too")


def test_the_same_inputs_in_other_units_are_no_overlap(load):
    evaluation = dataclasses.replace(REGRESSION.train, offset=np.full((ROWS, 1), 100.0))
    assert load(replaced(REGRESSION, "evaluation", evaluation)).notes == ()


def test_data_that_repeats_itself_everywhere_is_a_note(load):
    """Bits drawn at random: of three steps there are only eight, in every part."""
    x = random.integers(0, 2, (600, 3, 1)).astype(np.float32)
    y = x.sum(axis=1)
    parts = {
        name: Split(x[first : first + 200], y[first : first + 200])
        for name, first in (("train", 0), ("validation", 200), ("evaluation", 400))
    }
    dataset = dataclasses.replace(REGRESSION, **parts, baselines={})
    assert "200 of the 200 sequences of the validation part are in the training part too" in load(dataset).notes[0]


def test_a_series_that_comes_twice_is_a_note(here):
    write_series(here, "twice", [*range(40), *range(40)])
    dataset = datasets.load(CONFIGS["regression"](dataset_name="twice", sequence_length=5, validation_share=0.4))
    assert "of the 32 sequences of the validation part are in the training part too" in dataset.notes[-1]


@pytest.mark.parametrize(("first", "refused"), [(20_000, False), (10_000, True)])
def test_large_memory_mapped_parts_are_compared_by_some_of_their_rows(load, tmp_path, first, refused):
    x = np.memmap(tmp_path / "x", np.int16, "w+", shape=(25_000, 500, 1))
    x[:] = np.random.default_rng(1).integers(-99, 100, x.shape)
    y = np.arange(25_000, dtype=np.int32) % 3
    last = slice(first, first + 5_000)
    held_out = Split(x[last], y[last])
    dataset = dataclasses.replace(
        CLASSIFICATION,
        train=Split(x[:20_000], y[:20_000]),
        validation=held_out,
        evaluation=held_out,
        input_scale=99.0,
        baselines={},
    )
    if refused:
        with pytest.raises(UserError, match="evaluation overlaps with train"):
            load(dataset, "classification")
    else:
        assert load(dataset, "classification").notes == ()


def test_early_stopping_needs_a_part_of_its_own(load):
    dataset = dataclasses.replace(REGRESSION, evaluation=REGRESSION.validation)
    assert load(dataset).evaluation is dataset.validation
    with pytest.raises(UserError, match=r"EARLY_STOPPING is 3, but in mine evaluation is validation"):
        load(dataset, early_stopping=3)


# ---- what is no mistake for certain, but has to be known


def test_a_class_that_cannot_be_learned_is_a_note(load):
    train = Split(X[:ROWS], np.minimum(LABELS[:ROWS], 1))
    (note,) = load(replaced(CLASSIFICATION, "train", train), "classification").notes
    assert note == "The training part has no sequence of 1 of the 3 classes, which cannot be learned: c."


def test_one_constant_output_of_several_is_a_note(load):
    y = np.concatenate([Y, np.ones_like(Y)], axis=1)
    dataset = dataclasses.replace(REGRESSION, **parts(y), outputs=2, baselines={})
    assert load(dataset).notes == (
        "In the training part these outputs are constant, and there is nothing to learn of them: 2.",
    )


def test_a_straight_line_in_windows_of_their_own_scale_is_not_constant(load):
    line = np.arange(ROWS, dtype=np.float64)[:, None]
    train = Split(X[:ROWS], np.ones((ROWS, 1), np.float32), offset=line, scale=np.ones((ROWS, 1)))
    assert load(replaced(REGRESSION, "train", train)).notes == ()


def test_numbers_far_from_the_scale_of_training_are_a_note(load):
    train = Split(X[:ROWS] * 5000, Y[:ROWS])
    notes = load(replaced(REGRESSION, "train", train)).notes
    assert re.match(r"train.x reaches \d+(\.\d+)?, but input_scale is 1: training is at its best", notes[0])
    assert load(replaced(replaced(REGRESSION, "train", train), "input_scale", 20_000.0)).notes == ()


# ---- inputs made anew


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (X[:ROWS, :5], r"what augment makes has the shape \[40, 5, 2\], expected \[40, 6, 2\]"),
        (X[:ROWS].astype(np.int16), "what augment makes is an array of int16, expected float32"),
        (with_value(X[:ROWS], (1, 2, 0), np.nan), r"what augment makes has no number \(sequence 2, time step 3"),
        (None, "what augment makes is None"),
    ],
)
def test_what_augment_makes_is_checked_when_it_is_made(load, made, message):
    dataset = load(dataclasses.replace(REGRESSION, augment=lambda random: made))  # noqa: ARG005
    with pytest.raises(UserError, match=f"data set 'mine': {message}"):
        dataset.augment(np.random.default_rng(0))
    good = load(dataclasses.replace(REGRESSION, augment=lambda random: X[:ROWS]))  # noqa: ARG005
    assert good.augment(np.random.default_rng(0)) is not None


# ---- modules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import nothing_like_it\n",
            r"imported: ModuleNotFoundError: No module named 'nothing_like_it' \(.*, line 1\)",
        ),
        ("def load(config:\n", r"module own_data, which cannot be imported: SyntaxError: .*own_data.py, line 1"),
        ("x = 1\ny = x / 0\n", r"imported: ZeroDivisionError: division by zero \(.*own_data.py, line 2\)"),
        ("def laod(config): ...\n", r"the module own_data has no function load\(config\); its functions are: laod"),
        ("def load(): ...\n", r"load\(\) in own_data must take the settings, load\(config\): too many positional"),
        ("def load(config): return [1]\n", r"load\(\) in own_data returned list, expected a Dataset"),
        ("def load(config): ...\n", r"load\(\) in own_data returned NoneType, expected a Dataset"),
        (
            "from rnnexp.datasets.dataset import Dataset\ndef load(config): return Dataset(name='mine')\n",
            r"load\(\) in own_data: Dataset.__init__\(\) missing \d+ required positional arguments: 'task', 'train'",
        ),
        (
            "from rnnexp.datasets.dataset import Split\ndef load(config): return Split(1, labels=2)\n",
            r"load\(\) in own_data: Split.__init__\(\) got an unexpected keyword argument 'labels'",
        ),
    ],
)
def test_a_module_that_is_none_of_a_data_set(tmp_path, monkeypatch, text, message):
    (tmp_path / "own_data.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_data", raising=False)
    monkeypatch.setitem(datasets.LOADERS["regression"], "mine", "own_data")
    with pytest.raises(UserError, match=f"data set 'mine': .*{message}"):
        datasets.load(CONFIGS["regression"](dataset_name="mine"))
    sys.modules.pop("own_data", None)


def test_a_module_that_is_not_there(monkeypatch):
    monkeypatch.setitem(datasets.LOADERS["regression"], "mine", "rnnexp.datasets.mien")
    with pytest.raises(
        UserError, match=r"module rnnexp.datasets.mien, which cannot be .*named 'rnnexp.datasets.mien'$"
    ):
        datasets.load(CONFIGS["regression"](dataset_name="mine"))


def test_what_goes_wrong_inside_of_load_keeps_its_traceback(load):
    def broken(config):  # noqa: ARG001
        return [] + 1

    with pytest.raises(TypeError, match="can only concatenate list"):
        load(broken)
