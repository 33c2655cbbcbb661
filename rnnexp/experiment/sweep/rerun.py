"""A trial of a sweep that has left no files, trained again from its recorded settings: it comes to the same bits."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from rnnexp.errors import UserError
from rnnexp.experiment.folder import REPORT
from rnnexp.experiment.sweep.outcome import Failure, Outcome
from rnnexp.experiment.sweep.places import RUNS, TrialName, places
from rnnexp.experiment.sweep.space import label
from rnnexp.experiment.sweep.study import Study
from rnnexp.report.file import read_report


def run_of(name: TrialName, say: Callable[[str], object]) -> Path:
    """Return the folder of a trial's run; where it has none it is trained again, and then kept.

    Args:
        name: of the trial.
        say: prints a line, before anything that takes long.

    Raises:
        UserError: if there is no such trial, it has failed, or it does not come to the same again.
        KeyboardInterrupt: on Ctrl-C or SIGTERM; nothing is kept then.
    """
    with Study(name.folder) as study:
        run = study.runs.get((name.combination, name.seed))
        if run and (name.folder / RUNS / run / REPORT).is_file():
            return name.folder / RUNS / run
        before = _outcome(study, name)
        point = study.combinations[name.combination].point
        study.definition.config(point, name.seed)  # what cannot be trained is said before anything else
        say(
            f"{name} left no files: training it again from its settings ({label({**point, 'seed': name.seed})}), "
            f"which took {before.seconds:.1f} s"
        )
        run = _again(study, name, before)
        study.put_run(name.combination, name.seed, run)
        say(f"it came to the same weights and figures, and is kept in {name.folder / RUNS / run}")
        return name.folder / RUNS / run


def _outcome(study: Study, name: TrialName) -> Outcome:
    """Return what a trial has come to."""
    known = study.combinations
    if name.combination >= len(known):
        raise UserError(f"{name}: the sweep has combinations 0 to {len(known) - 1} (results.csv lists them)")
    found = known[name.combination].results.get(name.seed)
    if found is None:
        seeds = " ".join(map(str, study.definition.seeds))
        raise UserError(f"{name}: the trial is not done; the sweep has seeds {seeds} (results.csv lists what is done)")
    if isinstance(found, Failure):
        raise UserError(f"{name}: the trial came to nothing: {found.message}")
    return found


def _again(study: Study, name: TrialName, before: Outcome) -> str:
    """Train a trial again, and return the name of its run's folder; one that comes to something else is removed."""
    # Imported here, so that what has files already is exported without TensorFlow.
    from rnnexp.experiment.sweep.trial import Workshop

    where = places(name.folder, name.combination, name.seed)
    point = study.combinations[name.combination].point
    config = study.definition.config(point, name.seed, quiet=True, **where)
    with tempfile.TemporaryDirectory() as work, Workshop(Path(work)) as workshop:
        found = workshop.run(config).outcome
    made = where["runs_dir"] / found.run
    same = (found.digest, found.float32, found.int8) == (before.digest, before.float32, before.int8)
    if same:
        return found.run
    interrupted = read_report(made / REPORT).training.ended == "interrupted"
    for folder in (made, where["output_dir"]):
        shutil.rmtree(folder, ignore_errors=True)
    if interrupted:
        raise KeyboardInterrupt
    raise UserError(
        f"{name}: trained again, it came to other weights than the sweep recorded, and nothing was exported: the data, "
        "rnnexp, one of its libraries or the processor is another one than then"
    )
