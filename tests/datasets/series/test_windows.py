"""Series into windows: several columns, horizons, gaps, the calendar, and where the parts are divided."""

import numpy as np
import pytest

from rnnexp import datasets
from rnnexp.config import RegressionConfig
from rnnexp.datasets import series
from rnnexp.errors import UserError
from rnnexp.preprocessing.input_map import Columns, TrainingRange, WindowRange


def wave(count):
    t = np.arange(count)
    return np.round(50 + 0.3 * t + 8 * np.sin(t / 3), 2)


def table(folder, columns, times=None, name="own.csv"):
    """Write columns of numbers, NaN as empty cells, and return the file's name for ``DATASET_NAME``."""
    names = [*(["date"] if times is not None else []), *columns]
    rows = zip(*([times] if times is not None else []), *columns.values(), strict=True)
    cells = [["" if isinstance(cell, float) and np.isnan(cell) else str(cell) for cell in row] for row in rows]
    (folder / name).write_text("\n".join([",".join(names), *map(",".join, cells)]) + "\n")
    return str(folder / name)


def hours(count, start="2024-01-01T00"):
    return [str(time) for time in np.datetime64(start, "h") + np.arange(count)]


def load(name, **settings):
    return datasets.load(RegressionConfig(dataset_name=name, **{"sequence_length": 6, **settings}))


def refused(name, **settings):
    with pytest.raises(UserError) as caught:
        load(name, **settings)
    return str(caught.value)


def test_a_path_is_a_data_set(tmp_path):
    dataset = load(table(tmp_path, {"v": wave(90)}, name="my series (1).csv"))
    assert (dataset.name, dataset.source) == ("my_series_1", "my series (1).csv")
    np.testing.assert_array_equal(dataset.evaluation.target[:, 0], wave(90)[-18:])


@pytest.mark.parametrize("normalization", ["window", "train", "none"])
def test_further_columns_are_features_with_maps_of_their_own(tmp_path, normalization):
    a, b = wave(90), 1000 * np.cos(np.arange(90))
    dataset = load(
        table(tmp_path, {"a": a, "b": b}), target="a", inputs=["b"], normalization=normalization, data_sigma=10.0
    )
    assert dataset.train.x.shape == (90 - 18 - 6, 6, 2)
    assert dataset.train.y.shape[1] == 1
    assert isinstance(dataset.input_map, Columns)
    assert dataset.input_map.targets == 1
    window = np.stack([a[72 - 6 : 72], b[72 - 6 : 72]], axis=1)[None]
    offset, scale = dataset.input_map.scaling(window)
    np.testing.assert_allclose(dataset.evaluation.x[0], ((window - offset) / scale)[0], rtol=1e-6)
    np.testing.assert_allclose(dataset.evaluation.to_units(dataset.evaluation.y)[:, 0], a[72:], rtol=1e-5)
    if normalization != "none":
        assert dataset.train.x.max(axis=(0, 1)).tolist() == pytest.approx([10.0, 10.0], rel=1e-6)


@pytest.mark.parametrize("early_stopping", [0, 3])
@pytest.mark.parametrize("horizon", [1, 5])
def test_no_target_of_training_is_held_out_and_every_origin_is_asked(tmp_path, horizon, early_stopping):
    values = wave(100)
    dataset = load(table(tmp_path, {"v": values}), horizon=horizon, validation_share=0.2, early_stopping=early_stopping)
    first_held_out = 60 if early_stopping else 80
    assert dataset.outputs == horizon
    assert dataset.train.target.max() == values[:first_held_out].max() or dataset.train.target[-1, -1] == values[79]
    np.testing.assert_array_equal(dataset.train.target[-1], values[first_held_out - horizon : first_held_out])
    origins = range(80, 100 - horizon + 1)
    assert len(dataset.evaluation) == len(origins)
    for row, origin in enumerate(origins):
        np.testing.assert_array_equal(dataset.evaluation.target[row], values[origin : origin + horizon])
        np.testing.assert_array_equal(dataset.baselines["persistence"][row], [values[origin - 1]] * horizon)


