"""What recordings load into: parts without anything in common, sequences, and every feature on its own scale."""

import re

import numpy as np
import pytest
from helpers.recordings import AXES, gesture, lines, ts_file

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.datasets.recordings.augmentation import Augmentation
from rnnexp.errors import UserError
from rnnexp.preprocessing.cutting import Cutting, parse

KINDS = ("flex", "punch")


def load(path, **settings):
    return datasets.load(ClassificationConfig(dataset_name=str(path), **settings))


def long_table(folder, *, people=5, each=4, steps=20, name="all.csv"):
    """A table of recordings of two gestures by several people, whose number is in every value of the first axis."""
    rows = []
    for person in range(people):
        for number in range(each):
            values = gesture(KINDS[number % 2], 10 * person + number, steps)
            values[:, 0] = person
            rows += [f"p{person},{person}-{number},{row},{KINDS[number % 2]}" for row in lines(values)]
    path = folder / name
    path.write_text("\n".join([",".join(("subject", "recording", *AXES, "label")), *rows]))
    return path


def people_of(split, dataset, axis=0):
    mean, deviation = (np.array(numbers)[axis] for numbers in (dataset.input_map.mean, dataset.input_map.deviation))
    return set(np.rint(split.x[:, 0, axis] * deviation + mean).astype(int).tolist())


@pytest.mark.parametrize("early_stopping", [0, 5])
def test_no_person_is_in_two_parts(tmp_path, early_stopping):
    dataset = load(long_table(tmp_path), split_by="subject", samples_per_step=1, early_stopping=early_stopping)
    parts = [dataset.train, dataset.evaluation, *([dataset.validation] if early_stopping else [])]
    people = [people_of(part, dataset) for part in parts]
    assert sum(map(len, people)) == len(set.union(*people)) == 5
    assert all(set(part.y) == {0, 1} for part in parts)
    assert dataset.evaluation_part == ("test part" if early_stopping else "validation part")
    assert (dataset.evaluation is dataset.validation) == (not early_stopping)
    assert any(re.fullmatch(r"held out by subject: p\d", note) for note in dataset.notes)
    # Without it, everybody is everywhere.
    mixed = load(long_table(tmp_path), samples_per_step=1, validation_share=0.5)
    assert len(people_of(mixed.train, mixed) & people_of(mixed.evaluation, mixed)) > 1


def test_people_in_the_names_of_files(tmp_path):
    for person in range(4):
        for kind in KINDS:
            (tmp_path / kind).mkdir(exist_ok=True)
            values = gesture(kind, person, 20)
            values[:, 0] = person
            (tmp_path / kind / f"p{person}-take1.csv").write_text("\n".join([",".join(AXES), *lines(values)]))
    dataset = load(tmp_path, split_by=r"(p\d+)-", validation_share=0.25, samples_per_step=1)
    assert not people_of(dataset.train, dataset) & people_of(dataset.evaluation, dataset)
    assert (len(dataset.train), len(dataset.evaluation)) == (6, 2)


def test_all_windows_of_a_recording_are_in_one_part(tmp_path):
    values = [np.full((40, 1), number, float) + np.arange(40)[:, None] / 1000 for number in range(10)]
    path = tmp_path / "own.ts"
    path.write_text(ts_file([(one, "ab"[number % 2]) for number, one in enumerate(values)], classes="a b"))
    dataset = load(path, window=10, stride=5, samples_per_step=2)
    assert dataset.train.x.shape == (8 * 7, 5, 2)
    assert dataset.evaluation.x.shape == (2 * 7, 5, 2)
    assert not people_of(dataset.train, dataset) & people_of(dataset.evaluation, dataset)
    assert dataset.cutting == Cutting(window=10, stride=5, samples_per_step=2)
    # Half of the window, if nothing else is said.
    assert load(path, window=10).cutting.stride == 5


