"""A numeric series from a CSV file: predict the next value from a window of the last ones."""

from __future__ import annotations

import filecmp
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnexp import starter
from rnnexp.config import RegressionConfig
from rnnexp.datasets.dataset import Continuation, Dataset, Past, Split
from rnnexp.datasets.support import seasons
from rnnexp.errors import UserError
from rnnexp.preprocessing.input_map import AsItIs, InputMap, TrainingRange, WindowRange

COLUMN = "data"
# Squares of these, and sums of many, still fit float32.
LARGEST_VALUE = 1e15


@dataclass(frozen=True)
class Known:
    """What is known of a series that the project ships."""

    source: str
    units: str
    validation_share: float = 0.2
    defaults: Mapping[str, Any] = field(default_factory=dict)


KNOWN = {
    "SP500": Known(
        "S&P 500, daily close, 1990-01-02 to 2022-12-28 (see data/README.md)",
        "index points",
        defaults={"learning_rate": 0.003},
    ),
    "airline-passengers": Known(
        "monthly airline passengers, 1949 to 1960, Box and Jenkins (see data/README.md)",
        "thousands of passengers",
        validation_share=1 / 3,
    ),
}


@dataclass(frozen=True)
class Series:
    """Values in time order.

    Attributes:
        values: ``[n]``, what is learned and predicted.
        dates: of each, if they are known.
        continuation: what comes after the values, where that is known; only for closed-loop generation.
    """

    values: np.ndarray
    dates: pd.Series | None = None
    continuation: np.ndarray = field(default_factory=lambda: np.empty(0))


def load(config: RegressionConfig) -> Dataset:
    """Read ``data/<name>.csv`` and cut it into windows, split by time.

    Raises:
        UserError: if there is no such file, or it cannot be used; the message says where and what to do.
    """
    path = find(config.dataset_name)
    series = read(path)
    known = KNOWN.get(config.dataset_name) if _is_shipped(path) else None
    return windows(series, config, known or Known(path.name, "as in the file"))


def folders() -> tuple[Path, ...]:
    """Return where series are looked for: ``data/`` here, then those that come with the project."""
    return Path("data"), starter.folder() / "data"


def _is_shipped(path: Path) -> bool:
    """Tell whether a series is one that comes with the project, or a copy of it."""
    shipped = folders()[-1] / path.name
    return shipped.is_file() and filecmp.cmp(path, shipped, shallow=False)


def available() -> list[str]:
    """Return the names of the series that are there."""
    return sorted({path.stem for folder in folders() for path in folder.glob("*.csv")})


def find(name: str) -> Path:
    """Return the file of a series.

    Raises:
        UserError: if there is none.
    """
    for folder in folders():
        path = folder / f"{name}.csv"
        if path.is_file():
            return path
    raise UserError(f"no file data/{name}.csv")


def read(path: Path) -> Series:
    """Read and check one CSV file with a numeric column ``data`` and, optionally, a column ``date``.

    Raises:
        UserError: naming the row and the column of the first value that is not a finite number.
    """
    try:
        table = pd.read_csv(
            path, dtype=str, encoding="utf-8-sig", skip_blank_lines=False, keep_default_na=False, na_values=[""]
        )
    except pd.errors.EmptyDataError:
        raise UserError(f"{path} is empty: it needs a header line with a column {COLUMN!r}") from None
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as CSV in UTF-8: {str(error).strip()}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    table.columns = [str(name).strip() for name in table.columns]
    if not isinstance(table.index, pd.RangeIndex):
        raise UserError(
            f"{path} has rows with more fields than its header has columns ({', '.join(table.columns)}): "
            "decimal commas, perhaps; use points"
        )
    if not table.columns.is_unique:
        raise UserError(f"{path} has several columns of the same name: {', '.join(table.columns)}")
    if COLUMN not in table.columns:
        raise UserError(
            f"{path} has no column {COLUMN!r}: its columns are {', '.join(map(repr, table.columns))}; "
            f"name the one with the values {COLUMN!r}"
        )
    text = table[COLUMN]
    # A blank last line is how many editors end a file, not a gap.
    while len(table) and table.iloc[-1].isna().all():
        table = table.iloc[:-1]
        text = table[COLUMN]
    values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~(np.abs(values) <= LARGEST_VALUE))
    if bad.size:
        row = int(bad[0])
        given = text.iloc[row]
        if pd.isna(given):
            what = "is empty"
        elif np.isinf(values[row]):
            what = f"is infinite ({given!r})"
        elif np.isfinite(values[row]):
            what = f"is too large ({given!r})"
        else:
            what = f"is not a number: {given!r}"
        more = f" (and {bad.size - 1} more rows)" if bad.size > 1 else ""
        raise UserError(
            f"{path}, row {row + 1} (line {row + 2}), column {COLUMN!r}: the value {what}{more}; "
            "fill it in or remove the row"
        )
    return Series(values, _dates(table, path))


