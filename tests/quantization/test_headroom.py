"""Room for what was not seen: as much as costs next to nothing, and no more."""

import numpy as np
import pytest

from rnnexp.quantization.headroom import ADDED_SHARE, MOST_MARGIN, Headroom, expected_error, input_limits
from rnnexp.quantization.scales import OUTPUT_MARGIN, affine, widened


def test_outputs_that_are_far_off_have_room_for_as_much_again():
    assert Headroom(error=1.0).margin((-1.0, 1.0)) == MOST_MARGIN


@pytest.mark.parametrize(("grown", "least"), [(True, 0.0), (False, OUTPUT_MARGIN)])
def test_outputs_that_are_nearly_exact_keep_their_codes(grown, least):
    assert Headroom(error=1e-6, grown=grown).margin((-1.0, 1.0)) == least
    assert Headroom(error=1.0, grown=grown).margin((0.0, 0.0)) == least


def test_what_has_room_already_gets_the_usual_margin_too_where_steps_may_be_that_coarse():
    # Steps of 2.2 / 255: rounding adds 0.0006 of the squared error.
    assert Headroom(error=0.1, grown=True).margin((-1.0, 1.0)) == OUTPUT_MARGIN
    assert 0.0 < Headroom(error=0.033, grown=True).margin((-1.0, 1.0)) < OUTPUT_MARGIN


def test_what_rounding_to_the_wider_range_adds_is_the_share_that_it_may():
    random = np.random.default_rng(0)
    outputs, noise = random.uniform(-1.0, 1.0, 100_000), 0.2 * random.normal(size=100_000)
    limits = -1.0, 1.0
    margin = Headroom(error=0.2).margin(limits)
    assert 0.05 < margin < MOST_MARGIN
    codes = affine(widened(limits, margin), "output")
    rounded = codes.decode(codes.encode(outputs))
    assert np.mean((rounded - outputs) ** 2) / np.mean(noise**2) == pytest.approx(ADDED_SHARE, rel=0.02)


def test_inputs_of_one_sign_get_the_other_where_rounding_does_not_matter():
    x = np.random.default_rng(0).uniform(-1.0, 0.1, (50, 4, 1))

    def total(x):
        return x.sum(axis=1)

    assert input_limits((-1.0, 0.1), total, x, np.array([0.5])) == (-1.0, 1.0)
    assert input_limits((-1.0, 0.1), total, x, np.array([0.05])) == (-1.0, 0.1)


def test_the_most_exact_of_several_outputs_decides():
    x = np.random.default_rng(0).uniform(-1.0, 0.1, (50, 4, 1))
    assert input_limits((-1.0, 0.1), lambda x: x[:, :2, 0], x, np.array([0.5, 0.01])) == (-1.0, 0.1)


def test_of_a_series_that_has_become_quiet_only_the_end_is_expected():
    errors = np.concatenate([np.full((80, 1), -4.0), np.full((20, 1), 2.0)])
    assert expected_error(errors).tolist() == [2.0]
    assert expected_error(errors[::-1]).tolist() == [np.sqrt(0.8 * 16.0 + 0.2 * 4.0)]
    assert expected_error(errors[:1]).tolist() == [4.0]
