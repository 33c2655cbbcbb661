"""Functions as tables: their entries, and where they lie."""

import numpy as np
import pytest

from rnnexp.network.activations import ACTIVATIONS, sigmoid
from rnnexp.quantization.tables import ONE, TABLE_SIZE, Places, places


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_places_go_over_the_range_and_a_margin(name):
    function = ACTIVATIONS[name].table
    where = places(function, (-0.5, 0.75))
    ends = where.start, where.start + where.step * (where.size - 1)
    assert where.size == TABLE_SIZE
    assert ends[0] > -0.7
    assert ends[1] < 0.9
    # Outside, the function is flat.
    for limit, end in zip((-0.5, 0.75), ends, strict=True):
        outside = limit < ends[0] or limit > ends[1]
        assert not outside or abs(function(np.array(limit)) - function(np.array(end))) < where.peak(function) / 8128


def test_entries_are_the_function_rounded_to_multiples_and_clipped():
    where = Places(-1.0, 0.25, 9)
    table = where.tabulate(lambda z: 100 * z, 1.0, limits=(-20, 20), multiple=4, offset=4, name="some")
    assert table.values.tolist() == [-80, -76, -48, -24, 0, 24, 48, 76, 80]
    assert (table.start, table.step, table.scale) == (-1.0, 0.25, 1.0)
    assert (table.multiple, table.offset, table.name) == (4, 4, "some")


def test_the_limits_of_a_table_are_real():
    assert Places(-1.0, 0.25, 9).tabulate(lambda z: z**2, 2.0**-10).limits == (0.0, 1.0)
    assert Places(-1.0, 0.25, 9).tabulate(np.tanh, 2.0**-10).limits == pytest.approx(np.tanh([-1, 1]), abs=2**-11)


def test_gates_go_from_none_to_all():
    values = Places(-20.0, 0.02, 2001).gates(sigmoid).values
    assert (values[0], values[1000], values[-1]) == (0, ONE // 2, ONE)
    assert (np.diff(values) >= 0).all()


def test_a_peak_is_never_0():
    assert Places(-1.0, 0.25, 9).peak(lambda z: 3 * z) == 3.0
    assert Places(-1.0, 0.25, 9).peak(np.zeros_like) == 1.0


def test_places_at_another_distance():
    where = Places(-1.0, 0.25, 9).times(2.0)
    assert (where.start, where.step, where.size) == (-1.0, 0.5, 9)
