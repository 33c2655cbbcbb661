"""What is understood of a file or a folder of one's own: the command ``rnnexp data``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from rnnexp import files
from rnnexp.config import ClassificationConfig, RecordingSettings, RegressionConfig
from rnnexp.console import print_lines
from rnnexp.datasets import overview, recordings, series
from rnnexp.datasets.overview import RecordingsOverview, SeriesOverview
from rnnexp.datasets.recordings import Recordings, loader
from rnnexp.errors import UserError
from rnnexp.report.overview import lines
from rnnexp.validation import AnySettings, validated

# Of settings, those that decide what is read and how it is divided.
SETTINGS = (
    *("target", "inputs", "time", "resample", "fill", "calendar", "missing", "horizon", "sequence_length"),
    *("normalization", *RecordingSettings.model_fields, "label", "max_sequence_length"),
    *("validation_share", "early_stopping", "seed"),
)
Task = Literal["regression", "classification"]


@dataclass
class Options:
    """Show what is understood of a file or a folder of your own, before anything is trained on it."""

    file: Annotated[
        str, tyro.conf.Positional, tyro.conf.arg(metavar="FILE", help="its path, or its name in data/; or a folder's")
    ]
    task: Annotated[
        Task | None,
        tyro.conf.arg(help="whose it is: run_regression.py's or run_classification.py's; None: by what it holds"),
    ] = None
    json: Annotated[tyro.conf.FlagCreatePairsOff[bool], tyro.conf.arg(help="print JSON")] = False
    picture: Annotated[
        Path | None,
        tyro.conf.arg(
            metavar="FILE.png",
            help="draw into this file: a series with its gaps and parts, or some recordings of each class",
        ),
    ] = None


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        UserError: if the data cannot be used; what was understood of it is printed before.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    given = vars(tyro.cli(_options(), prog="rnnexp data", args=arguments))
    options = Options(**{field.name: given.pop(field.name) for field in dataclasses.fields(Options)})
    picture = options.picture
    if picture is not None and picture.suffix.lower() != ".png":
        raise UserError(f"--picture {picture}: the picture is a PNG, so its name must end with .png")
    # What is no path is a name in data/, and a folder's name looks like one.
    file = f"{options.file.rstrip('/')}/" if Path(options.file).is_dir() else options.file
    understood = _understood(file, options.task, given)
    found = understood.overview
    if options.json:
        print_lines([json.dumps(dataclasses.asdict(found), allow_nan=False, ensure_ascii=False)])
    else:
        print_lines(lines(found))
    if picture is not None and understood.draw:
        files.write_output(picture, understood.draw())
        if not options.json:
            print_lines(["", f"picture: {picture}"])
    if found.problem:
        raise UserError(found.problem)
    return 0


@dataclass(frozen=True)
class _Understood:
    """What was understood, and what draws it; None where there is nothing to draw."""

    overview: SeriesOverview | RecordingsOverview
    draw: Callable[[], bytes] | None


def _understood(file: str, task: Task | None, given: Mapping[str, Any]) -> _Understood:
    """Read a series, or recordings, as a run with these settings would.

    Args:
        file: its path, or its name in ``data/``.
        task: whose it is; None: by what it holds.
        given: settings.

    Raises:
        UserError: if it cannot be read at all.
    """
    regression = _config(RegressionConfig, file, given)
    path = recordings.find(file)
    of_recordings = path is not None and recordings.is_recordings(path, loader.columns(regression))
    if task != "classification" and not of_recordings:
        return _series(regression, hint=task is None)
    if path is None:
        raise UserError(f"there is no file and no folder {file}")
    classification = _config(ClassificationConfig, file, given)
    found = recordings.read(path, loader.columns(regression if task == "regression" else classification))
    numbers = task == "regression" or (task is None and found.numeric)
    config = regression if numbers else classification
    return _Understood(overview.recordings.understand(found, config), lambda: _draw_recordings(found))


def _series(config: RegressionConfig, *, hint: bool) -> _Understood:
    found = overview.series.understand(series.find(config.dataset_name), config)
    if found.series is None:
        texts = any(column.kind == "texts" for column in found.overview.columns)
        way_out = "; if its rows are of recordings, each of a class: --task classification" if hint and texts else ""
        problem = f"{found.overview.problem}{way_out}"
        return _Understood(dataclasses.replace(found.overview, problem=problem), None)
    return _Understood(found.overview, lambda: _draw_series(found))


def _draw_series(found: overview.series.Understood) -> bytes:
    from rnnexp.report import data_plots

    known, parts = found.series, {}
    assert known is not None
    if found.held_out is not None:
        parts["held out"] = found.held_out
    if found.evaluated is not None and found.evaluated != found.held_out:
        parts["test part"] = found.evaluated
    return data_plots.series(known.names, known.values, known.times, title=Path(found.overview.file).name, parts=parts)


def _draw_recordings(found: Recordings) -> bytes:
    from rnnexp.report import data_plots

    examples: dict[str, list[np.ndarray]] = {}
    for recording in found.recordings:
        examples.setdefault("all" if found.numeric else recording.label, []).append(recording.values)
    return data_plots.recordings(examples, title=found.path.name)


def _config(model: type[AnySettings], file: str, given: Mapping[str, Any]) -> AnySettings:
    """Return settings: those that were given, as far as they are the task's, and its defaults."""
    # RESAMPLE is of series here; that of classification is another one, of spoken words.
    own = set(model.model_fields) - ({"resample"} if model is ClassificationConfig else set())
    chosen = {name: value for name, value in given.items() if name in own and value is not None}
    return validated(model, {"dataset_name": file, **chosen}, "the command line")


def _options() -> type[Options]:
    """Return the command's options and the settings of both tasks, with what their models say of them."""
    known = {**ClassificationConfig.model_fields, **RegressionConfig.model_fields}
    settings: list[tuple[str, Any, Any]] = [
        (
            name,
            Annotated[known[name].annotation, tyro.conf.arg(help=known[name].description)],
            dataclasses.field(default=known[name].default),
        )
        for name in SETTINGS
    ]
    options = dataclasses.make_dataclass("Options", settings, bases=(Options,))
    options.__doc__ = Options.__doc__
    return options
