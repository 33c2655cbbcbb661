"""``rnnexp data``: what is understood of series and recordings, and what is said of what cannot be used."""

import json
import struct

import numpy as np
import pytest
from helpers.recordings import AXES, gesture, lines, ts_file
from helpers.runs import wave, write_series
from scipy.io import wavfile

from rnnexp import cli, datasets
from rnnexp.config import RegressionConfig


@pytest.fixture
def data(here, monkeypatch, capsys):
    """Run the command in a folder of its own; return exit code, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["rnnexp", "data", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return (caught.value.code, *capsys.readouterr())

    run.folder = here
    return run


@pytest.fixture
def power(here):
    """Hours, newest first, in CP932, with semicolons and decimal commas; three of them are not there."""
    hours = np.datetime64("2022-01-01T00") + np.arange(24 * 20)
    times = [str(hour).replace("T", " ") for hour in hours.astype("datetime64[m]")]
    values = 100 + 30 * np.sin(np.arange(len(hours)) * 2 * np.pi / 24)
    rows = [
        f"{time};{value:.2f};{value / 7:.1f};東".replace(".", ",")
        for number, (time, value) in enumerate(zip(times, values, strict=True))
        if number not in (100, 101, 200)
    ]
    path = here / "power.csv"
    path.write_bytes("\r\n".join(["日時;電力;気温;地域", *reversed(rows)]).encode("cp932"))
    return path


def png_size(path):
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


# ---- series


def test_a_series_as_text(data, power):
    code, out, err = data(power, "--target", "電力", "--inputs", "気温", "--sequence-length", 24)
    assert (code, err) == (0, "")
    told = [line.split() for line in out.splitlines()]
    assert f"{power}: 477 rows, CP932 (Shift JIS), separated by ';'" in out
    assert ["電力", "numbers", "target", "70", "130", "decimal", "commas"] in told
    assert ["気温", "numbers", "input", "10", "18.6", "decimal", "commas"] in told
    assert ["地域", "texts", "1", "different"] in told
    assert "time      2022-01-01 to 2022-01-20T23:00:00, a step is 1 hour" in out
    assert (
        "gaps      2 gaps, 3 time steps without a value: 2022-01-05T04:00:00 to 2022-01-05T05:00:00 (2), "
        "2022-01-09T08:00:00" in out
    )
    assert (
        "seasons   24 time steps, 168 time steps" not in out
    )  # of 384 hours to learn from, a week is not there thrice
    assert "seasons   24 time steps" in out
    assert "windows   of 24 time steps, 2 features -> 1 output" in out
    assert "newest row first" in out


def test_a_series_as_json_is_what_a_run_would_load(data, power):
    options = ["--target", "電力", "--sequence-length", 24, "--fill", "linear", "--horizon", 3, "--early-stopping", 2]
    code, out, _ = data(power, *options, "--json")
    found = json.loads(out)
    settings = {"target": "電力", "sequence_length": 24, "fill": "linear", "horizon": 3, "early_stopping": 2}
    dataset = datasets.load(RegressionConfig(dataset_name=str(power), **settings))
    assert code == 0
    assert (found["kind"], found["encoding"], found["separator"], found["rows"]) == (
        *("series", "CP932 (Shift JIS)", ";"),
        477,
    )
    assert [column["use"] for column in found["columns"]] == ["time", "target", "", ""]
    assert found["columns"][1]["minimum"] == 70.0
    assert found["clock"] == {
        "columns": ["日時"],
        "first": "2022-01-01",
        "last": "2022-01-20T23:00:00",
        "step": "1 hour",
    }
    assert found["gaps"][0] == {"first": "2022-01-05T04:00:00", "last": "2022-01-05T05:00:00", "steps": 2}
    cut = found["windows"]
    parts = dataset.train, dataset.validation, dataset.evaluation
    assert [cut["train"], cut["validation"], cut["evaluation"]] == [len(part) for part in parts]
    assert (cut["sequence_length"], cut["features"], cut["outputs"]) == (24, 1, 3)
    assert (cut["evaluation_part"], cut["seasons"]) == ("test part", [24])
    # Of 480 hours, 96 are held out twice.
    assert cut["first_held_out"] == "2022-01-13"
    assert found["problem"] is None
    assert found["notes"] == list(dataset.notes)


def test_a_name_in_data_and_one_that_comes_along(data):
    write_series(data.folder, "wave", wave())
    code, out, _ = data("wave", "--json")
    found = json.loads(out)
    assert (code, found["file"], found["steps"], found["clock"]) == (0, "data/wave.csv", 90, None)
    assert found["windows"]["first_held_out"] == "73"
    assert json.loads(data("airline-passengers", "--json")[1])["clock"]["step"] == "1 month"


def test_columns_are_shown_where_it_takes_a_target(data, power):
    code, out, err = data(power)
    assert code == 2
    assert ["電力", "numbers", "70", "130", "decimal", "commas"] in [line.split() for line in out.splitlines()]
    assert "rnnexp data: error: " in err
    assert "several columns of numbers: '電力', '気温'; set TARGET" in err
    assert "--task classification" in err  # it has a column of texts
    found = json.loads(data(power, "--json")[1])
    assert found["problem"] in err
    assert found["windows"] is None


def test_what_leaves_no_windows_is_said_after_what_was_understood(data):
    code, out, err = data("airline-passengers", "--sequence-length", 200)
    assert code == 2
    assert "144 time steps" in out
    assert "too few for a window of SEQUENCE_LENGTH = 200" in err


def test_a_constant_series_is_refused_as_in_a_run(data):
    write_series(data.folder, "flat", [5] * 60)
    code, _, err = data("flat")
    assert code == 2
    assert "train.y is constant: the target is 5 in all" in err


def test_a_picture_of_a_series(data, power):
    picture = data.folder / "power.png"
    code, out, _ = data(power, "--target", "電力", "--inputs", "気温", "--picture", picture)
    assert code == 0
    assert f"picture: {picture}" in out
    two = png_size(picture)
    data(power, "--target", "電力", "--picture", picture)
    assert png_size(picture)[1] < two[1]
    assert sorted(path.name for path in data.folder.iterdir()) == ["power.csv", "power.png"]


# ---- recordings


def write_gestures(folder):
    for kind in ("flex", "punch"):
        for number in range(12):
            path = folder / "gestures" / kind / f"p{number % 4}-{number}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join([",".join(AXES), *lines(gesture(kind, number, 50 + number))]))
    return folder / "gestures"


def test_a_folder_of_recordings(data):
    write_gestures(data.folder)
    code, out, err = data("gestures", "--split-by", r"(p\d)", "--window", 40, "--stride", 20)
    assert (code, err) == (0, "")
    assert "gestures: 24 recordings, folder a class, a file a recording" in out
    assert "features   6: aX, aY, aZ, gX, gY, gZ" in out
    assert "lengths    50 to 61 samples, median 55.5" in out
    assert "groups     4: p0 (6), p1 (6), p2 (6), p3 (6)" in out
    told = [line.split() for line in out.splitlines()]
    assert ["class", "recordings", "train", "validation"] in told
    assert [row[:2] for row in told if row[:1] == ["flex"]] == [["flex", "12"]]


def test_recordings_as_json(data):
    write_gestures(data.folder)
    code, out, _ = data("gestures", "--window", 40, "--samples-per-step", 4, "--early-stopping", 3, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["kind"], found["task"], found["recordings"]) == ("recordings", "classification", 24)
    assert found["lengths"] == {"minimum": 50, "median": 55.5, "maximum": 61}
    cut = found["sequences"]
    assert (cut["steps"], cut["features"], cut["samples_per_step"], cut["outputs"]) == (10, 24, 4, 1)
    for part in ("train", "validation", "evaluation"):
        assert sum(entry[part] for entry in found["classes"]) == cut[part] > 0
    assert sum(entry["recordings"] for entry in found["classes"]) == 24


def test_numbers_as_labels(data):
    pairs = [(gesture("flex", number), number * 1.5) for number in range(20)]
    (data.folder / "effort.ts").write_text(ts_file(pairs, target=True))
    picture = data.folder / "effort.png"
    code, out, _ = data("effort.ts", "--json", "--picture", picture)
    found = json.loads(out)
    assert code == 0
    assert (found["task"], found["classes"]) == ("regression", [])
    assert found["target"] == {"minimum": 0, "median": 14.25, "maximum": 28.5}
    assert png_size(picture)[0] > 0


def test_sound_has_a_rate_and_a_picture(data):
    for kind in ("a", "b"):
        for number in range(6):
            path = data.folder / "sound" / kind / f"{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            values = np.random.default_rng([number, ord(kind)]).normal(scale=1000, size=(900, 2)).astype(np.int16)
            wavfile.write(path, 8000, values)
    code, out, _ = data("sound", "--picture", "sound.png")
    assert code == 0
    assert "lengths    900 samples, 8,000 a second" in out
    assert png_size(data.folder / "sound.png")[0] > 0


def test_a_long_table_is_recordings_where_that_is_said(data):
    rows = [f"{n},{'ABCD'[n % 4]},{'xy'[n % 2]},{step + n},{step * n}" for n in range(20) for step in range(30)]
    (data.folder / "long.csv").write_text("\n".join(["id,person,label,a,b", *rows]))
    assert data("long.csv")[0] == 2  # several columns of numbers: no series
    code, out, _ = data("long.csv", "--task", "classification", "--json")
    found = json.loads(out)
    assert code == 0
    assert [(entry["name"], entry["recordings"]) for entry in found["classes"]] == [("x", 10), ("y", 10)]
    assert found["columns"] == {"id": 20, "person": 4}
    assert json.loads(data("long.csv", "--recording", "id", "--json")[1])["classes"] == found["classes"]


# ---- what cannot be used


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.csv"], "'nothing.csv', and there is no such file"),
        (["nothing"], "no file data/nothing.csv"),
        (["nothing", "--task", "classification"], "there is no file and no folder nothing"),
        (["empty"], "empty has no file with recordings"),
        (["SP500", "--horizon", "0"], "HORIZON (--horizon) in the command line"),
        (["SP500", "--picture", "sp500.jpg"], "--picture sp500.jpg: the picture is a PNG"),
        (["SP500", "--target", "close"], "has no column 'close', which TARGET names"),
        (["SP500", "--picture", "nowhere/sp500.png"], "cannot write nowhere/sp500.png"),
        (["damaged.npy"], "damaged.npy cannot be read as .npy"),
    ],
)
def test_messages(data, arguments, message):
    (data.folder / "empty").mkdir()
    (data.folder / "damaged.npy").write_bytes(b"\x93NUMPY")
    code, _, err = data(*arguments)
    assert code == 2
    assert err.startswith("rnnexp data: error: ")
    assert message in err
    assert "Traceback" not in err


def test_the_help_names_the_settings(data):
    code, out, _ = data("--help")
    assert code == 0
    for flag in ("--json", "--picture", "--task", "--target", "--split-by", "--window", "--resample", "--missing"):
        assert flag in out
    assert "--epochs" not in out
