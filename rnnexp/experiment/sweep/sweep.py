"""The story of a sweep: what is not done yet goes to whoever is free, what comes back is put down at once."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnexp import files
from rnnexp.errors import UserError
from rnnexp.experiment.sweep import results
from rnnexp.experiment.sweep.combination import Chosen, Combination, distinct
from rnnexp.experiment.sweep.definition import Definition, Keep
from rnnexp.experiment.sweep.executor import Event, Executor, Job
from rnnexp.experiment.sweep.outcome import Failure, Outcome, from_json, objective_of
from rnnexp.experiment.sweep.places import MODELS, RUNS, WORK, places, trial_name
from rnnexp.experiment.sweep.results import Results
from rnnexp.experiment.sweep.space import label
from rnnexp.experiment.sweep.statistics import summarize
from rnnexp.experiment.sweep.study import Study

# A trial whose worker goes away is given to another one; after so many times it is the trial.
MOST_ATTEMPTS = 3
# Results are written anew while the sweep goes on, at most so often, in seconds.
WRITE_EVERY = 5.0
# Settings that are variables of a compiled program: trials that differ in nothing else share it.
VARIABLES = frozenset({"learning_rate", "gradient_clip_norm", "learning_rate_decay", "epochs", "qat_epochs"})


@dataclass
class _Trial:
    """A trial that is not done yet."""

    combination: Combination
    seed: int
    job: Job
    attempts: int = 0


class Sweep:
    """A sweep under way.

    Args:
        definition: of the sweep.
        folder: that it has for itself.
        study: open, of the same.
        keep: which trials leave everything that a run leaves.
        retry: whether trials that failed are done again.
        fail_on: limits on figures of the best trial's run, as a run has them.
        say: prints a line.
    """

    def __init__(
        self,
        definition: Definition,
        folder: Path,
        study: Study,
        *,
        keep: Keep,
        say: Callable[[str], object],
        retry: bool = False,
        fail_on: Sequence[str] = (),
    ) -> None:
        self._definition, self._folder, self._study = definition, folder, study
        self._keep, self._say, self._retry, self._fail_on = keep, say, retry, tuple(fail_on)
        self._waiting: list[_Trial] = []
        self._under_way: dict[int, _Trial] = {}
        self._jobs = self._done = 0
        self._written = 0.0

    def run(self, executor: Callable[[int, Path], Executor]) -> Results:
        """Do what is not done yet, and return what all of it came to; it is in the folder, too.

        Args:
            executor: makes what computes at most so many trials at a time, with a folder for what it leaves for a
                moment; it is not made where everything is done.

        Raises:
            UserError: if nothing came to anything.
        """
        total = self._definition.combinations * len(self._definition.seeds)
        if self._retry:
            self._study.retry()
        for combination in self._study.begin():
            self._study.finish(combination.number)  # if it was killed between the last seed and this
            self._add(combination)
        self._done = sum(len(found.results) for found in distinct(self._study.combinations))
        if self._done:
            self._say(f"{self._done} of {total} trials are done already")
        left, work = total - self._done, self._folder / WORK
        files.remove_stale(self._folder)
        self._remove_other_runs()
        shutil.rmtree(work, ignore_errors=True)
        try:
            if left or self._chosen():
                work.mkdir(parents=True)
                with executor(max(left, 1), work) as there:
                    self._go_on(there, total)
                    self._write(finished=False)
                    self._run_chosen(there)
        except KeyboardInterrupt:
            self._write(finished=False)
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return self._write(finished=True)

    def _add(self, combination: Combination) -> None:
        """Queue the seeds of a combination that have come to nothing yet."""
        seeds = [seed for seed in self._definition.seeds if seed not in combination.results]
        self._waiting += [_Trial(combination, seed, self._job(combination, seed)) for seed in seeds]

    def _go_on(self, executor: Executor, total: int) -> None:
        """Do all trials."""
        while True:
            all_drawn = False
            while executor.free():
                if not self._waiting and not self._draw(total):
                    all_drawn = True
                    break
                started = executor.start([trial.job for trial in self._waiting])
                self._under_way[started.number] = next(trial for trial in self._waiting if trial.job is started)
                self._waiting.remove(self._under_way[started.number])
            if all_drawn and not self._under_way:
                return
            self._hear(executor.wait(), executor, total)
            if time.monotonic() - self._written > WRITE_EVERY:
                self._write(finished=False)

    def _draw(self, total: int) -> bool:
        """Draw combinations until one has something to do; return whether there was one."""
        while (drawn := self._study.draw()) is not None:
            # What was tried before comes to the same again.
            twin = next(
                (found for found in self._study.combinations if found.point == drawn.point and found.results), None
            )
            for seed, found in twin.results.items() if twin else ():
                self._put(drawn, seed, found, total)
            drawn = self._study.combination(drawn.number)
            try:
                self._add(drawn)
            except UserError as error:
                for seed in self._definition.seeds:
                    self._put(drawn, seed, Failure(str(error)), total)
            if self._waiting:
                return True
        return False

    def _job(self, combination: Combination, seed: int) -> Job:
        point, definition = combination.point, self._definition
        self._jobs += 1
        form = tuple((name, value) for name, value in sorted(point.items()) if name not in VARIABLES)
        return Job(
            self._jobs,
            definition.task,
            self._settings(combination.number, point, seed),
            form=form,
            watch=definition.pruner != "none",
            run=self._keep == "all",
        )

    def _settings(self, number: int, point: Any, seed: int) -> dict[str, Any]:
        """Return the settings of a trial, and where a run of it leaves its files."""
        places_of_run = places(self._folder, number, seed)
        config = self._definition.config(point, seed, quiet=True, fail_on=self._fail_on, **places_of_run)
        return config.model_dump(mode="json")

    def _hear(self, event: Event, executor: Executor, total: int) -> None:
        """Take in what happened."""
        if event.kind == "idle":
            return
        trial = self._under_way[event.job]
        number, seed = trial.combination.number, trial.seed
        if event.kind == "epoch":
            prune = self._study.report(number, event.values["epoch"], event.values["val_loss"])
            executor.answer(event.job, prune=prune)
            return
        del self._under_way[event.job]
        if event.kind == "lost":
            trial.attempts += not event.values.get("blameless")
            if trial.attempts < MOST_ATTEMPTS:
                self._waiting.insert(0, trial)
            else:
                how = event.values.get("reason") or f"with code {event.values.get('code')}"
                reason = f"its process ended {MOST_ATTEMPTS} times, {how}"
                self._put(trial.combination, seed, Failure(reason), total)
            return
        found = from_json(event.values["outcome"])
        if isinstance(found, Outcome):
            self._study.put_baselines(found.data, event.values["baselines"])
        self._put(trial.combination, seed, found, total)

    def _put(self, combination: Combination, seed: int, found: Outcome | Failure, total: int) -> None:
        """Put down what a trial came to, and say it."""
        self._study.put(combination.number, seed, found)
        self._done += 1
        if isinstance(found, Failure):
            came = found.message
        else:
            task = self._definition.task
            error, before = (objective_of(name, task, found) for name in ("error", "float32"))
            came = f"error {error:.4g} (float32 {before:.4g}, gap {found.gap:+.2g}), {found.seconds:.1f} s"
        self._say(f"{self._done}/{total}  {label({**combination.point, 'seed': seed})}: {came}")

    def _chosen(self) -> Chosen | None:
        """Return the best trial, if its run is to be kept and is not yet."""
        if self._keep == "none":
            return None
        best = summarize(self._definition, self._study.combinations).chosen
        kept = self._study.chosen
        return None if best is None or (kept is not None and best == kept[0]) else best

    def _run_chosen(self, executor: Executor) -> None:
        """See that there is a run of the best trial with all its files, with the only look at the test part."""
        best = self._chosen()
        if best is None:
            return
        before = self._study.combination(best.number).outcomes[best.seed]
        name, note = before.run, ""
        if not name:
            self._say(f"running the best one with all its files: {label({**best.point, 'seed': best.seed})}")
            settings = self._settings(best.number, best.point, best.seed)
            found = from_json(self._one(executor, settings)["outcome"])
            if isinstance(found, Failure):
                raise UserError(f"the best trial could not be run again: {found.message}")
            if found.digest != before.digest:
                if found.processor == before.processor:
                    raise RuntimeError("the best trial came to other weights when it was run again")
                note = (
                    "It came to other weights than the trial, and its figures are of these: it was computed on "
                    f"another processor, {found.processor}, than the trial, {before.processor}."
                )
            name = found.run
        self._study.put_chosen(best, name, note)
        self._remove_other_runs()

    def _one(self, executor: Executor, settings: dict[str, Any]) -> dict[str, Any]:
        """Run settings with all files, while nothing else is under way."""
        attempts = 0
        while attempts < MOST_ATTEMPTS:
            while not executor.free():
                executor.wait()
            self._jobs += 1
            job = executor.start([Job(self._jobs, self._definition.task, settings, run=True)])
            event = executor.wait()
            while event.job != job.number:
                event = executor.wait()
            if event.kind != "lost":
                return event.values
            attempts += not event.values.get("blameless")
        raise UserError(f"the best trial could not be run again: its process ended {MOST_ATTEMPTS} times")

    def _remove_other_runs(self) -> None:
        """Remove what runs have left that is not put down: of a sweep that was killed, or of an earlier best trial."""
        kept = self._study.runs
        for place, names in ((RUNS, set(kept.values())), (MODELS, {trial_name(*trial) for trial in kept})):
            for folder in (self._folder / place).glob("*"):
                if folder.name not in names:
                    shutil.rmtree(folder, ignore_errors=True)

    def _write(self, *, finished: bool) -> Results:
        self._written = time.monotonic()
        found = Results.of(self._definition, self._study, self._folder)
        if finished and found.statistics.chosen is None:
            reasons = [failure for summary in found.statistics.summaries for failure in summary.failures.values()]
            results.write(found, self._folder, finished=False)
            raise UserError(
                f"no trial came to anything: {reasons[0] if reasons else 'there is none'}. If that is mended, the same "
                "command with --retry-failed does them again"
            )
        results.write(found, self._folder, finished=finished)
        return found
