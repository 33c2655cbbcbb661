"""What goes to whom, what comes back, and what a sweep that was stopped goes on with."""

import csv
import shutil
from dataclasses import replace

import pytest
from helpers.sweeps import ACTIVATIONS, HereAndNow, arithmetic, definition

from rnnexp.errors import UserError
from rnnexp.experiment.sweep.executor import Event
from rnnexp.experiment.sweep.outcome import Failure
from rnnexp.experiment.sweep.results import ends
from rnnexp.experiment.sweep.space import Choices, Range
from rnnexp.experiment.sweep.study import Study
from rnnexp.experiment.sweep.sweep import MOST_ATTEMPTS, Sweep


def sweep(folder, swept, executor, said=None, **options):
    """Run a sweep that keeps no runs; return its results and the executor's jobs."""
    with Study(folder, swept) as study:
        say = [].append if said is None else said.append
        return Sweep(swept, folder, study, keep="none", say=say, **options).run(lambda *_: executor)


def rows(folder):
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def pairs(folder):
    return [(row["activation"], int(row["seed"])) for row in rows(folder)]


ALL = [(activation, seed) for activation in ACTIVATIONS.values for seed in (0, 1, 2)]


def test_all_combinations_with_all_seeds(tmp_path):
    results = sweep(tmp_path, definition(), HereAndNow())
    assert pairs(tmp_path) == ALL
    assert all(row["status"] == "done" for row in rows(tmp_path))
    assert results.statistics.chosen.point == {"activation": "relu"}
    assert results.statistics.chosen.seed == 0
    assert not (tmp_path / "work").exists()
    left = {path.name for path in tmp_path.iterdir()}
    assert {"results.csv", "results.json", "table.md", "table.tex", "index.html", "study.journal"} <= left
    assert {"axis-activation.svg", "axis-activation.pdf"} <= left


def test_what_is_done_is_not_done_again(tmp_path):
    sweep(tmp_path, definition(), HereAndNow())
    before = (tmp_path / "results.csv").read_bytes()
    executor = HereAndNow()
    sweep(tmp_path, definition(), executor)
    assert not executor.started
    assert (tmp_path / "results.csv").read_bytes() == before


@pytest.mark.parametrize("after", range(1, 9))
def test_a_sweep_that_was_stopped_goes_on_with_the_rest(tmp_path, after):
    done = []

    def until(settings):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append((settings["activation"], settings["seed"]))
        return arithmetic(settings)

    with pytest.raises(KeyboardInterrupt):
        sweep(tmp_path, definition(), HereAndNow(until))
    executor = HereAndNow()
    sweep(tmp_path, definition(), executor)
    again = [(job.settings["activation"], job.settings["seed"]) for job in executor.started]
    assert sorted(again + done) == sorted(ALL)
    assert pairs(tmp_path) == ALL


def test_a_trial_that_fails_is_put_down_and_the_sweep_goes_on(tmp_path):
    def compute(settings):
        return (
            Failure("too bad") if settings["activation"] == "relu" and settings["seed"] == 1 else arithmetic(settings)
        )

    results = sweep(tmp_path, definition(), HereAndNow(compute))
    failed = [row for row in rows(tmp_path) if row["status"] == "failed"]
    assert [(row["activation"], row["seed"], row["message"]) for row in failed] == [("relu", "1", "too bad")]
    # The combination that fails with a seed is not the best one, however good it is with the others.
    assert results.statistics.chosen.point == {"activation": "tanh"}
    executor = HereAndNow()
    sweep(tmp_path, definition(), executor)
    assert not executor.started


@pytest.mark.parametrize("trials", [None, 5])
def test_what_failed_can_be_done_again(tmp_path, trials):
    swept = definition((ACTIVATIONS, Choices("hidden_size", (4, 8))), trials=trials)
    before = sweep(tmp_path, swept, HereAndNow(lambda s: Failure("full") if s["seed"] == 1 else arithmetic(s)))
    executor = HereAndNow()
    sweep(tmp_path, swept, executor, retry=True)
    assert [job.settings["seed"] for job in executor.started] == [1] * len(before.combinations)
    assert all(row["status"] == "done" for row in rows(tmp_path))
    assert len(rows(tmp_path)) == 3 * len(before.combinations)
    again = HereAndNow()
    sweep(tmp_path, swept, again, retry=True)
    assert not again.started


def test_where_everything_fails_it_says_why(tmp_path):
    with pytest.raises(UserError, match="no trial came to anything: the disk is on fire"):
        sweep(tmp_path, definition(), HereAndNow(lambda _: Failure("the disk is on fire")))


def test_a_trial_whose_worker_goes_away_is_done_by_another(tmp_path):
    lost = []

    def compute(settings):
        if settings["seed"] == 1 and len(lost) < MOST_ATTEMPTS - 1:
            lost.append(settings)
            return None
        return arithmetic(settings)

    sweep(tmp_path, definition(), HereAndNow(compute))
    assert len(lost) == MOST_ATTEMPTS - 1
    assert sorted(pairs(tmp_path)) == sorted(ALL)
    assert all(row["status"] == "done" for row in rows(tmp_path))


def test_a_trial_that_ends_every_worker_is_put_down(tmp_path):
    sweep(tmp_path, definition(), HereAndNow(lambda s: None if s["activation"] == "sigmoid" else arithmetic(s)))
    failed = [row for row in rows(tmp_path) if row["status"] == "failed"]
    assert {row["activation"] for row in failed} == {"sigmoid"}
    assert all("code -9" in row["message"] for row in failed)


