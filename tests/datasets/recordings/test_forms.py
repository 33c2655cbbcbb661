"""Every form of file or folder that recordings come in, each made by the test, gives the same recordings."""

import numpy as np
import pandas as pd
import pytest
from helpers.recordings import AXES, gesture, lines, ts_file
from scipy.io import wavfile

from rnnexp.datasets import recordings
from rnnexp.datasets.recordings import Columns

KINDS = ("flex", "punch")
COUNT, STEPS = 4, 12
VALUES = {kind: [gesture(kind, number, STEPS) for number in range(COUNT)] for kind in KINDS}


def ts(folder):
    path = folder / "gestures.ts"
    path.write_text(ts_file([(values, kind) for kind in KINDS for values in VALUES[kind]], classes="flex punch"))
    return path


def ts_with_time_stamps(folder):
    path = folder / "gestures.ts"
    rows = []
    for kind in KINDS:
        for values in VALUES[kind]:
            columns = [",".join(f"(2020-01-01 00:{t:02}:00,{v:g})" for t, v in enumerate(c)) for c in values.T]
            rows.append(":".join(columns) + f":{kind}")
    path.write_text("\n".join(["@timestamps true", "@univariate false", "@classlabel true flex punch", "@data", *rows]))
    return path


def arff(folder):
    path = folder / "gestures.arff"
    head = ["% made", "@relation 'g'", "@attribute rel relational", *(f"@attribute t{n} numeric" for n in range(STEPS))]
    rows = [
        "'" + r"\n".join(",".join(f"{v:g}" for v in column) for column in values.T) + f"',{kind}"
        for kind in KINDS
        for values in VALUES[kind]
    ]
    path.write_text("\n".join([*head, "@end rel", "@attribute class {flex,punch}", "@data", *rows]))
    return path


def npz(folder):
    path = folder / "gestures.npz"
    x = np.concatenate([VALUES[kind] for kind in KINDS])
    np.savez(path, x=x, y=np.repeat([0, 1], COUNT), classes=list(KINDS))
    return path


def npz_with_names_and_padding(folder):
    path = folder / "gestures.npz"
    x = np.pad(np.concatenate([VALUES[kind] for kind in KINDS]), ((0, 0), (0, 5), (0, 0)))
    np.savez(path, x=x, y=np.repeat(KINDS, COUNT), lengths=np.full(len(x), STEPS))
    return path


def folder_a_class(suffix):
    def write(folder):
        for kind in KINDS:
            (folder / "set" / kind).mkdir(parents=True)
            for number, values in enumerate(VALUES[kind]):
                path = folder / "set" / kind / f"{number}{suffix}"
                if suffix == ".npy":
                    np.save(path, values)
                elif suffix == ".wav":
                    wavfile.write(path, 100, values)
                elif suffix == ".parquet":
                    pd.DataFrame(values, columns=AXES).to_parquet(path)
                else:
                    path.write_text("\n".join([",".join(AXES), *lines(values)]))
        return folder / "set"

    write.__name__ = f"folder a class, {suffix}"
    return write


def file_a_class(folder, *, between="\n\n", separator=",", decimal=".", header=True, encoding="utf-8", end="\n"):
    (folder / "set").mkdir()
    for kind in KINDS:
        parts = ["\n".join(lines(values, separator, decimal)) for values in VALUES[kind]]
        text = (f"{separator.join(AXES)}\n" if header else "") + between.join(parts) + end
        (folder / "set" / f"{kind}.csv").write_bytes(text.encode(encoding))
    return folder / "set"


def of_a_class(name, **dialect):
    def write(folder):
        return file_a_class(folder, **dialect)

    write.__name__ = f"file a class, {name}"
    return write


def clock_that_begins_anew(folder):
    (folder / "set").mkdir()
    for kind in KINDS:
        rows = [f"{10 * t},{row}" for values in VALUES[kind] for t, row in enumerate(lines(values))]
        (folder / "set" / f"{kind}.csv").write_text("\n".join([",".join(("time", *AXES)), *rows]))
    return folder / "set"


