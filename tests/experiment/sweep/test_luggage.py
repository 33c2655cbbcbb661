"""Which files a trial on another machine gets, under which names, and that they come back."""

import pytest

from rnnexp.errors import UserError
from rnnexp.experiment.sweep import luggage


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


FILES = ("own.csv", "own.csv.gz", "owner.csv", "data/own.csv", "data/gait_TRAIN.ts", "data/gait_TEST.ts")
FILES += ("data/clips/a/1.wav", "data/clips/b/2.wav", "start.npz", "clips/readme.md")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"dataset_name": "SP500"}, []),
        ({"dataset_name": "own.csv"}, ["own.csv", "own.csv.gz", "data/own.csv"]),
        ({"dataset_name": "own"}, ["own.csv", "own.csv.gz", "data/own.csv"]),
        ({"dataset_name": "./data/own.csv"}, ["data/own.csv"]),
        ({"dataset_name": "gait"}, ["data/gait_TEST.ts", "data/gait_TRAIN.ts"]),
        ({"dataset_name": "data/gait_TRAIN.ts"}, ["data/gait_TEST.ts", "data/gait_TRAIN.ts"]),
        ({"dataset_name": "data/clips"}, ["data/clips/a/1.wav", "data/clips/b/2.wav"]),
        ({"dataset_name": "clips"}, ["data/clips/a/1.wav", "data/clips/b/2.wav"]),
        ({"dataset_name": "nothing.csv"}, []),
        ({"dataset_name": "memory", "weights": "start.npz"}, ["start.npz"]),
        ({"dataset_name": "mnist", "data_dir": "clips", "weights": None}, ["clips/readme.md"]),
    ],
)
def test_a_trial_gets_what_it_reads(here, settings, expected):
    put(here, *FILES)
    assert [str(path) for path in luggage.needed(settings)] == expected
    # A path from the root on is the same, there seen from the current folder.
    absolute = {name: str(here / value) if "/" in str(value) else value for name, value in settings.items()}
    assert sorted(luggage.pack(luggage.needed(absolute))) == sorted(expected)


def test_files_are_where_the_settings_say(here, tmp_path_factory):
    project, there = here / "a" / "project", tmp_path_factory.mktemp("there")
    put(here, "a/data/own.csv")
    project.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        given = {"dataset_name": str(here / "a" / "data" / "own.csv"), "runs_dir": str(here / "runs"), "seed": 1}
        settings, packed = luggage.translated(given), luggage.pack(luggage.needed(given))
    assert settings == {"dataset_name": "../data/own.csv", "runs_dir": "../../runs", "seed": 1}
    current = there / "root" / project.relative_to(project.anchor)
    current.mkdir(parents=True)
    luggage.unpack(packed, current)
    assert (current / settings["dataset_name"]).read_text() == "a/data/own.csv"
    assert len([path for path in there.rglob("*") if path.is_file()]) == 1


@pytest.mark.usefixtures("here")
def test_what_is_not_here_keeps_its_name():
    settings = {"dataset_name": "SP500", "data_dir": "/prepared/on/every/node", "weights": None}
    assert luggage.translated(settings) == settings
    assert luggage.needed(settings) == ()


def test_what_a_run_left_is_taken_out(tmp_path):
    put(tmp_path, "sweeps/s/runs/r/report.json", "sweeps/s/runs/r/plots/loss.png", "kept.txt")
    assert luggage.collect(tmp_path / "sweeps" / "s" / "runs", tmp_path) == {
        "sweeps/s/runs/r/plots/loss.png": b"sweeps/s/runs/r/plots/loss.png",
        "sweeps/s/runs/r/report.json": b"sweeps/s/runs/r/report.json",
    }
    assert not (tmp_path / "sweeps" / "s" / "runs").exists()
    assert (tmp_path / "kept.txt").exists()


def test_too_much_is_refused(here, monkeypatch):
    put(here, "own.csv")
    monkeypatch.setattr(luggage, "MOST_BYTES", 3)
    with pytest.raises(UserError, match="would be sent to every worker"):
        luggage.pack(luggage.needed({"dataset_name": "own.csv"}))