def test_what_is_held_out_changes_nothing_of_training(tmp_path):
    a, b = wave(100), np.cos(np.arange(100))
    changed = [column.copy() for column in (a, b)]
    for column in changed:
        column[80:] *= -77
    settings = {"target": "a", "inputs": ["b"], "horizon": 3, "validation_share": 0.2, "fill": "linear"}
    for normalization in ("window", "train"):
        before = load(table(tmp_path, {"a": a, "b": b}), normalization=normalization, **settings)
        after = load(table(tmp_path, dict(zip("ab", changed, strict=True))), normalization=normalization, **settings)
        assert before.train.x.tobytes() == after.train.x.tobytes()
        assert before.train.y.tobytes() == after.train.y.tobytes()
        assert before.input_map == after.input_map


def test_several_targets_come_step_after_step(tmp_path):
    a, b = wave(90), 100 + np.arange(90.0)
    dataset = load(table(tmp_path, {"a": a, "b": b}), target=["a", "b"], horizon=2)
    np.testing.assert_array_equal(dataset.evaluation.target[0], [a[72], b[72], a[73], b[73]])
    np.testing.assert_array_equal(dataset.baselines["persistence"][0], [a[71], b[71], a[71], b[71]])
    np.testing.assert_allclose(dataset.evaluation.to_units(dataset.evaluation.y), dataset.evaluation.target, rtol=1e-5)
    assert dataset.columns.output_names == ["prediction_1_a", "prediction_1_b", "prediction_2_a", "prediction_2_b"]


def test_the_season_is_the_last_one_that_is_known(tmp_path):
    values = np.tile(np.arange(24.0), 20) + np.arange(480) / 64  # every reader of decimals gives these back
    dataset = load(table(tmp_path, {"v": values}, hours(480)), horizon=30)
    first = 480 - 96
    found = dataset.baselines["seasonal naive"]
    expected = [values[first + step - 24 * (step // 24 + 1)] for step in range(30)]
    np.testing.assert_array_equal(found[0], expected)
    assert found.shape == (96 - 29, 30)


@pytest.mark.parametrize("fill", ["none", "linear", "previous"])
def test_gaps_are_gone_round_or_filled(tmp_path, fill):
    values = wave(120)
    values[[20, 50, 51, 52, 53]] = np.nan
    dataset = load(table(tmp_path, {"v": values}), fill=fill, validation_share=0.2)
    asked = set(range(6, 96))
    if fill == "none":
        asked -= set(range(20, 27))
    asked -= set(range(50, 60))
    expected = values.copy()
    expected[20] = {"linear": (values[19] + values[21]) / 2, "previous": values[19], "none": np.nan}[fill]
    np.testing.assert_allclose(dataset.train.target[:, 0], expected[sorted(asked)])
    assert np.isfinite(dataset.train.x).all()
    assert ("1 time steps are filled" in " ".join(dataset.notes)) == (fill != "none")
    assert f"{5 if fill == 'none' else 4} of 120 time steps have no value" in " ".join(dataset.warnings)


def test_no_gap_is_filled_across_the_parts(tmp_path):
    values = wave(100)
    values[79] = np.nan
    dataset = load(table(tmp_path, {"v": values}), fill="linear", validation_share=0.2)
    assert dataset.train.target[-1, 0] == values[78]


def test_inputs_may_be_missing_where_they_are_not_seen(tmp_path):
    a, b = wave(100), np.arange(100.0)
    b[90] = np.nan
    dataset = load(table(tmp_path, {"a": a, "b": b}), target="a", inputs="b", validation_share=0.2)
    assert a[90] in dataset.evaluation.target
    assert a[91] not in dataset.evaluation.target


def test_the_calendar_is_that_of_the_step_to_come(tmp_path):
    dataset = load(table(tmp_path, {"v": wave(400)}, hours(400)), calendar=True, normalization="train", data_sigma=2.0)
    assert dataset.columns.calendar == ("hour", "weekday")
    assert dataset.columns.step == "1 hour"
    assert dataset.train.x.shape[2] == 5
    first = 400 - 80
    hour = np.arange(first - 5, first + 1) % 24
    np.testing.assert_allclose(dataset.evaluation.x[0, :, 1], 1 + np.sin(2 * np.pi * hour / 24), atol=1e-6)
    np.testing.assert_allclose(dataset.evaluation.x[0, :, 2], 1 + np.cos(2 * np.pi * hour / 24), atol=1e-6)
    maps = dataset.input_map.columns
    assert all(column == TrainingRange(to=2.0, minimum=-1.0, range=2.0) for column in maps[1:])


def test_one_column_has_the_map_that_it_always_had(tmp_path):
    dataset = load(table(tmp_path, {"v": wave(90)}), normalization="window")
    assert isinstance(dataset.input_map, WindowRange)


def test_generation_starts_at_many_origins_beside_the_season(tmp_path):
    values = np.tile(np.arange(24.0), 20) + np.arange(480) / 64  # every reader of decimals gives these back
    dataset = load(table(tmp_path, {"v": values}, hours(480)))
    assert len(dataset.origins) == 20
    assert {len(origin.truth) for origin in dataset.origins} == {12}
    for origin in dataset.origins:
        place = int(np.flatnonzero(values == origin.truth[0])[0])
        assert place >= 480 - 96
        np.testing.assert_array_equal(origin.window, values[place - 6 : place])
        np.testing.assert_array_equal(origin.baselines["seasonal naive"], values[place - 24 : place - 12])


def test_rows_and_generation_have_the_times_of_the_file(tmp_path):
    times = np.datetime64("2024-01-01T00", "h") + np.arange(90)
    dataset = load(table(tmp_path, {"v": wave(90)}, list(map(str, times))))
    np.testing.assert_array_equal(dataset.evaluation_times, times[-18:])
    np.testing.assert_array_equal(dataset.continuation.times, times[90 - 18 - 6 : 90 - 18 + 12])
    assert dataset.with_some_evaluation(4).evaluation_times.tolist()[::3] == times[[-18, -1]].astype("M8[ns]").tolist()
    without = load(table(tmp_path, {"v": wave(90)}, name="untimed.csv"))
    assert without.evaluation_times is None
    assert without.continuation.times is None


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"v": wave(90)}, {"calendar": True}, "CALENDAR is True, but own has no column that says when: set TIME"),
        (
            {"v": wave(90)},
            {"horizon": 40},
            "leaves 27 windows .* and 0 to validate on; set a smaller SEQUENCE_LENGTH or H",
        ),
        (
            {"v": wave(20)},
            {"horizon": 15},
            "too few for a window of SEQUENCE_LENGTH = 6 and the HORIZON = 15 values after it",
        ),
        (
            {"a": wave(90), "b": wave(90)},
            {"target": "a", "inputs": "b", "generate_steps": 5},
            "GENERATE_STEPS is 5, but",
        ),
        (
            {"v": np.where(np.arange(90) % 6 == 5, np.nan, wave(90))},
            {},
            "has too many gaps: the longest .* has 5 of the 89",
        ),
        ({"v": wave(90)}, {"target": "w"}, "has no column 'w', which TARGET names"),
    ],
)
def test_settings_that_do_not_fit(tmp_path, columns, settings, message):
    with pytest.raises(UserError, match=message):
        load(table(tmp_path, columns), **settings)