def class_in_the_files_name(folder):
    (folder / "set").mkdir()
    for kind in KINDS:
        for number, values in enumerate(VALUES[kind]):
            (folder / "set" / f"{kind}_{number}.csv").write_text("\n".join([",".join(AXES), *lines(values)]))
    return folder / "set"


def long_table(folder, separator=","):
    rows = [
        separator.join([f"s{number % 2}", f"{kind}{number}", str(t), row, kind])
        for kind in KINDS
        for number, values in enumerate(VALUES[kind])
        for t, row in enumerate(lines(values, separator))
    ]
    path = folder / "gestures.csv"
    header = separator.join(["subject", "recording", "time", *AXES, "label"])
    path.write_text("\n".join([header, *rows]))
    return path


def tables_of_people(folder):
    """A file a person, which says of each row what it is, and nothing of recordings."""
    (folder / "set").mkdir()
    for person in (0, 1):
        own = [(number, kind) for number in range(person, COUNT, 2) for kind in KINDS]
        rows = [f"{row},{kind}" for number, kind in own for row in lines(VALUES[kind][number])]
        (folder / "set" / f"person{person}.csv").write_text("\n".join([",".join((*AXES, "activity")), *rows]))
    return folder / "set"


FORMS = [
    ts, ts_with_time_stamps, arff, npz, npz_with_names_and_padding,
    *map(folder_a_class, (".csv", ".npy", ".wav", ".parquet")),
    of_a_class("blank lines"),
    of_a_class("no header", header=False),
    of_a_class("semicolons, decimal commas, Windows", separator=";", decimal=",", encoding="utf-8-sig"),
    of_a_class("tabs, UTF-16", separator="\t", encoding="utf-16"),
    of_a_class("header repeated", between="\n" + ",".join(AXES) + "\n"),
    of_a_class("lines of separators", between="\n,,,,,\n"),
    clock_that_begins_anew, class_in_the_files_name, long_table, tables_of_people,
]  # fmt: skip
SETTINGS = {class_in_the_files_name: Columns(label=r"^[a-z]+")}


@pytest.mark.parametrize("write", FORMS, ids=lambda write: write.__name__)
def test_recordings_of_every_form_are_the_same(tmp_path, write):
    found = recordings.read(write(tmp_path), SETTINGS.get(write))
    assert found.labels == dict.fromkeys(KINDS, COUNT)
    assert found.lengths == (STEPS, STEPS)
    for kind in KINDS:
        own = [recording.values for recording in found.recordings if recording.label == kind]
        expected = sorted(VALUES[kind], key=lambda values: values.sum())
        np.testing.assert_allclose(sorted(own, key=lambda values: values.sum()), expected, atol=1e-6)


@pytest.mark.parametrize(
    "write", [of_a_class(""), long_table, folder_a_class(".csv")], ids=["classes", "long", "folder"]
)
def test_tables_name_the_features(tmp_path, write):
    assert recordings.read(write(tmp_path)).features == AXES


def test_inputs_choose_columns_and_their_order(tmp_path):
    found = recordings.read(long_table(tmp_path), Columns(inputs=("gZ", "aX")))
    assert found.features == ("gZ", "aX")
    np.testing.assert_array_equal(found.recordings[0].values, VALUES["flex"][0][:, [5, 0]])


def test_rows_of_a_recording_where_nothing_tells_them_apart(tmp_path):
    path = file_a_class(tmp_path, between="\n")
    assert recordings.read(path).labels == {"flex": 1, "punch": 1}
    found = recordings.read(path, Columns(rows=STEPS))
    assert found.labels == {"flex": COUNT, "punch": COUNT}
    np.testing.assert_array_equal(found.recordings[1].values, VALUES["flex"][1])


def test_columns_say_what_is_known_of_a_recording(tmp_path):
    found = recordings.read(long_table(tmp_path))
    assert found.recordings[3].columns == {"recording": "flex3", "subject": "s1"}
    named = recordings.read(long_table(tmp_path), Columns(label="subject", recording="recording"))
    assert named.labels == {"s0": 4, "s1": 4}