def test_the_end_of_long_recordings_is_held_out_where_there_is_one_of_a_class(tmp_path):
    for kind, sign in (("a", 1), ("b", -1)):
        (tmp_path / f"{kind}.csv").write_text("\n".join(["x", *(f"{sign * t}" for t in range(1, 101))]))
    dataset = load(tmp_path, window=10, stride=10, samples_per_step=1, validation_share=0.3)
    mean, deviation = dataset.input_map.mean[0], dataset.input_map.deviation[0]
    train, held_out = (np.abs(part.x * deviation + mean) for part in (dataset.train, dataset.evaluation))
    assert train.max() == pytest.approx(70, abs=0.01)
    assert held_out.min() == pytest.approx(71, abs=0.01)
    assert any("the last 30% of each are held out" in note for note in dataset.notes)


def test_every_feature_has_its_own_scale_of_the_training_part_alone(tmp_path):
    recordings = [(np.array([[n, 1000.0 * n], [n + 1, 0]]), "ab"[n % 2]) for n in range(8)]
    (tmp_path / "Own_TRAIN.ts").write_text(ts_file(recordings, classes="a b"))
    (tmp_path / "Own_TEST.ts").write_text(ts_file([(np.full((2, 2), 1e6), "a")], classes="a b"))
    dataset = load(tmp_path / "Own_TRAIN.ts", samples_per_step=1)
    values = np.concatenate([values for values, _ in recordings])
    np.testing.assert_allclose(dataset.input_map.mean, values.mean(axis=0))
    np.testing.assert_allclose(dataset.input_map.deviation, values.std(axis=0))
    flat = dataset.train.x.reshape(-1, 2)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(flat.std(axis=0), 1, rtol=1e-5)
    assert dataset.evaluation_part == "test part"
    assert dataset.class_names == ("a", "b")
    assert dataset.outputs == 1


def test_values_that_stick_out_do_not_take_the_others_codes(tmp_path):
    values = np.random.default_rng(0).normal(size=(8, 50, 2))
    values[0, 0, 1] = 1000
    path = tmp_path / "own.npz"
    np.savez(path, x=values, y=[0, 1] * 4)
    dataset = load(path, seed=1)
    assert np.abs(dataset.train.x).max() <= 4.0001
    assert dataset.input_map.deviation[0] < 1.2


def test_a_feature_that_never_changes_stays_at_nothing(tmp_path):
    values = np.random.default_rng(0).normal(size=(8, 5, 2))
    values[:, :, 1] = 7
    np.savez(tmp_path / "own.npz", x=values, y=[0, 1] * 4)
    assert not load(tmp_path / "own.npz", samples_per_step=1).train.x[:, :, 1].any()


@pytest.mark.parametrize(
    ("steps", "asked", "expected"), [(24, None, 1), (150, None, 5), (150, 50, 50), (900, None, 30)]
)
def test_samples_per_step(tmp_path, steps, asked, expected):
    x = np.random.default_rng(0).normal(size=(8, steps, 2))
    np.savez(tmp_path / "own.npz", x=x, y=[0, 1] * 4)
    dataset = load(tmp_path / "own.npz", samples_per_step=asked)
    assert dataset.train.x.shape[1:] == (steps // expected, 2 * expected)
    assert dataset.defaults["samples_per_step"] == dataset.input_map.samples_per_step == expected
    mean, deviation = np.array(dataset.input_map.mean), np.array(dataset.input_map.deviation)
    first = dataset.train.x[0].reshape(-1, 2) * deviation + mean
    # The samples of a step are in the order of time, each with all of its features.
    assert any(np.allclose(first, one[: len(first)], atol=1e-5) for one in x)


def test_longer_recordings_are_cut(tmp_path):
    np.savez(tmp_path / "own.npz", x=np.random.default_rng(0).normal(size=(8, 100)), y=[0, 1] * 4)
    dataset = load(tmp_path / "own.npz", samples_per_step=2, max_sequence_length=10)
    assert dataset.train.x.shape[1:] == (10, 2)
    assert dataset.cutting.longest == 20
    assert dataset.warnings == (
        "640 of the 800 samples are left out: of longer recordings, the first 20 samples are seen "
        "(MAX_SEQUENCE_LENGTH)",
    )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"window": 30, "stride": 30}, "80 of the 800 samples are left out: what is behind the last window of a"),
        ({"window": 20, "stride": 40}, "320 of the 800 samples are left out: what is behind the last window of a"),
        ({"window": 20, "stride": 10}, None),
        ({"samples_per_step": 30}, "80 of the 800 samples are left out: what is behind the last time step"),
    ],
)
def test_samples_that_are_in_no_sequence_are_counted(tmp_path, settings, text):
    np.savez(tmp_path / "own.npz", x=np.random.default_rng(0).normal(size=(8, 100)), y=[0, 1] * 4)
    dataset = load(tmp_path / "own.npz", **{"samples_per_step": 1, **settings})
    assert [warning[: len(text or "")] for warning in dataset.warnings] == ([text] if text else [])
    assert not any("left out" in note for note in dataset.notes)


