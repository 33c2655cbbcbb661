"""What a sweep remembers: an Optuna study in one file, to which only whole lines are appended.

One of Optuna's trials is a combination here, with what each of its seeds came to among its attributes; its values are
the means over seeds. One process writes at a time, which a lock on the folder sees to; a line that a killed process has
left unfinished is cut off when the file is opened again.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import optuna
from filelock import FileLock, Timeout
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from pydantic import TypeAdapter, ValidationError

from rnnexp.errors import UserError
from rnnexp.experiment.sweep.combination import Chosen, Combination, distinct
from rnnexp.experiment.sweep.definition import Definition, Pruner, Sampler, differences
from rnnexp.experiment.sweep.journal import Journal
from rnnexp.experiment.sweep.outcome import Failure, Figures, Outcome, from_json, objective_of
from rnnexp.experiment.sweep.places import JOURNAL, trial_name
from rnnexp.experiment.sweep.space import Choices, Value

NAME = "sweep"
# What Optuna raises where a change is none of its own: it does not look before it takes one.
DAMAGED = (
    ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError, OverflowError, RecursionError,
)  # fmt: skip
# Names of attributes: of the study, and of a trial before the number of a seed, or before what a trial is called.
DEFINITION, BASELINES, CHOSEN, SEED, RETRIED = "definition", "baselines:", "chosen", "seed:", "retried"
RUN = "run:"
POINT: TypeAdapter[dict[str, Value]] = TypeAdapter(dict[str, Value])
FIGURES: TypeAdapter[dict[str, Figures]] = TypeAdapter(dict[str, Figures])
CHOSEN_BEST = TypeAdapter(Chosen)


class Study:
    """The memory of a sweep. Use as a context manager: while it is open, no other process can open it.

    Args:
        folder: of the sweep; made, if it is not there.
        definition: of the sweep; None: the one that is there.

    Raises:
        UserError: if another process has it open, or it is of a sweep that differs, or cannot be read.
    """

    definition: Definition

    def __init__(self, folder: Path, definition: Definition | None = None) -> None:
        self._folder = folder
        if definition is None and not (folder / JOURNAL).is_file():
            raise UserError(f"there is no sweep in {folder}: it has no {JOURNAL}")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"{folder} is being worked on by another process; wait for it, or choose another --name"
            ) from None
        try:
            self._study = self._open(definition)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *error: object) -> None:
        self._journal.close()
        self._lock.release()

    def _open(self, definition: Definition | None) -> optuna.Study:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        path = self._folder / JOURNAL
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            try:
                self._journal = Journal(path)
                self._storage = JournalStorage(self._journal)
                if definition is None:
                    self._study = optuna.load_study(storage=self._storage, study_name=NAME)
                    self._check()
                    self.definition = Definition.from_json(self._study.user_attrs[DEFINITION], len(self._study.trials))
                    return self._study
                if self._journal.read_logs(0):
                    # Optuna would put down that it is made, and then see that it is there.
                    study = optuna.load_study(storage=self._storage, study_name=NAME, pruner=_pruner(definition.pruner))
                else:
                    study = optuna.create_study(
                        storage=self._storage,
                        study_name=NAME,
                        directions=["minimize"] * len(definition.objectives),
                        pruner=_pruner(definition.pruner),
                    )
                self._study = study
                self._check()
            except DAMAGED as error:
                raise UserError(f"{path} cannot be read: {_why(error)}; choose another --name, or remove it") from None
            self.definition = definition
            study.sampler = _sampler(definition.sampler, len(study.get_trials(deepcopy=False)))
        there, here = study.user_attrs.get(DEFINITION), definition.to_json()
        if there is None:
            study.set_user_attr(DEFINITION, here)
        elif different := differences(there, here):
            raise UserError(
                f"{self._folder} holds a sweep of other settings: {'; '.join(different)}. Choose another --name, or "
                "remove it"
            )
        # A sweep that was killed here goes on with those that are not there yet.
        for point in (definition.points or [])[len(study.get_trials(deepcopy=False)) :]:
            study.add_trial(create_trial(state=TrialState.WAITING, system_attrs={"fixed_params": point}))
        return study

    def _check(self) -> None:
        """See that everything that is remembered can be read.

        Raises:
            ValueError: if something is not what ``put`` and the like put down; or another of ``DAMAGED``.
        """
        if DEFINITION not in self._study.user_attrs:
            return
        definition = Definition.from_json(self._study.user_attrs[DEFINITION])
        if len(self._study.directions) != len(definition.objectives):
            raise ValueError("it has another number of objectives than the sweep")
        for combination in self.combinations:
            point = POINT.validate_python(combination.point)
            if combination.results and not all(
                axis.name in point and axis.has(point[axis.name]) for axis in definition.axes
            ):
                raise ValueError(f"{point} is no combination of the sweep")
        for entry in self.baselines.values():
            FIGURES.validate_python(entry)
        for run in (*self.runs.values(), *([self.chosen[1]] if self.chosen else [])):
            if not run or Path(run).name != run:
                raise ValueError(f"{run!r} is no name of a run's folder")

    @property
    def combinations(self) -> list[Combination]:
        """All combinations that are known, by number."""
        return [self._combination(trial) for trial in self._study.get_trials(deepcopy=False)]

    def _combination(self, trial: FrozenTrial) -> Combination:
        point = trial.system_attrs.get("fixed_params", trial.params)
        results = {
            int(name.removeprefix(SEED)): from_json(value)
            for name, value in trial.user_attrs.items()
            if name.startswith(SEED)
        }
        return Combination(trial.number, dict(point), dict(sorted(results.items())))

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        known = distinct(self.combinations)
        done = sum(set(found.results) == set(self.definition.seeds) for found in known)
        return done >= self.definition.combinations

    def begin(self) -> list[Combination]:
        """Return the combinations that are not finished: what was under way when the sweep was last ended goes first.

        Of drawn ones there are none to begin with; ``draw`` makes them.
        """
        open_states = (TrialState.RUNNING, TrialState.WAITING)
        trials = [trial for trial in self._study.get_trials(deepcopy=False) if trial.state in open_states]
        trials.sort(key=lambda trial: (trial.state != TrialState.RUNNING, trial.number))
        for trial in trials:
            if trial.state == TrialState.WAITING:
                self._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
            self._suggest(optuna.Trial(self._study, trial._trial_id))
        return [self.combination(trial.number) for trial in trials]

    def retry(self) -> None:
        """Make combinations anew of those that have failed with some seeds; what the others came to is kept."""
        for found in distinct(self.combinations):
            if any(not failure.pruned for failure in found.failures.values()):
                attributes = {f"{SEED}{seed}": outcome.to_json() for seed, outcome in found.outcomes.items()}
                self._study.add_trial(
                    create_trial(
                        state=TrialState.WAITING,
                        system_attrs={"fixed_params": found.point},
                        user_attrs={RETRIED: found.number, **attributes},
                    )
                )

    def draw(self) -> Combination | None:
        """Draw a combination; None where there are enough."""
        wanted, trials = self.definition.trials, self._study.get_trials(deepcopy=False)
        if wanted is None or sum(RETRIED not in trial.user_attrs for trial in trials) >= wanted:
            return None
        trial = self._study.ask()
        self._suggest(trial)
        return self.combination(trial.number)

    def combination(self, number: int) -> Combination:
        """Return a combination as it is now."""
        return self._combination(self._study.get_trials(deepcopy=False)[number])

    def _suggest(self, trial: optuna.Trial) -> None:
        """Have the sampler decide what is not decided yet."""
        for axis in self.definition.axes:
            if isinstance(axis, Choices):
                trial.suggest_categorical(axis.name, axis.values)
            elif axis.whole:
                trial.suggest_int(axis.name, int(axis.low), int(axis.high), log=axis.log)
            else:
                trial.suggest_float(axis.name, axis.low, axis.high, log=axis.log)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Put down the validation loss after an epoch, and return whether the combination looks hopeless."""
        trial = optuna.Trial(self._study, self._study.get_trials(deepcopy=False)[number]._trial_id)
        trial.report(value, epoch)
        return bool(trial.should_prune())  # some pruners return NumPy's

    def put(self, number: int, seed: int, found: Outcome | Failure) -> None:
        """Put down what a seed came to; the last one finishes the combination."""
        trial_id = self._study.get_trials(deepcopy=False)[number]._trial_id
        self._storage.set_trial_user_attr(trial_id, f"{SEED}{seed}", found.to_json())
        self.finish(number)

    def finish(self, number: int) -> None:
        """Finish a combination, if all its seeds have come to something."""
        combination = self.combination(number)
        if set(combination.results) != set(self.definition.seeds):
            return
        failures = combination.failures.values()
        if any(failure.pruned for failure in failures):
            self._study.tell(number, state=TrialState.PRUNED)
        elif failures:
            # What fails with some seeds is nothing to search near.
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, self.values(combination))

    def values(self, combination: Combination) -> list[float]:
        """Return a combination's objectives: means over the seeds that came to something."""
        task, outcomes = self.definition.task, combination.outcomes.values()
        return [
            float(np.mean([objective_of(name, task, outcome) for outcome in outcomes]))
            for name in self.definition.objectives
        ]

    @property
    def baselines(self) -> dict[str, dict[str, dict[str, float]]]:
        """Key of the data -> name -> metrics."""
        attributes = self._study.user_attrs
        return {name.removeprefix(BASELINES): found for name, found in attributes.items() if name.startswith(BASELINES)}

    def put_baselines(self, data: str, found: dict[str, dict[str, float]]) -> None:
        """Put down the baselines of some data, once."""
        if f"{BASELINES}{data}" not in self._study.user_attrs:
            self._study.set_user_attr(f"{BASELINES}{data}", found)

    @property
    def chosen(self) -> tuple[Chosen, str] | None:
        """The best trial whose run was put down last, and the name of that run's folder."""
        found = self._study.user_attrs.get(CHOSEN)
        return None if found is None else (CHOSEN_BEST.validate_python(found["best"]), str(found["run"]))

    @property
    def note(self) -> str:
        """What is to be said of that run; empty for nothing."""
        return str(self._study.user_attrs.get(CHOSEN, {}).get("note", ""))

    def put_chosen(self, best: Chosen, run: str, note: str = "") -> None:
        """Put down that there is a run of the best trial, and what is to be said of it."""
        found = {"best": {**vars(best), "point": dict(best.point)}, "run": run, "note": note}
        self._study.set_user_attr(CHOSEN, found)

    def put_run(self, number: int, seed: int, run: str) -> None:
        """Put down that there is a run of a trial, made later."""
        self._study.set_user_attr(f"{RUN}{trial_name(number, seed)}", {"trial": [number, seed], "run": run})

    @property
    def runs(self) -> dict[tuple[int, int], str]:
        """Combination and seed -> the name of the folder with all files of the trial, of those that have one."""
        later = [found for name, found in self._study.user_attrs.items() if name.startswith(RUN)]
        found = {(int(number), int(seed)): str(run["run"]) for run in later for number, seed in [run["trial"]]}
        if self.chosen:
            best, run = self.chosen
            found[best.number, best.seed] = run
        own = {
            (combination.number, seed): outcome.run
            for combination in self.combinations
            for seed, outcome in combination.outcomes.items()
            if outcome.run
        }
        return found | own


def _why(error: Exception) -> str:
    """Return in one line why a file is none of a sweep."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(f"{error}".split()) or "a change in it is none of a study"


def _sampler(name: Sampler, drawn: int) -> optuna.samplers.BaseSampler:
    """Return a sampler for a study with so many combinations: one that goes on must not draw the first ones again.

    What it draws depends on the order in which trials end, too.
    """
    samplers = optuna.samplers
    if name == "random":
        return samplers.RandomSampler(seed=drawn)
    if name == "qmc":
        # It knows by itself how far it has come.
        return samplers.QMCSampler(seed=0, warn_independent_sampling=False)
    if name == "nsga2":
        return samplers.NSGAIISampler(seed=drawn)
    # What other processes are busy with counts as bad, so that they do not all try the same.
    return samplers.TPESampler(seed=drawn, constant_liar=True)


def _pruner(name: Pruner) -> optuna.pruners.BasePruner:
    pruners = optuna.pruners
    if name == "median":
        return pruners.MedianPruner()
    if name == "halving":
        return pruners.SuccessiveHalvingPruner()
    if name == "hyperband":
        return pruners.HyperbandPruner()
    return pruners.NopPruner()