def test_folders_for_training_and_testing(tmp_path):
    for part in ("train", "Test"):
        for kind in KINDS:
            (tmp_path / part / kind).mkdir(parents=True)
            np.save(tmp_path / part / kind / "a.npy", VALUES[kind][0])
    found = recordings.read(tmp_path)
    assert found.parts
    assert [(recording.label, recording.part) for recording in found.recordings] == [
        ("flex", "test"), ("punch", "test"), ("flex", "train"), ("punch", "train"),
    ]  # fmt: skip


# ---- archives' parts


def archive(folder, suffix=".ts", stem="Own"):
    for part, rows in (("TRAIN", [3, 4, 5]), ("TEST", [6, 7])):
        values = [(np.arange(4.0)[:, None] * row, "a" if row % 2 else "b") for row in rows]
        if suffix == ".ts":
            text = ts_file(values, classes="a b")
        else:
            text = "\n".join(f"{1 if label == 'a' else 2}\t" + "\t".join(map(str, v[:, 0])) for v, label in values)
        (folder / f"{stem}_{part}{suffix}").write_text(text)


@pytest.mark.parametrize("given", ["Own_TRAIN.ts", "Own_TEST.ts", "Own", "."])
def test_parts_by_any_of_their_names(tmp_path, given):
    archive(tmp_path)
    found = recordings.read(recordings.find(str(tmp_path / given)))
    assert [(recording.part, recording.label) for recording in found.recordings] == [
        ("train", "a"), ("train", "b"), ("train", "a"), ("test", "b"), ("test", "a"),
    ]  # fmt: skip
    np.testing.assert_array_equal(found.recordings[0].values[:, 0], [0, 3, 6, 9])


def test_of_several_forms_of_a_set_one_is_read(tmp_path):
    archive(tmp_path)
    archive(tmp_path, ".tsv")
    assert recordings.read(tmp_path).form == ".ts file"
    assert recordings.read(tmp_path / "Own_TRAIN.tsv").labels == {"1": 3, "2": 2}


def test_a_name_in_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    archive(tmp_path / "data")
    assert recordings.find("Own").name == "Own_TRAIN.ts"
    assert recordings.find("Other") is None


def test_ucr_tables_of_different_lengths_and_old_spellings(tmp_path):
    path = tmp_path / "Own.txt"
    path.write_text("  1.0000000e+00  1.5 2.5 3.5 NaN\n  -1.0000000e+00  1 NaN 3 4\n")
    found = recordings.read(path)
    assert list(found.labels) == ["1", "-1"]
    assert found.recordings[0].values[:, 0].tolist() == [1.5, 2.5, 3.5]
    assert found.missing == 1


def test_missing_values_in_ts_files(tmp_path):
    path = tmp_path / "own.ts"
    path.write_text("@univariate true\n@missing true\n@classLabel true a b\n@data\n1,?,3:a\nNaN,2,3:b\n")
    found = recordings.read(path)
    assert found.missing == 2
    assert np.isnan(found.recordings[0].values[1, 0])


def test_numbers_as_labels(tmp_path):
    path = tmp_path / "own.ts"
    path.write_text("@univariate true\n@targetLabel true\n@data\n1,2,3:0.25\n2,3,4:1e-3\n")
    found = recordings.read(path)
    assert found.numeric is True
    assert [recording.label for recording in found.recordings] == ["0.25", "1e-3"]
    np.savez(tmp_path / "own.npz", x=np.zeros((2, 3)), y=np.array([0.1, 2.0]))
    assert recordings.read(tmp_path / "own.npz").numeric is True


def test_sound_of_any_width_and_of_two_channels(tmp_path):
    for kind, samples in (("a", np.array([[1, -2], [3, 4]], np.int32)), ("b", np.array([[5, 6], [7, 8]], np.int32))):
        (tmp_path / kind).mkdir()
        wavfile.write(tmp_path / kind / "x.wav", 8000, samples)
    found = recordings.read(tmp_path)
    assert found.recordings[0].values.tolist() == [[1, -2], [3, 4]]