def test_a_little_that_is_left_over_is_a_note(tmp_path):
    np.savez(tmp_path / "own.npz", x=np.random.default_rng(0).normal(size=(8, 100)), y=[0, 1] * 4)
    dataset = load(tmp_path / "own.npz", samples_per_step=3)
    assert dataset.warnings == ()
    assert any(note.startswith("8 of the 800 samples are left out") for note in dataset.notes)


def test_gaps_are_filled_in_and_counted(tmp_path):
    path = tmp_path / "own.ts"
    rows = ["1,?,3:a", "?,2,4:b", *("1,2,3:a", "2,2,4:b") * 4]
    path.write_text("\n".join(["@univariate true", "@classLabel true a b", "@data", *rows]))
    dataset = load(path, samples_per_step=1)
    assert "2 missing values are on the line between their neighbours in time" in dataset.notes
    mean, deviation = dataset.input_map.mean[0], dataset.input_map.deviation[0]
    found = np.concatenate([dataset.train.x, dataset.evaluation.x])[:, :, 0] * deviation + mean
    assert set(map(tuple, np.rint(found).astype(int).tolist())) == {(1, 2, 3), (2, 2, 4)}


def test_classes_of_any_text_in_the_order_of_numbers_or_of_the_file(tmp_path):
    np.savez(tmp_path / "own.npz", x=np.zeros((6, 4)) + np.arange(6)[:, None], y=np.array([10, 9, 2] * 2))
    assert load(tmp_path / "own.npz").class_names == ("2", "9", "10")
    labels = ["電力", "a b", "-1"] * 2
    (tmp_path / "own.ts").write_text(ts_file([(np.ones((3, 1)) * n, label) for n, label in enumerate(labels)]))
    assert load(tmp_path / "own.ts").class_names == ("-1", "a b", "電力")


def test_numbers_come_back_in_their_own_units(tmp_path):
    path, numbers = tmp_path / "own.npz", np.linspace(1000, 5000, 20)
    np.savez(path, x=np.random.default_rng(0).normal(size=(20, 30, 2)), y=numbers)
    dataset = datasets.load(RegressionConfig(dataset_name=str(path)))
    for part in (dataset.train, dataset.evaluation):
        np.testing.assert_allclose(part.to_units(part.y), part.target, rtol=1e-6)
    assert sorted(np.concatenate([dataset.train.target, dataset.evaluation.target])[:, 0]) == sorted(numbers)
    assert dataset.baselines["mean"][0, 0] == pytest.approx(dataset.train.target.mean())
    offset, scale = dataset.input_map.target_scaling(dataset.train.x)
    np.testing.assert_allclose(offset + scale * dataset.train.y, dataset.train.target, rtol=1e-6)


def test_a_series_is_no_recording_unless_it_is_said_to_be(tmp_path):
    path = tmp_path / "own.csv"
    rows = [f"{r},{10 * r},{np.sin(t + r):.3f}" for r in range(10) for t in range(30)]
    path.write_text("\n".join(["recording,height,x", *rows]))
    recordings = datasets.load(RegressionConfig(dataset_name=str(path), recording="recording", target="height"))
    assert (len(recordings.train), len(recordings.evaluation)) == (8, 2)
    assert recordings.cutting.columns == ("x",)
    series = datasets.load(RegressionConfig(dataset_name=str(path), target="x"))
    assert len(series.train) > 100


@pytest.mark.parametrize("setting", [{"window": 3}, {"split_by": "x"}, {"label": "x"}, {"samples_per_step": 2}])
def test_settings_of_recordings_are_for_recordings(setting):
    with pytest.raises(UserError, match="is for recordings of your own; iris is none"):
        load("iris", **setting)


# ---- distortions