def _dates(table: pd.DataFrame, path: Path) -> pd.Series | None:
    """Return the dates of the rows, if there are any; check their order."""
    if "date" not in table.columns or len(table) < 3:
        return None
    dates = pd.to_datetime(table["date"], errors="coerce", format="ISO8601", utc=True)
    if dates.isna().any():
        return None
    backwards = (dates.diff().dt.total_seconds() < 0).to_numpy()
    if backwards.any():
        row = int(np.argmax(backwards))
        raise UserError(
            f"{path}, row {row + 1} (line {row + 2}), column 'date': {table['date'].iloc[row]} comes after "
            f"{table['date'].iloc[row - 1]}; sort the file by date, oldest first"
        )
    return dates


def windows(series: Series, config: RegressionConfig, known: Known) -> Dataset:
    """Cut a series into windows and targets, split by the time of the target, and normalise.

    Raises:
        UserError: if the series is too short for that.
    """
    values, length = series.values, config.sequence_length
    share = known.validation_share if config.validation_share is None else config.validation_share
    held_out = round(share * len(values))
    parts = 2 if config.early_stopping else 1
    first_held_out = len(values) - parts * held_out
    if len(values) <= length:
        raise UserError(
            f"{config.dataset_name} has {len(values)} values, too few for a window of SEQUENCE_LENGTH = {length} "
            f"and the value after it: set SEQUENCE_LENGTH to {max(len(values) // 4, 1)} or less"
        )
    if held_out < 1 or first_held_out - length < 2:
        raise UserError(
            f"{config.dataset_name} has {len(values)} values, of which {parts * held_out} are held out: that "
            f"leaves {max(first_held_out - length, 0)} windows of SEQUENCE_LENGTH = {length} to train on and "
            f"{held_out} to validate on; set a smaller SEQUENCE_LENGTH or another VALIDATION_SHARE"
        )
    x = np.lib.stride_tricks.sliding_window_view(values, length)[:-1]
    y = values[length:, None]
    known_part = values[:first_held_out]
    size = config.data_sigma
    input_map: InputMap
    if config.normalization == "window":
        typical = float(np.median(np.ptp(x[: first_held_out - length], axis=1)))
        # A flat window has no range of its own: it gets the training part's typical one.
        input_map = WindowRange(to=size, flat_range=typical if typical > 0 else 1.0)
    elif config.normalization == "train":
        low, width = float(known_part.min()), float(np.ptp(known_part))
        input_map = TrainingRange(to=size, minimum=low, range=width or 1.0)
    else:
        input_map = AsItIs()
        size = float(np.abs(known_part).max()) or 1.0
    offset, unit = (np.broadcast_to(numbers, y.shape) for numbers in input_map.target_scaling(x[:, :, None]))

    def part(begin: int, end: int) -> Split:
        rows = slice(begin - length, end - length)
        return Split(
            x=((x[rows] - offset[rows]) / unit[rows])[:, :, None].astype(np.float32),
            y=((y[rows] - offset[rows]) / unit[rows]).astype(np.float32),
            offset=offset[rows],
            scale=unit[rows],
            target=y[rows],
        )

    last = len(values) - held_out
    train, validation = part(length, first_held_out), part(first_held_out, first_held_out + held_out)
    evaluation = part(last, len(values)) if config.early_stopping else validation
    continuation = _continuation(series, config, last)
    baselines = {"persistence": values[last - 1 : -1, None]}
    periods = seasons.periods(series.dates, known_part)
    for period in periods:
        name = "seasonal naive" if len(periods) == 1 else f"seasonal naive, {period} steps"
        baselines[name] = values[last - period : len(values) - period, None]
    return Dataset(
        name=config.dataset_name,
        task="regression",
        train=train,
        validation=validation,
        evaluation=evaluation,
        evaluation_part="test part" if config.early_stopping else "validation part",
        baselines=baselines,
        outputs=1,
        source=known.source,
        units=known.units,
        normalization={
            "window": f"each window by its own minimum and maximum to [0, {config.data_sigma:g}]",
            "train": f"all by the training part's minimum and maximum to [0, {config.data_sigma:g}]",
            "none": "none: the values as they are",
        }[config.normalization],
        input_map=input_map,
        input_scale=size,
        output_scale=size,
        defaults={**known.defaults, "validation_share": round(share, 4), "generate_steps": len(continuation.truth)},
        continuation=continuation,
        past=Past(values, first_held_out, np.arange(last, len(values)), periods),
    )


def _continuation(series: Series, config: RegressionConfig, first: int) -> Continuation:
    """Return the window before the value number ``first``, and the values from there on that are asked for."""
    known = np.concatenate([series.values, series.continuation])[first:]
    # By default, so that half of the predictions are made from nothing but predictions.
    steps = min(2 * config.sequence_length, len(known)) if config.generate_steps is None else config.generate_steps
    if steps > len(known):
        raise UserError(
            f"GENERATE_STEPS is {steps}, but {config.dataset_name} has only {len(known)} held-out values to compare "
            "with: set it to that or less, or a larger VALIDATION_SHARE"
        )
    return Continuation(series.values[first - config.sequence_length : first], known[:steps])
