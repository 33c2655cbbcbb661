"""Data so flat that the activation hardly changes over all that a network sees of it."""

import numpy as np
import pytest
from helpers.classic import classic
from helpers.runs import folders, run, write_series

from rnnexp.network.activations import ACTIVATIONS, sigmoid
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, active_part, widened
from rnnexp.quantization.tables import ONE

FUNCTIONS = {**{name: activation.table for name, activation in ACTIVATIONS.items()}, "gate": sigmoid}


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("levels", [LARGEST_STATE, 2 * ONE])
def test_the_active_part_of_any_range_is_a_part_of_it_with_a_width(name, levels):
    random = np.random.default_rng(0)
    for _ in range(400):
        low = random.choice([-1, 1]) * 10.0 ** random.uniform(-6, 6)
        width = 10.0 ** random.uniform(-6, 1) * (abs(low) if random.random() < 0.5 else 1.0)
        limits = widened((low, low + width), TABLE_MARGIN)
        start, end = active_part(FUNCTIONS[name], limits, levels)
        assert limits[0] <= start < end <= limits[1]


def test_an_activation_that_changes_by_less_than_a_level_at_each_end_is_tabulated_over_the_whole_range():
    # From 1000 to 1000.1, a level is 0.062: the first half is at the start's, the second one at the end's.
    limits = (1000.0, 1000.1)
    assert active_part(ACTIVATIONS["relu"].table, limits) == limits


def test_a_run_on_an_almost_constant_series(here):
    write_series(here, "flat", [1000, 1000.01] * 150)
    config = classic(
        dataset_name="flat",
        cell="gru",
        activation="relu",
        hidden_size=1,
        sequence_length=1,
        normalization="none",
        epochs=2,
        quiet=True,
        **folders(here),
    )
    finished = run(config)
    assert finished.code == 0
    rmse = {name: model["metrics"]["rmse"] for name, model in finished.report["models"].items()}
    assert rmse["int8"] == pytest.approx(rmse["float32"], rel=0.01)
