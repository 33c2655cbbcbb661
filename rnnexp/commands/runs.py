"""``rnnexp runs``: the runs that there have been: listed, shown, compared, exported again, cleaned up."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from rnnexp.console import print_lines
from rnnexp.errors import UserError, did_you_mean
from rnnexp.flags import gathered

Runs = Annotated[Path, tyro.conf.arg(metavar="FOLDER", help="where runs are")]
Name = Annotated[
    str,
    tyro.conf.Positional,
    tyro.conf.arg(metavar="RUN", help="a run's folder, the beginning of its name, or what its files are called"),
]


@dataclasses.dataclass(frozen=True)
class List:
    """List the runs that there have been, the newest last: what differs from the defaults, and what they came to.

    Further commands: rnnexp runs show RUN, compare RUN RUN ..., export RUN DIR, clean; each has a --help of its own.
    """

    best: Annotated[
        str | None,
        tyro.conf.arg(
            metavar="FIGURE", help="in order of this figure, the best first: rmse, accuracy, gap, ... (docs/ci.md)"
        ),
    ] = None
    where: Annotated[
        tuple[str, ...],
        tyro.conf.arg(
            metavar="CONDITION",
            help='only those of which this is true, or all of these are: cell=gru "hidden_size>5" "rmse<40"',
        ),
    ] = ()
    json: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="as JSON, for programs")] = False
    runs_dir: Runs = Path("runs")


@dataclasses.dataclass(frozen=True)
class Show:
    """Show a run: its settings, what it came to, its files."""

    run: Name
    runs_dir: Runs = Path("runs")


@dataclasses.dataclass(frozen=True)
class Compare:
    """Show several runs beside each other: the settings in which they differ, their figures, and their curves."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN", help="two runs or more")]
    picture: Annotated[
        Path | None, tyro.conf.arg(metavar="FILE", help="draws the curves of all into one .svg, .png or .pdf")
    ] = None
    runs_dir: Runs = Path("runs")


@dataclasses.dataclass(frozen=True)
class Export:
    """Put the full set of files that a run has exported into a folder, checked, as if it had just ended.

    A trial of a sweep that left no files, sweeps/NAME/COMBINATION-seed-SEED, is trained again first.
    """

    run: Name
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR", help="where they go")]
    runs_dir: Runs = Path("runs")


@dataclasses.dataclass(frozen=True)
class Clean:
    """List the folders of runs that came to nothing, and delete them if that is confirmed."""

    yes: Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="delete without asking")] = False
    resumable: Annotated[
        bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help="also those that could go on with --resume")
    ] = False
    runs_dir: Runs = Path("runs")


def main(arguments: Sequence[str]) -> int:
    """Run the command with its arguments and return the exit code.

    Raises:
        UserError: if there is no such run, or an argument cannot be used.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    verb, *others = arguments if arguments and not arguments[0].startswith("-") else ("list", *arguments)
    if verb not in _VERBS:
        raise UserError(f"there is no command {verb!r}{did_you_mean(verb, _VERBS)} (there are {', '.join(_VERBS)})")
    return _VERBS[verb](others)


def _list(arguments: Sequence[str]) -> int:
    options = tyro.cli(List, prog="rnnexp runs", args=gathered(arguments, {"--where"}))
    from rnnexp.report import figures
    from rnnexp.report.content import Report
    from rnnexp.runs import conditions, text
    from rnnexp.runs.row import Row
    from rnnexp.runs.run import in_folder, read

    wanted = conditions.parse(options.where)
    best = _best(options.best, figures.names(Report)) if options.best else ""
    # One after the other: of a thousand reports there is never more than one in memory.
    runs = (read(folder) for folder in in_folder(options.runs_dir))
    rows = [Row.of(run, best) for run in runs if all(condition.holds(run) for condition in wanted)]
    without = 0
    if best:
        ranked = [row for row in rows if row.best is not None]
        without = len(rows) - len(ranked)
        higher = bool(figures.HIGHER_IS_BETTER.search(best))
        rows = sorted(ranked, key=lambda row: row.best or 0.0, reverse=higher)
    if options.json:
        print_lines([json.dumps([dataclasses.asdict(row) for row in rows], indent=2, ensure_ascii=False)])
    elif rows:
        print_lines([*text.table(rows, options.best or ""), "", *text.summary(rows, options.best or "", without)])
    else:
        print_lines([f"no runs in {options.runs_dir}{' of which this is true' if options.where or best else ''}"])
    return 0


def _best(name: str, known: Sequence[str]) -> str:
    from rnnexp.report import figures

    try:
        return figures.resolve(name, known)
    except UserError as error:
        raise UserError(f"--best: {error}") from None


def _show(arguments: Sequence[str]) -> int:
    options = tyro.cli(Show, prog="rnnexp runs show", args=arguments)
    from rnnexp.runs import text
    from rnnexp.runs.find import find

    print_lines(text.show(find(options.run, options.runs_dir)))
    return 0


def _compare(arguments: Sequence[str]) -> int:
    options = tyro.cli(Compare, prog="rnnexp runs compare", args=arguments)
    from rnnexp.runs import text
    from rnnexp.runs.comparison import Comparison
    from rnnexp.runs.find import find

    runs = [find(name, options.runs_dir) for name in options.runs]
    if len({run.folder.resolve() for run in runs}) < max(len(runs), 2):
        raise UserError(f"RUN: {', '.join(options.runs) or 'nothing'}: two different runs or more are compared")
    compared = Comparison.of(runs)
    lines = list(text.compare(compared))
    if options.picture:
        without = compared.draw(options.picture)
        lines += ["", str(options.picture)]
        lines += [f"  without {name}, which has no history.csv with epochs" for name in without]
    print_lines(lines)
    return 0


def _export(arguments: Sequence[str]) -> int:
    options = tyro.cli(Export, prog="rnnexp runs export", args=arguments)
    from rnnexp.runs.export import export
    from rnnexp.runs.find import find_or_repeat

    run = find_or_repeat(options.run, options.runs_dir, _say)
    paths, missing = export(run, options.folder)
    print_lines(map(str, paths))
    for name in missing:
        print(f"WARNING: {run.folder} does not have {name}: the version that made it kept less", file=sys.stderr)
    return 1 if missing else 0


def _say(line: str) -> None:
    """Print what is going on, at once; standard output is for the files alone."""
    print(line, file=sys.stderr, flush=True)


def _clean(arguments: Sequence[str]) -> int:
    options = tyro.cli(Clean, prog="rnnexp runs clean", args=arguments)
    from rnnexp.runs import cleaning, text
    from rnnexp.runs.run import in_folder, read

    verdicts = cleaning.judge(map(read, in_folder(options.runs_dir)), resumable=options.resumable)
    safe = [verdict.run for verdict in verdicts if not verdict.kept]
    print_lines([*text.clean(verdicts), f"{len(safe)} of {len(verdicts)} runs without results can be deleted"])
    if not safe:
        return 0
    if not options.yes and not _agreed(len(safe)):
        print_lines(["nothing was deleted; with --yes, they are"])
        return 0
    for run in safe:
        gone = cleaning.delete(run)
        print_lines([f"{run.folder}: {'deleted' if gone else 'kept, since a process is at work on it'}"])
    return 0


def _agreed(count: int) -> bool:
    """Ask whoever sits at the terminal, if anybody does."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    # Not by input(), which without readline asks on standard error.
    print(f"Delete {count} folder{'' if count == 1 else 's'}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


_VERBS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "list": _list,
    "show": _show,
    "compare": _compare,
    "export": _export,
    "clean": _clean,
}
