"""``rnnexp run --steps``: what comes after the end of a series, with its time."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rnnexp.commands.windows import read_last
from rnnexp.datasets import tables
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.preprocessing.series_columns import SeriesColumns
from rnnexp.report import generation


def forecast(
    path: Path,
    steps: int,
    about: About,
    shape: tuple[int, int],
    predict: Callable[[np.ndarray], np.ndarray],
    name: str,
) -> str:
    """Return what comes after a series, as CSV: a step, its time, and predictions in the data's own units.

    Args:
        path: of the series.
        steps: how many.
        about: what the model says of itself.
        shape: time steps and features of the model.
        predict: inputs ``[1, time, features]`` as the network sees them -> its outputs.
        name: of the model, for messages.

    Raises:
        UserError: if the model is none of series, or the series does not fit it.
    """
    if about.task != "regression":
        raise UserError(f"--steps goes on with a series, and {name} is a model of {about.task or 'something else'}")
    if not shape[1] or about.masking is not None:
        what = "takes words" if not shape[1] else f"takes steps that are all {about.masking:g} for padding"
        raise UserError(f"--steps goes on with a series, and {name} {what}: leave it out")
    if not tables.is_table(path):
        raise UserError(f"--steps goes on with a series, and {path} is none: leave it out")
    known = about.columns or SeriesColumns()
    last = read_last(path, *shape, steps, about.columns)
    try:
        found = generation.generate(predict, about.input_map, last.values, steps, last.beside, len(known.targets))
    except ValueError as error:
        raise UserError(f"{name} says nothing usable about how its inputs are normalised ({error})") from None
    if len(found) < steps:
        print(f"rnnexp run: after {len(found)} steps the values left the range of float32", file=sys.stderr)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    targets = [f"prediction_{target}" for target in known.targets] if len(known.targets) > 1 else ["prediction"]
    writer.writerow(["step", *(["time"] if last.times else []), *targets])
    for step, row in enumerate(found):
        writer.writerow([step + 1, *last.times[step : step + 1], *(f"{value:.9g}" for value in row)])
    return text.getvalue()