def test_draws_go_where_it_is_good(tmp_path):
    swept = definition((ACTIVATIONS, Range("learning_rate", 1e-4, 1.0, whole=False)), (0, 1), trials=30)
    results = sweep(tmp_path, swept, HereAndNow())
    assert len(results.combinations) == 30
    assert len(rows(tmp_path)) == 60
    assert results.statistics.chosen.point["activation"] == "relu"
    later = [found.point["activation"] for found in results.combinations[15:]]
    assert later.count("relu") > len(later) / 3


def test_more_draws_can_be_asked_for_later(tmp_path):
    axes = (Range("hidden_size", 2, 40, whole=True),)
    sweep(tmp_path, definition(axes, (0,), trials=4), HereAndNow())
    executor = HereAndNow()
    results = sweep(tmp_path, definition(axes, (0,), trials=7), executor)
    assert 1 <= len(executor.started) <= 3
    assert all(isinstance(found.point["hidden_size"], int) for found in results.combinations)


def test_what_was_drawn_before_is_not_trained_again(tmp_path):
    executor = HereAndNow(most=1)
    results = sweep(tmp_path, definition((Choices("activation", ("tanh", "relu")),), (0,), trials=12), executor)
    assert len(executor.started) == 2
    assert len(results.combinations) == len(rows(tmp_path)) == 2


def test_several_objectives_have_a_front(tmp_path):
    def compute(settings):
        found = arithmetic(settings)
        bonus = 0.05 * settings["hidden_size"]
        return type(found)(**{**found.to_json(), "int8": {"rmse": found.int8["rmse"] - bonus}})

    axes = (ACTIVATIONS, Choices("hidden_size", (4, 8)))
    results = sweep(tmp_path, definition(axes, objectives=("error", "flash")), HereAndNow(compute))
    front = [dict(found.point) for found in results.statistics.summaries if found.on_front]
    assert front == [{"activation": "relu", "hidden_size": 4}, {"activation": "relu", "hidden_size": 8}]
    assert (tmp_path / "pareto.svg").exists()


def test_two_sweeps_do_not_write_to_one_folder(tmp_path):
    with Study(tmp_path, definition()), pytest.raises(UserError, match="being worked on by another process"):
        Study(tmp_path, definition())


def test_it_says_what_is_done(tmp_path):
    said = []
    sweep(tmp_path, definition(seeds=(0,)), HereAndNow(), said)
    assert said[0].startswith("1/3  activation=tanh, seed=0: error 2 (float32 1.999, gap +0.001)")


def test_hopeless_trials_end_early(tmp_path):
    axes = (Range("learning_rate", 1e-3, 5.0, whole=False),)
    results = sweep(tmp_path, definition(axes, (0,), trials=15, pruner="median"), HereAndNow(most=1))
    pruned = [row for row in rows(tmp_path) if row["status"] == "pruned"]
    assert 0 < len(pruned) < 10
    assert min(float(row["learning_rate"]) for row in pruned) > results.statistics.chosen.point["learning_rate"]


@pytest.mark.parametrize("processors", [("a", "a"), ("a", "b")])
def test_another_processor_may_come_to_other_weights_and_that_is_said(tmp_path, memory_run, processors):
    """The run of the best trial is somewhere else: on the same processor it must be the same network."""
    computed = []

    def compute(settings):
        computed.append(settings)
        found = replace(arithmetic(settings), processor=processors[0])
        if computed.count(settings) == 1:
            return found
        folder = tmp_path / "runs" / "again"
        folder.mkdir(parents=True)
        shutil.copy(memory_run.folder / "report.json", folder)
        return replace(found, digest="another", processor=processors[1], run="again")

    swept, said = definition(), []
    with Study(tmp_path, swept) as study:
        story = Sweep(swept, tmp_path, study, keep="best", say=said.append)
        if processors[0] == processors[1]:
            with pytest.raises(RuntimeError, match="came to other weights"):
                story.run(lambda *_: HereAndNow(compute))
            return
        results = story.run(lambda *_: HereAndNow(compute))
    assert results.run == "again"
    assert "computed on another processor, b, than the trial, a" in ends(results)[-1].en
    assert "than the trial, a" in (tmp_path / "table.md").read_text()
    # It is remembered.
    with Study(tmp_path, swept) as study:
        results = Sweep(swept, tmp_path, study, keep="best", say=said.append).run(lambda *_: HereAndNow(compute))
    assert "than the trial, a" in ends(results)[-1].en


def test_a_trial_is_not_to_blame_for_nodes_that_go(tmp_path):
    class Going(HereAndNow):
        gone = 0

        def wait(self):
            if self.gone < 2 * MOST_ATTEMPTS:
                self.gone += 1
                return Event("lost", self.under_way.popleft().number, {"blameless": True})
            return super().wait()

    sweep(tmp_path, definition(), Going(most=1))
    assert pairs(tmp_path) == ALL
    assert all(row["status"] == "done" for row in rows(tmp_path))


def test_a_sweep_waits_for_whoever_is_to_do_it(tmp_path):
    class Late(HereAndNow):
        """Nobody is there at first, nor after each trial."""

        there = False

        def free(self):
            return self.there and super().free()

        def wait(self):
            self.there = not self.there
            return Event("idle") if self.there else super().wait()

    swept = definition((Range("hidden_size", 2, 40, whole=True),), (0,), trials=4)
    results = sweep(tmp_path, swept, Late(most=1))
    assert len(results.combinations) >= 3
    assert sum(len(found.results) for found in results.combinations) == len(rows(tmp_path)) >= 3
