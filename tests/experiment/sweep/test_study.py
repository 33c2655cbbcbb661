"""What is remembered, and what a killed process leaves."""

import optuna
import pytest
from helpers.sweeps import ACTIVATIONS, definition, outcome
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from rnnexp.errors import UserError
from rnnexp.experiment.sweep.outcome import Failure
from rnnexp.experiment.sweep.space import Choices, Range
from rnnexp.experiment.sweep.study import JOURNAL, NAME, Study


def filled(folder, swept):
    """Put down what the first combination and a seed of the second came to."""
    with Study(folder, swept) as study:
        study.begin()
        for seed in swept.seeds:
            study.put(0, seed, outcome(2.0 + seed))
        study.put(1, 0, Failure("no"))
        return study.combinations


def test_another_process_finds_the_same(tmp_path):
    before = filled(tmp_path, definition())
    with Study(tmp_path, definition()) as study:
        assert study.combinations == before
        assert [found.number for found in study.begin()] == [1, 2]


def test_wherever_the_last_line_ends_what_came_before_it_is_there(tmp_path):
    """Cut at every byte of the last two changes, as a process leaves the file that is killed there."""
    filled(tmp_path, definition())
    path = tmp_path / JOURNAL
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    start = len(content) - len(lines[-1]) - len(lines[-2])
    for end in range(start, len(content), 7):
        path.write_bytes(content[:end])
        with Study(tmp_path, definition()) as study:
            assert set(study.combinations[0].results) == {0, 1, 2}
            study.begin()
            study.put(1, 1, outcome())
        with Study(tmp_path, definition()) as study:
            assert 1 in study.combinations[1].results


def test_a_file_that_is_damaged_further_up_is_said(tmp_path):
    filled(tmp_path, definition())
    path = tmp_path / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{nonsense\n", *lines[2:]]))
    with pytest.raises(UserError, match=r"study\.journal cannot be read"):
        Study(tmp_path, definition())


def test_optuna_itself_reads_the_file(tmp_path):
    filled(tmp_path, definition())
    study = optuna.load_study(study_name=NAME, storage=JournalStorage(JournalFileBackend(str(tmp_path / JOURNAL))))
    assert study.trials[0].values == [3.0]
    assert study.trials[0].params == {"activation": "tanh"}


def test_a_combination_is_finished_by_its_last_seed(tmp_path):
    swept = definition()
    with Study(tmp_path, swept) as study:
        study.begin()
        for seed in (0, 1):
            study.put(0, seed, outcome(1.0 + seed))
        assert [found.number for found in study.begin()] == [0, 1, 2]
        study.put(0, 2, outcome(3.0))
        assert [found.number for found in study.begin()] == [1, 2]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seeds": (0, 1)}, "seeds 0 1 2 there, 0 1 here"),
        ({"axes": (Choices("activation", ("tanh", "relu")),)}, "ACTIVATION tanh relu sigmoid there, tanh relu here"),
        ({"axes": (ACTIVATIONS, Choices("hidden_size", (2, 3)))}, "HIDDEN_SIZE not tried there, 2 3 here"),
        ({"objectives": ("gap",)}, "objectives error there, gap here"),
        ({"trials": 3}, "all combinations there, drawn here"),
        ({"axes": (ACTIVATIONS, Range("learning_rate", 1e-3, 0.1, whole=False))}, r"LEARNING_RATE not tried there"),
    ],
)
def test_a_sweep_of_other_settings_is_refused_by_name(tmp_path, other, message):
    filled(tmp_path, definition())
    with pytest.raises(UserError, match=message):
        Study(tmp_path, definition(**other))
    # And the folder is free again.
    with Study(tmp_path, definition()) as study:
        assert len(study.combinations) == 3


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100000,
        "[]",
        "null",
        '{"op_code": 99, "worker_id": "w"}',
        '{"op_code": 4, "worker_id": "w", "study_id": 0, "params": 3}',
        '{"op_code": 6, "worker_id": "w", "trial_id": [], "state": 1, "values": null}',
        '{"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"baselines:d": {"mean": 3}}}',
        '{"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"definition": {"task": "memory"}}}',
        '{"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"run:0": {"trial": [0, 0], "run": "../x"}}}',
        '{"op_code": 8, "worker_id": "w", "trial_id": 1, "user_attr": {"seed:1": {"gap": "none"}}}',
        '{"op_code": 8, "worker_id": "w", "trial_id": 1, "user_attr": {"seed:x": {"message": "no"}}}',
    ],
)
@pytest.mark.parametrize("asked", [definition(), None])
def test_changes_that_are_none_are_said_and_change_nothing(tmp_path, line, asked):
    filled(tmp_path, definition())
    path = tmp_path / JOURNAL
    path.write_bytes(path.read_bytes() + line.encode() + b"\n")
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"study\.journal cannot be read") as caught:
        Study(tmp_path, asked)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_left_as_it_is(tmp_path):
    path = tmp_path / JOURNAL
    path.write_bytes(b"my notes, in one line")
    with pytest.raises(UserError, match=r"study\.journal cannot be read"):
        Study(tmp_path, definition())
    assert path.read_bytes() == b"my notes, in one line"


def test_what_is_opened_again_grows_by_nothing(tmp_path):
    filled(tmp_path, definition())
    before = (tmp_path / JOURNAL).read_bytes()
    with Study(tmp_path, definition()):
        pass
    assert (tmp_path / JOURNAL).read_bytes() == before
