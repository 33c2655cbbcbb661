"""Many trainings as one experiment: the command ``rnnexp sweep``, and scripts with a ``SWEEP``."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import tyro

from rnnexp import determinism, files
from rnnexp.commands import axes
from rnnexp.commands.flags import fields, parse
from rnnexp.config import CONFIGS, Settings
from rnnexp.console import print_lines
from rnnexp.errors import UserError, did_you_mean
from rnnexp.experiment.sweep.definition import Definition, Keep, Objective, Pruner, Sampler
from rnnexp.experiment.sweep.space import Choices, Range
from rnnexp.validation import validated

# What ``keep``, ``sampler`` and so on may be.
CHOICES: dict[str, tuple[str, ...]] = {
    "objective": get_args(Objective),
    "sampler": get_args(Sampler),
    "pruner": get_args(Pruner),
    "keep": get_args(Keep),
}


@dataclass
class Options:
    """Train with many settings and seeds, as one experiment.

    Every flag of a task may have several values, all combinations of which are trained: --activation relu tanh
    --hidden-size 5 10 20 --seed 0 1 2; or with --trials a range, from which values are drawn: --learning-rate
    1e-4..1e-1. The same command goes on where an earlier one was stopped. docs/sweeps.md says more.
    """

    name: Annotated[
        str | None,
        tyro.conf.arg(help="of the sweep's folder; None: of the data set, and what differs"),
    ] = None
    trials: Annotated[
        int | None,
        tyro.conf.arg(help="combinations to draw, each trained with every seed; None: all combinations"),
    ] = None
    objective: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            help="what is to be small: error (of the int8 model, on the validation part), float32 (that model's), gap, "
            "flash (bytes); the first one chooses the best, of several there is a Pareto front"
        ),
    ] = ("error",)
    sampler: Annotated[str, tyro.conf.arg(help=f"what draws: {', '.join(CHOICES['sampler'])}")] = "tpe"
    pruner: Annotated[str, tyro.conf.arg(help=f"what ends hopeless trials early: {', '.join(CHOICES['pruner'])}")] = (
        "none"
    )
    keep: Annotated[str, tyro.conf.arg(help="trials that leave all the files of a run: best, all or none of them")] = (
        "best"
    )
    retry_failed: Annotated[
        tyro.conf.FlagCreatePairsOff[bool], tyro.conf.arg(help="do trials again that have failed")
    ] = False
    workers: Annotated[int | None, tyro.conf.arg(help="processes; None: as many as cores")] = None
    ray: Annotated[
        str | None,
        tyro.conf.arg(
            help="the Ray cluster that does the trials: HOST:PORT, ray://HOST:PORT, or auto for the one that this "
            "machine is in (docs/cluster.md); None: this machine alone"
        ),
    ] = None
    trials_per_worker: Annotated[
        int, tyro.conf.arg(help="after so many, a process is renewed: libraries do not give back all memory")
    ] = 100
    sweeps_dir: Annotated[Path, tyro.conf.arg(help="where the folders of sweeps are")] = Path("sweeps")


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        UserError: if the sweep cannot be, or nothing comes of it.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    tasks = ", ".join(CONFIGS)
    match arguments:
        case [] | [("-h" | "--help"), *_]:
            print_lines([f"usage: rnnexp sweep {{{tasks}}} [OPTIONS]", "", *(Options.__doc__ or "").splitlines()])
            print_lines(["rnnexp sweep TASK --help lists the options."])
            return 0
        case [task, *rest] if task in CONFIGS:
            return run_sweep(f"rnnexp sweep {task}", CONFIGS[task], {}, rest, {})
        case [task, *_]:
            raise UserError(f"unknown task {task!r}{did_you_mean(task, CONFIGS)} (there are: {tasks})")
    return 2


def run_sweep(
    program: str,
    config_class: type[Settings],
    constants: Mapping[str, Any],
    arguments: Sequence[str] | None,
    sweep: Any,
) -> int:
    """Run a sweep and return the exit code.

    Args:
        program: the name of the command, for messages.
        config_class: of the task.
        constants: a script's, which flags go before.
        arguments: of the command line; None for the process's own.
        sweep: a script's ``SWEEP``: setting or option -> values; flags go before it, too.

    Raises:
        UserError: if the sweep cannot be, or nothing comes of it.
        KeyboardInterrupt: on Ctrl-C or SIGTERM; what is done is kept.
    """
    given = axes.split(list(sys.argv[1:] if arguments is None else arguments), config_class, _option_names())
    if given.help:
        _print_help(program, config_class, constants)
    for name in ("output_dir", "runs_dir"):
        if name in given.single:
            raise UserError(f"{axes.flag(name)} is not for a sweep, which has a folder of its own: see --sweeps-dir")
    options, of_script = _options(program, given.options, sweep)
    base = parse(program, config_class, constants, given.settings)
    if base.deterministic and options.ray:
        raise UserError("DETERMINISTIC is for trials on this machine: nodes of --ray start Python by themselves")
    if base.deterministic and not determinism.holds():
        determinism.restart()
    if base.resume:
        raise UserError("RESUME (--resume) is for one run; a sweep goes on by itself: leave it None")
    of_script = {name: values for name, values in of_script.items() if name not in given.single}
    found = axes.axes(config_class, base, {**of_script, **given.several}, program)
    seeds = axes.seeds(found.pop("seed", None), base)
    definition = _definition(options, base, list(found.values()), seeds)
    name = options.name or "-".join([base.data_stem, *found])
    if not re.fullmatch(r"[\w][\w.+-]*", name):
        raise UserError(f"--name {name!r}: a sweep's name is letters, digits, '.', '_', '+' and '-'")
    files.check_folder(options.sweeps_dir, "--sweeps-dir")
    return _run(definition, options, base, options.sweeps_dir / name)


def _definition(options: Options, base: Settings, found: list[Choices | Range], seeds: tuple[int, ...]) -> Definition:
    """Return the sweep, of which all that can be known beforehand is right."""
    ranges = [axis for axis in found if isinstance(axis, Range)]
    if ranges and options.trials is None:
        raise UserError(f"{axes.flag(ranges[0].name)} is a range: say with --trials how many values are drawn from it")
    if options.trials is not None and options.trials < 1:
        raise UserError(f"--trials {options.trials}: at least one combination has to be drawn")
    if options.trials is not None and not found:
        raise UserError("--trials: there is nothing to draw from; give a setting several values, or a range")
    for name, least in (("workers", options.workers), ("trials-per-worker", options.trials_per_worker)):
        if least is not None and least < 1:
            raise UserError(f"--{name} {least}: there has to be at least one")
    if options.pruner != "none" and len(options.objective) > 1:
        raise UserError("--pruner is for one --objective: Optuna cannot tell which of several looks hopeless")
    if options.pruner != "none" and len(seeds) > 1:
        raise UserError("--pruner is for one --seed: a mean over those that were not ended early would mean nothing")
    definition = Definition.of(
        base,
        found,
        seeds,
        objectives=options.objective,
        sampler=options.sampler,
        pruner=options.pruner,
        trials=options.trials,
    )
    for point in definition.points or []:
        definition.config(point, seeds[0])
    return definition


def _run(definition: Definition, options: Options, base: Settings, folder: Path) -> int:
    # Imported here, so that --help and bad arguments answer at once.
    from rnnexp.experiment.sweep import tables
    from rnnexp.experiment.sweep.check import check
    from rnnexp.experiment.sweep.cluster import Cluster
    from rnnexp.experiment.sweep.executor import Executor, LocalExecutor
    from rnnexp.experiment.sweep.places import JOURNAL
    from rnnexp.experiment.sweep.remote import RayExecutor
    from rnnexp.experiment.sweep.results import ends
    from rnnexp.experiment.sweep.study import Study
    from rnnexp.experiment.sweep.sweep import Sweep
    from rnnexp.report import gates
    from rnnexp.report.content import Report

    if base.fail_on:
        gates.parse(base.fail_on, Report.figure_names(base.task), "FAIL_ON")
        if options.keep == "none":
            raise UserError("--fail-on looks at the run of the best trial; with --keep none there is none")

    begun = (folder / JOURNAL).exists()
    if not begun:
        check(definition)

    def say(line: str) -> None:
        if not base.quiet:
            print_lines([line])

    trials = definition.combinations * len(definition.seeds)
    try:
        with ExitStack() as stack:
            # Before anything is written.
            cluster = stack.enter_context(Cluster(options.ray)) if options.ray else None

            def executor(most: int, work: Path) -> Executor:
                if cluster:
                    return RayExecutor(cluster, min(options.workers or most, most), options.trials_per_worker, say)
                return LocalExecutor(min(options.workers or _cores(), most), work, options.trials_per_worker)

            say(f"{folder}: {definition.combinations} combinations, {len(definition.seeds)} seeds, {trials} trials")
            study = stack.enter_context(Study(folder, definition))
            if begun and not study.finished:
                check(definition)
            results = Sweep(
                definition,
                folder,
                study,
                keep=cast(Keep, options.keep),
                say=say,
                retry=options.retry_failed,
                fail_on=base.fail_on,
            ).run(executor)
    except KeyboardInterrupt:
        say("interrupted: what is done is kept, and the same command goes on with the rest")
        raise
    say("")
    for line in tables.plain(definition, results.statistics):
        say(line)
    for sentence in ends(results):
        say(sentence.en)
    say(f"{folder}{os.sep}: results.csv, results.json, table.md, table.tex, index.html, figures")
    return results.report.exit_code if results.report else 0


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _option_names() -> set[str]:
    return {field.name for field in dataclasses.fields(Options)}


def _options(program: str, given: Sequence[str], sweep: Any) -> tuple[Options, dict[str, list[Any]]]:
    """Return the options of flags and of a script's ``SWEEP``, and what settings that has.

    Raises:
        UserError: if one of them is none.
        SystemExit: on flags that cannot be read (2).
    """
    if not isinstance(sweep, Mapping):
        raise UserError(f"SWEEP is {sweep!r}: it is None, or a dictionary of lists, such as {{'SEED': [0, 1, 2]}}")
    names, values = _option_names(), {str(name).lower(): value for name, value in sweep.items()}
    defaults = Options(**{name: value for name, value in values.items() if name in names})
    if isinstance(defaults.objective, str):
        defaults.objective = (defaults.objective,)
    options = tyro.cli(Options, prog=program, args=list(given), default=defaults)
    for name, known in CHOICES.items():
        chosen = getattr(options, name)
        for value in (chosen,) if isinstance(chosen, str) else chosen:
            if value not in known:
                raise UserError(
                    f"--{name}: unknown {name} {value!r}{did_you_mean(str(value), known)} "
                    f"(there are: {', '.join(known)})"
                )
    if len(set(options.objective)) < max(len(options.objective), 1):
        raise UserError(f"--objective {' '.join(options.objective)}: each of them once, at least one")
    options.sweeps_dir = Path(options.sweeps_dir)
    lists = {
        name: list(value) if isinstance(value, list | tuple) else [value]
        for name, value in values.items()
        if name not in names
    }
    return options, lists


def _print_help(program: str, config_class: type[Settings], constants: Mapping[str, Any]) -> None:
    """Print all flags, and end the process."""
    defaults = validated(config_class, constants, program)
    both = dataclasses.make_dataclass("Options", fields(config_class, defaults), bases=(Options,))
    both.__doc__ = Options.__doc__
    tyro.cli(both, prog=program, args=["--help"])
