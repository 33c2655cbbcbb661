"""What is said of a network of cells and layers that int8 does not suit."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.random_networks import ANSWER_STEPS, inputs, integers, layered

from rnnexp.quantization.diagnosis import Comparison
from rnnexp.quantization.reference import outputs

ENCODER_DECODER = [("gru", 6, "both", "encodes"), ("gru", 5)]
STRUCTURES = [[("simple", 6)], [("lstm", 6)], [("gru", 6, "both"), ("lstm", 5, "both")], [("gru", 4, "backwards")]]


def l2(network, x):
    """Return a score: the mean squared distance from the float network's outputs."""
    target = network.run(x)
    return lambda outputs: float(np.mean((outputs - target) ** 2))


@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
def test_nothing_is_cut_off_of_what_ranges_are_from(cells):
    network, x = layered(*cells, steps=12, features=2), inputs(30, 12, 2)
    compared = Comparison(integers(network, x)[0], network, x)
    assert set(compared.saturation().values()) == {0.0}
    assert 0 < compared.state_error().max() < 0.05
    assert compared.state_error().shape == (12,)
    parts = compared.contributions(l2(network, x))
    # Of 14 bits: they cost less than codes of 8.
    assert 0 < parts["weights"] < min(parts["input"], parts["output"])
    assert "rounding the" in compared.explain(l2(network, x))


@pytest.mark.parametrize("cells", [*STRUCTURES, ENCODER_DECODER], ids=str)
def test_each_tensor_alone_costs_no_more_than_all_together(cells):
    decodes = cells is ENCODER_DECODER
    network, x = layered(*cells, steps=12, features=2, every_step=decodes), inputs(30, 12, 2)
    integer = integers(network, x)[0]
    *parts, together = Comparison(integer, network, x).contributions_by_tensor(l2(network, x))
    assert [part.name for part in parts] == ["input", *network.architecture.shapes, "output"]
    assert together.name == "all"
    # Where all that comes before changes no output's code, they cost together what rounding the outputs does.
    assert all(0 <= part.output_error <= together.output_error for part in parts)
    exact = network.run(x)
    assert together.output_error == np.sqrt(np.mean((outputs(integer, x) - exact) ** 2)) / np.std(exact)
    # The score here is of the same changes.
    for part in (*parts, together):
        np.testing.assert_allclose(part.loss, (part.output_error * np.std(exact)) ** 2, rtol=1e-9, atol=1e-15)


def test_the_steps_of_a_decoder_come_after_those_of_the_encoder():
    network, x = layered(*ENCODER_DECODER, steps=12, features=2, every_step=True), inputs(30, 12, 2)
    compared = Comparison(integers(network, x)[0], network, x)
    assert compared.state_error().shape == (12 + ANSWER_STEPS,)
    assert 0 < compared.state_error().max() < 0.05
    shares = compared.saturation()
    assert {"encoder/forward/state", "encoder/backward/state", "decoder/state"} <= set(shares)
    assert set(shares.values()) == {0.0}
    assert "rounding the" in compared.explain(l2(network, x))


def test_a_cell_state_that_leaves_its_range_is_named():
    network = layered(("gru", 3), ("lstm", 4), steps=5, seed=1)
    network.layer_weights()[1][0][2][:8] += 8.0  # remember everything
    x = inputs(30, 5)
    integer, _ = integers(network, x)
    longer = np.tile(x, (1, 40, 1))
    compared = Comparison(replace(integer, sequence_length=200), network, longer)
    shares = compared.saturation()
    assert shares["layer_2/cell_state"] > 0.1
    assert shares["input"] == shares["layer_1/state"] == 0
    assert "the layer_2/cell_state are cut off (saturated): pre-activations" in compared.explain(l2(network, longer))


@pytest.mark.parametrize("io_bits", [8, 16])
def test_an_input_that_is_too_coarse_is_named_and_what_helps(io_bits):
    network = layered(("simple", 6), steps=8, linear_path=True)
    x = inputs(300, 8)
    x[:-6] *= 0.005
    integer, _ = integers(network, x, io_bits=io_bits)
    compared = Comparison(integer, network, x)
    target = network.run(x)
    said = compared.explain_most(lambda outputs: float(np.median((outputs - target) ** 2)))
    assert ("an input of 8 bits is too coarse for most of the data" in said) == (io_bits == 8)
    assert ("IO_BITS = 16" in said) == (io_bits == 8)


def test_inputs_beyond_the_training_part_are_named_first():
    network, x = layered(("lstm", 4, "both"), steps=8), inputs(30, 8)
    compared = Comparison(integers(network, x)[0], network, 10 * x)
    assert "of the input are cut off" in compared.explain(l2(network, 10 * x))