def test_distorted_recordings_are_like_what_they_were_and_never_twice_the_same():
    time = np.linspace(0, 6, 60)
    samples = np.stack([np.sin(time + phase) for phase in range(4)])[:, :, None].astype(np.float32)
    lengths = np.array([60, 60, 60, 30])
    samples[3, 30:] = 0
    augmentation = Augmentation(samples, lengths, Cutting(samples_per_step=3), 1.0)
    random = np.random.default_rng(0)
    first, second = augmentation(random), augmentation(random)
    assert first.shape == (4, 20, 3)
    assert first.dtype == np.float32
    assert not np.array_equal(first, second)
    assert not first[3, 10:].any()
    plain = samples.reshape(4, 20, 3)
    assert 0.05 < np.abs(first - plain).mean() < 0.3
    stronger = Augmentation(samples, lengths, Cutting(samples_per_step=3), 3.0)(np.random.default_rng(0))
    assert np.abs(stronger - plain).mean() > 2 * np.abs(first - plain).mean()


def test_the_preset_distorts_and_leaves_the_data_set_to_the_user(tmp_path):
    path = long_table(tmp_path)
    assert load(path).augment is None
    dataset = load(path, preset="recordings")
    assert dataset.augment(np.random.default_rng(0)).shape == dataset.train.x.shape


# ---- how recordings are cut, in a file's own words


def test_cutting_there_and_back():
    for cutting in (
        Cutting(),
        Cutting(columns=("x", "y"), window=10, stride=5, samples_per_step=2),
        Cutting(longest=7),
    ):
        assert parse(cutting.to_json()) == cutting
    assert Cutting().to_json() == {}
    assert Cutting(columns=("x",), window=4).to_json() == {"columns": ["x"], "window": 4}


@pytest.mark.parametrize(
    "found", [{"window": 0}, {"window": "3"}, {"stride": -1}, {"samples_per_step": 1.5}, {"x": 1}, 3]
)
def test_cutting_of_any_origin(found):
    with pytest.raises(ValueError, match=r"^\w*: "):
        parse(found)


# ---- tables of activities, in which the class changes on the way


def activities(folder, *, sessions=6):
    rows = []
    for session in range(sessions):
        for place, label in enumerate(("walk", "sit", "walk")):
            rows += [f"{session},{label},{session + place / 10 + t / 1000}" for t in range(12)]
    # Rows of two sessions in turn, as loggers of several devices write them.
    rows = [row for pair in zip(rows[: len(rows) // 2], rows[len(rows) // 2 :], strict=True) for row in pair]
    path = folder / "log.csv"
    path.write_text("\n".join(["session,activity,x", *rows]))
    return path


def test_a_recording_is_divided_where_its_class_changes_and_its_pieces_stay_together(tmp_path):
    dataset = load(activities(tmp_path), window=6, stride=6, samples_per_step=1, early_stopping=3)
    assert dataset.class_names == ("sit", "walk")
    mean, deviation = dataset.input_map.mean[0], dataset.input_map.deviation[0]
    sessions = []
    for part in (dataset.train, dataset.validation, dataset.evaluation):
        values = part.x[:, :, 0] * deviation + mean
        # No window goes over a change, or mixes sessions.
        np.testing.assert_allclose(np.diff(values, axis=1), 0.001, atol=1e-5)
        sessions.append(set(np.floor(values[:, 0] + 1e-4).astype(int).tolist()))
        np.testing.assert_array_equal(part.y, (np.rint(values[:, 0] % 1 * 10).astype(int) != 1).astype(int))
    assert sum(map(len, sessions)) == len(set.union(*sessions)) == 6


def test_a_number_must_not_change_in_the_course_of_a_recording(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("recording,height,x\n1,5,1\n1,6,2\n2,5,3\n")
    with pytest.raises(
        UserError, match=r"row 2 \(line 3\), column 'height': the label is '6', and the recording began"
    ):
        datasets.load(RegressionConfig(dataset_name=str(path), recording="recording", target="height"))


def test_rows_that_are_no_multiple_of_what_a_recording_has(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("label,x\n" + "a,1\n" * 7 + "b,2\n" * 6)
    with pytest.raises(UserError, match="RECORDING_ROWS is 3, and 7 rows follow each other from there on"):
        load(path, recording_rows=3)