def test_a_calendar_that_says_nothing(tmp_path):
    years = [f"{1900 + n}-01-01" for n in range(90)]
    assert "neither hour nor weekday nor month differ" in refused(
        table(tmp_path, {"v": wave(90)}, years), calendar=True
    )


@pytest.mark.parametrize(
    "settings",
    [{"target": "a"}, {"inputs": ["a"]}, {"time": "t"}, {"resample": "1h"}, {"calendar": True}, {"missing": -9999.0}],
)
def test_data_sets_that_are_no_files_take_no_columns(settings):
    (name,) = settings
    message = refused("sine", **settings)
    assert f"{name.upper()} is for series" in message
    assert "sine is none" in message


def test_two_files_of_one_name_are_told_apart_by_their_path(here):
    (here / "data").mkdir()
    for suffix in (".csv", ".tsv"):
        (here / "data" / f"own{suffix}").write_text("v\n" + "\n".join(map(str, wave(60))) + "\n")
    assert "several files of the name 'own' in data: own.csv, own.tsv; set DATASET_NAME" in refused("own")
    assert load("data/own.tsv").source == "own.tsv"


def test_a_series_of_numbers_is_made_in_code():
    made = series.Series.of(wave(60))
    dataset = series.windows(made, RegressionConfig(dataset_name="own", sequence_length=5), series.Known("-", "-"))
    np.testing.assert_array_equal(dataset.evaluation.target[:, 0], wave(60)[-12:])
