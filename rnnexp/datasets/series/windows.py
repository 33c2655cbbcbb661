"""A series into windows and what comes after them, split by time and normalised."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from rnnexp.config import RegressionConfig
from rnnexp.datasets.dataset import Dataset, Past, Split
from rnnexp.datasets.series import gaps, leaks, seasonal
from rnnexp.datasets.series.continuations import continuation, origins
from rnnexp.datasets.series.files import Known
from rnnexp.datasets.series.reading import Series
from rnnexp.datasets.support import normalization, seasons
from rnnexp.datasets.support import normalization_choice as choice
from rnnexp.errors import UserError
from rnnexp.network.sampling import spread
from rnnexp.preprocessing import calendar
from rnnexp.preprocessing.series_columns import SeriesColumns

# Inputs of a linear path that is there by default, at most.
LONGEST_PATH = 1024
# Windows that examples are made of.
SHOWN = 4


@dataclass(frozen=True)
class Cut:
    """Where a series is divided, in time steps.

    Attributes:
        count: of all time steps.
        held_out: of each part that is held out.
        first_held_out: the first step that training must not see.
        first_evaluated: the first step of the part that the figures are of.
    """

    count: int
    held_out: int
    first_held_out: int
    first_evaluated: int


def windows(series: Series, config: RegressionConfig, known: Known) -> Dataset:
    """Cut a series into windows and targets, split by the time of the target, and normalise.

    Raises:
        UserError: if the series is too short for that, or has too many gaps.
    """
    length, horizon, targets = config.sequence_length, config.horizon, series.targets
    share = known.validation_share if config.validation_share is None else config.validation_share
    cut = _cut(len(series.values), share, config)
    values = gaps.fill(series.values, config.fill, (cut.first_held_out, cut.first_evaluated))
    cycles, beside = _calendar(series, config)
    # The numbers of the steps that are the first of a target, by part.
    first = first_targets(values, length, horizon, targets)
    train, validation, evaluation = (
        first[(first >= begin) & (first + horizon <= end)]
        for begin, end in (
            (0, cut.first_held_out),
            (cut.first_held_out, cut.first_held_out + cut.held_out),
            (cut.first_evaluated, cut.count),
        )
    )
    _check(values, config, cut, (train, validation, evaluation))

    samples = np.lib.stride_tricks.sliding_window_view(np.concatenate([values, beside], axis=1), length, axis=0)
    samples = samples.transpose(0, 2, 1)

    def after(rows: np.ndarray) -> np.ndarray:
        """Return the targets ``[n, outputs]`` from the steps ``[n]`` on, step after step."""
        return values[rows[:, None] + np.arange(horizon), :targets].reshape(len(rows), -1)

    known_part = values[: cut.first_held_out]
    whole = [gaps.bridged(values[:, target]) for target in range(targets)]
    each = [seasons.periods(series.dates, column[: cut.first_held_out]) for column in whole]
    periods = each[0]
    kinds = _kinds(config, samples[train - length], after(train), series, periods)
    normalized = normalization.of_series(
        kinds,
        known_part,
        samples[train - length, :, : values.shape[1]],
        targets=targets,
        calendar=beside.shape[1],
        to=config.data_sigma,
    )

    def part(rows: np.ndarray) -> Split:
        x, target = samples[rows - length], after(rows)
        offset, scale = normalized.input_map.scaling(x)
        target_offset, target_scale = (
            np.broadcast_to(numbers, target.shape)
            for numbers in normalized.input_map.target_scaling(x, target.shape[1])
        )
        return Split(
            x=((x - offset) / scale).astype(np.float32),
            y=((target - target_offset) / target_scale).astype(np.float32),
            offset=target_offset,
            scale=target_scale,
            target=target,
        )

    baselines = {"persistence": np.tile(values[evaluation - 1, :targets], horizon)}
    for period in periods:
        found = seasonal.ahead(values[:, :targets], evaluation, horizon, period)
        baselines[seasonal.name(period, periods)] = found.reshape(len(evaluation), -1)
    filled, left = gaps.describe(values, series.values, config.fill)
    closed = continuation(values, beside, series, config, cut.first_evaluated, periods)
    parts = part(train), part(validation)
    return Dataset(
        name=config.data_stem,
        task="regression",
        train=parts[0],
        validation=parts[1],
        evaluation=part(evaluation) if config.early_stopping else parts[1],
        evaluation_part="test part" if config.early_stopping else "validation part",
        evaluation_times=None if series.times is None else series.times[evaluation],
        baselines=baselines,
        outputs=horizon * targets,
        source=known.source,
        units=known.units,
        normalization=("chosen: " if config.normalization == "auto" else "") + normalized.text,
        input_map=normalized.input_map,
        input_scale=normalized.size,
        output_scale=_size(parts[0].y) if kinds.from_last else normalized.size,
        naive_at_zero=kinds.from_last,
        calibration=normalization.grown(parts[0].x, normalized.input_map),
        defaults={
            "linear_path": length * samples.shape[2] <= LONGEST_PATH,
            **known.defaults,
            "validation_share": round(share, 4),
            "generate_steps": 0 if closed is None else len(closed.truth),
        },
        notes=(*series.notes, *filled),
        warnings=(*left, *leaks.found(values[: cut.first_held_out], targets, series.names, horizon)),
        continuation=closed,
        origins=() if closed is None else origins(values, beside, config, cut.first_evaluated, periods, closed),
        pasts=tuple(Past(column, cut.first_held_out, evaluation, own) for column, own in zip(whole, each, strict=True)),
        error_units=np.tile([_deviation(column) for column in known_part[:, :targets].T], horizon)
        if targets > 1
        else None,
        columns=SeriesColumns(
            targets=series.names[:targets],
            inputs=series.names[targets:],
            calendar=cycles,
            horizon=horizon,
            step="" if series.step is None else str(series.step),
            missing=config.missing,
            time=config.time,
            resample=config.resample,
            fill=config.fill,
        ),
        shown=samples[evaluation[spread(len(evaluation), SHOWN)] - length],
    )


def _kinds(
    config: RegressionConfig, windows: np.ndarray, targets: np.ndarray, series: Series, periods: tuple[int, ...]
) -> normalization.Kinds:
    """Return how the columns are normalised: as the settings say, or as suits the training part."""
    if config.normalization != "auto":
        return normalization.Kinds(config.normalization, config.normalization)
    columns = series.values.shape[1]
    kinds = choice.choose(windows, targets, columns=columns, predicted=series.targets)
    # A linear path finds the season by itself; recurrent layers alone would have to learn it, from a few of them.
    if config.linear_path is not False or series.targets > 1:
        return kinds
    season = choice.season(windows, targets, periods)
    if season is None:
        return kinds
    differences = kinds.targets if kinds.from_last else "window-difference"
    return dataclasses.replace(
        kinds, targets=differences, inputs=kinds.inputs if columns > 1 else differences, season=season
    )


def _deviation(column: np.ndarray) -> float:
    """Return the standard deviation of a column, where there are values; 1 of one that is constant."""
    return float(np.nanstd(column)) or 1.0


def _size(y: np.ndarray) -> float:
    """Return the root mean square of targets, to three digits."""
    return float(f"{np.sqrt(np.mean(y.astype(np.float64) ** 2)):.3g}") or 1.0


def first_targets(values: np.ndarray, length: int, horizon: int, targets: int) -> np.ndarray:
    """Return the steps that a window comes before and targets begin with, where no value of either is missing.

    Args:
        values: ``[n, columns]``, NaN where there is none; the first columns are predicted.
        length: of a window.
        horizon: steps of a target.
        targets: columns of a target.
    """
    seen = np.concatenate([[0], np.cumsum(np.isnan(values).any(axis=1))])
    asked = np.concatenate([[0], np.cumsum(np.isnan(values[:, :targets]).any(axis=1))])
    first = np.arange(length, len(values) - horizon + 1)
    whole = (seen[first] == seen[first - length]) & (asked[first + horizon] == asked[first])
    return first[whole]


def _cut(count: int, share: float, config: RegressionConfig) -> Cut:
    """Return where a series of so many steps is divided.

    Raises:
        UserError: if it is too short.
    """
    length, horizon = config.sequence_length, config.horizon
    held_out = round(share * count)
    parts = 2 if config.early_stopping else 1
    first_held_out = count - parts * held_out
    after = "the value after it" if horizon == 1 else f"the HORIZON = {horizon} values after it"
    if count < length + horizon:
        raise UserError(
            f"{config.data_stem} has {count} values, too few for a window of SEQUENCE_LENGTH = {length} "
            f"and {after}: set SEQUENCE_LENGTH to {max((count - horizon + 1) // 4, 1)} or less"
        )
    left = first_held_out - length - horizon + 1
    if held_out < horizon or left < 2:
        smaller = "a smaller SEQUENCE_LENGTH" + (" or HORIZON" if horizon > 1 else "")
        raise UserError(
            f"{config.data_stem} has {count} values, of which {parts * held_out} are held out: that "
            f"leaves {max(left, 0)} windows of SEQUENCE_LENGTH = {length} to train on and "
            f"{max(held_out - horizon + 1, 0)} to validate on; set {smaller} or another VALIDATION_SHARE"
        )
    return Cut(count, held_out, first_held_out, count - held_out)


def _check(values: np.ndarray, config: RegressionConfig, cut: Cut, parts: tuple[np.ndarray, ...]) -> None:
    """Raise an error, if gaps leave a part without windows."""
    if len(parts[0]) >= 2 and len(parts[1]) and len(parts[2]):
        return
    stretch = max((end - begin for begin, end in gaps.runs(np.isfinite(values).all(axis=1))), default=0)
    longest = f"the longest stretch without one has {stretch} of the {cut.count} time steps"
    fill = "" if config.fill != "none" else f'FILL = "linear" for gaps of up to {gaps.LONGEST_FILLED} steps, '
    raise UserError(
        f"{config.data_stem} has too many gaps: {longest}, and that leaves {len(parts[0])} windows of "
        f"SEQUENCE_LENGTH = {config.sequence_length} to train on and {min(map(len, parts[1:]))} to validate on; set "
        f"{fill}RESAMPLE to a longer step, or a smaller SEQUENCE_LENGTH"
    )


def _calendar(series: Series, config: RegressionConfig) -> tuple[tuple[calendar.Cycle, ...], np.ndarray]:
    """Return the cycles of time that are inputs, and their features of the step after each, ``[n, features]``.

    Raises:
        UserError: if times are asked for, and not known.
    """
    count = len(series.values)
    if not config.calendar:
        return (), np.empty((count, 0))
    if series.times is None or series.step is None:
        raise UserError(
            f"CALENDAR is True, but {config.data_stem} has no column that says when: set TIME, or CALENDAR = False"
        )
    cycles = calendar.varying(series.times)
    if not cycles:
        raise UserError(
            f"CALENDAR is True, but neither hour nor weekday nor month differ among the times of {config.data_stem}, "
            f"{series.step} apart: set CALENDAR = False"
        )
    return cycles, calendar.features(series.step.from_each(series.times), cycles)
