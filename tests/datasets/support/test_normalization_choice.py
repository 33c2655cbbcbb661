"""How a series is normalised where nobody says how: by what it is like, and by nothing but its training part."""

import numpy as np
import pytest

from rnnexp import datasets
from rnnexp.config import RegressionConfig
from rnnexp.datasets.support import normalization
from rnnexp.datasets.support.normalization import Kinds
from rnnexp.datasets.support.normalization_choice import choose, season
from rnnexp.datasets.support.ridge import ridge
from rnnexp.preprocessing.input_map import Change, Columns, Difference, TrainingRange, WindowChange, WindowRange
from rnnexp.quantization.scales import affine


def cut(values, length=12):
    windows = np.lib.stride_tricks.sliding_window_view(values, length)[:-1, :, None]
    return windows, values[length:, None]


def walk(count, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(size=count)) + 5.0


def test_a_random_walk_is_seen_in_differences():
    assert choose(*cut(walk(600)), columns=1, predicted=1) == Kinds("difference", "difference")


def test_what_depends_on_the_scale_of_each_window_is_seen_in_its_own():
    """Waves whose size changes by a factor of a hundred, always the same in shape: differences of a fixed unit fail."""
    t = np.arange(900)
    values = np.exp(np.sin(t / 60.0) * 2.3) * (3 + np.sin(t) + 0.3 * np.sin(2.3 * t))
    assert choose(*cut(values), columns=1, predicted=1).targets.startswith("window")


def test_further_inputs_may_be_seen_otherwise():
    """Rain, whose level is what counts: of a window of one step, differences from its last value are 0."""
    rain = np.abs(np.random.default_rng(0).normal(size=500))
    moisture = np.cumsum(np.concatenate([[0.0], rain[:-1]]))
    windows = np.column_stack([moisture, rain])[:-1, None, :]
    assert choose(windows, moisture[1:, None], columns=2, predicted=1) == Kinds("difference", "train")


def smooth(count):
    """A trend of 1 to 2 a step, the next of which is known to 0.2 %: differences are 20 times it."""
    steps = 1.5 + 0.5 * np.sin(np.arange(count) / 9.0)
    return np.cumsum(steps + 3e-3 * np.random.default_rng(0).normal(size=count))


def test_where_differences_are_too_coarse_in_8_bits_changes_are_taken():
    assert choose(*cut(smooth(600), 20), columns=1, predicted=1).targets in ("change", "window-change")


def test_changes_are_not_taken_where_nothing_is_lost():
    """Noise on a level: a change is no better than a difference, and a sum of changes more often rounded."""
    assert choose(*cut(walk(600), 20), columns=1, predicted=1).targets == "difference"


def test_int8_loses_nothing_of_a_smooth_series(tmp_path):
    path = tmp_path / "smooth.csv"
    path.write_text("data\n" + "\n".join(map(repr, smooth(600).tolist())) + "\n")
    lost = {}
    for kind in ("auto", "difference"):
        data = datasets.load(RegressionConfig(dataset_name=str(path), normalization=kind))
        x, y = (values.astype(np.float64) / data.input_scale for values in (data.train.x, data.train.y))
        model = ridge(x.reshape(len(x), -1), y)
        codes = affine((float(x.min()), float(x.max())), "input")
        exact, rounded = (
            np.sqrt(np.mean((model.predict(inputs.reshape(len(x), -1)) - y) ** 2))
            for inputs in (x, codes.decode(codes.encode(x)))
        )
        lost[kind] = rounded / exact - 1
    assert lost["auto"] < 0.1 < 0.5 < lost["difference"]


def test_the_held_out_part_chooses_nothing(tmp_path):
    def load(values):
        path = tmp_path / "own.csv"
        path.write_text("data\n" + "\n".join(map(repr, values.tolist())) + "\n")
        return datasets.load(RegressionConfig(dataset_name=str(path), validation_share=0.25))

    values = walk(400)
    other = values.copy()
    other[300:] = 1e3 * np.sin(np.arange(100.0))
    one, two = load(values), load(other)
    assert one.normalization == two.normalization
    assert one.input_map == two.input_map
    np.testing.assert_array_equal(one.train.x, two.train.x)
    np.testing.assert_array_equal(one.calibration, two.calibration)
    assert one.output_scale == two.output_scale


def test_too_few_windows_to_choose_by_take_the_first_way():
    assert choose(*cut(walk(15)), columns=1, predicted=1) == Kinds("difference", "difference")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("window", WindowRange),
        ("train", TrainingRange),
        ("difference", Difference),
        ("change", Change),
        ("window-change", WindowChange),
    ],
)
def test_what_the_settings_say_is_done(kind, expected):
    data = datasets.load(RegressionConfig(dataset_name="airline-passengers", normalization=kind))
    assert isinstance(data.input_map, expected)
    assert not data.normalization.startswith("chosen")
    assert data.naive_at_zero == (kind in normalization.FROM_LAST)


# ---- seasons, for recurrent layers alone


def test_a_season_that_repeats_is_found():
    t = np.arange(300)
    values = 0.5 * t + 10 * np.sin(2 * np.pi * t / 7)
    assert season(*cut(values), periods=(3, 7)) == 7
    assert season(*cut(walk(300)), periods=(7,)) is None
    assert season(*cut(values, 6), periods=(7,)) is None  # a window that is too short does not show it


def test_only_without_a_linear_path_is_the_season_taken_out():
    name = "airline-passengers"
    alone = datasets.load(RegressionConfig(dataset_name=name, linear_path=False))
    assert alone.input_map.season == 12
    # An output of 0 is what was there a year ago, and the change of the last value since.
    values = alone.evaluation.to_units(np.zeros_like(alone.evaluation.y))
    series = np.concatenate([alone.train.target[:, 0], alone.evaluation.target[:, 0]])
    np.testing.assert_allclose(
        values[20:, 0], [series[n - 12] + series[n - 1] - series[n - 13] for n in range(96, 124)]
    )
    assert datasets.load(RegressionConfig(dataset_name=name)).input_map.season is None


# ---- room for what is to come


@pytest.mark.parametrize(("growth", "room"), [(1.0, 1.25), (2.0, 2.0), (9.0, 3.0)])
def test_int8_has_room_for_differences_that_go_on_to_grow(growth, room):
    x = np.concatenate([np.full((50, 4, 1), -2.0), np.full((50, 4, 1), 2.0 * growth)])
    larger = normalization.grown(x, Difference(to=1.0, range=1.0))
    np.testing.assert_allclose(larger, x * room)
    np.testing.assert_allclose(normalization.grown(x, Change(to=1.0, range=1.0)), x * room)
    assert normalization.grown(x, WindowRange(to=1.0, flat_range=1.0)) is None


def test_room_is_for_differences_alone():
    x = np.ones((10, 4, 2))
    maps = Columns(columns=(TrainingRange(to=1.0, minimum=0.0, range=1.0), Difference(to=1.0, range=1.0)))
    np.testing.assert_array_equal(normalization.grown(x, maps)[0, 0], [1.0, 1.25])
