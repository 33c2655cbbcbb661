"""The integer network on a tape: the reference's bits forwards, and gradients that tell where the outputs go."""

import numpy as np
import pytest
from helpers import random_fronts
from helpers.properties import examples
from helpers.random_networks import inputs, layered
from hypothesis import given

from rnnexp.network.lengths import at_the_start, placed, real
from rnnexp.quantization import reference
from rnnexp.quantization.products import products, with_products
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.tuning import simulation
from rnnexp.quantization.tuning.tape import Tape, slopes
from rnnexp.quantization.tuning.weights import Weights

STRUCTURES = [
    [("simple", 5)],
    [("simple", 4, "backwards")],
    [("lstm", 4), ("gru", 3)],
    [("gru", 4, "both"), ("dense", 3)],
    [("gru-reset-before", 4)],
    [("lstm-peephole", 4, {"projection": 3})],
    [("fastgrnn", 5, "both"), ("fastgrnn", 7, {"rank": 3})],
    [("gru", 3, "both"), ("lstm", 3, "both")],
    [("lstm", 4, "encodes"), ("gru", 3)],
]


def weights_of(integers, seed=0):
    """Weights around centers that are far from 0, which must not make a difference."""
    random = np.random.default_rng(seed)
    return {
        id(product): Weights(product, random.normal(size=product.high.shape[1]) * 3000)
        for product in products(integers)
    }


def run(integers, codes, lengths=None):
    """Output codes of the tape, with padding at the end, and the weights that have their gradients."""
    weights = weights_of(integers)
    tape = Tape(weights)
    made = simulation.outputs(integers, tape, at_the_start(codes, lengths, integers.padding), lengths)
    found = np.stack([np.floor(number.value + 0.5) for number in made], axis=1) + integers.output.zero_point
    for number in made:
        number.gradient = np.ones_like(number.value)
    tape.backward()
    found = integers.output.clip(found)
    return found if integers.every_step else found[:, 0], weights


def assert_same_as_reference(integers, codes, lengths=None):
    found, weights = run(integers, codes, lengths)
    expected = reference.run(integers, codes, lengths)
    if lengths is not None and integers.answers_each_step:
        there = real(lengths, expected.shape[1])
        found, expected = found[there], at_the_start(expected, lengths, integers.padding)[there]
    np.testing.assert_array_equal(found, expected)
    assert all(np.isfinite(one.by_codes).all() and np.isfinite(one.by_bias).all() for one in weights.values())
    # Nothing has moved: the integers are what they were.
    again = with_products(integers, {key: one.made() for key, one in weights.items()})
    for before, after in zip(products(integers), products(again), strict=True):
        assert (before.codes == after.codes).all()
        assert (before.bias == after.bias).all()
    return weights


@pytest.mark.parametrize("padding", ["", "begin", "end"])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
def test_a_tape_has_the_bits_of_the_reference(cells, every_step, padding):
    every_step = every_step or "encodes" in cells[0]
    network = layered(*cells, steps=7, features=2, outputs=3, every_step=every_step, padding=padding)
    x, lengths = inputs(20, 7, 2), np.random.default_rng(0).integers(1, 8, 20) if padding else None
    for bits in (8, 16):
        integers = quantize(network, x, lengths=lengths, io_bits=bits)
        weights = assert_same_as_reference(integers, placed(integers.input.encode(x), lengths, padding), lengths)
        assert all(np.abs(one.by_codes).max() > 0 for one in weights.values())


def test_a_linear_path_has_the_bits_of_the_reference():
    network, x = layered(("gru", 4), steps=7, features=2, outputs=2, linear_path=True), inputs(20, 7, 2)
    integers = quantize(network, x)
    assert_same_as_reference(integers, integers.input.encode(x))


@examples(40)
@given(random_fronts.NETWORKS | random_fronts.FOREIGN_NETWORKS)
def test_layers_ahead_and_behind_have_the_bits_of_the_reference(drawn):
    network, x = drawn.make()
    integers = quantize(network, x, io_bits=drawn.io_bits)
    assert_same_as_reference(integers, integers.input.encode(x[:8]))


@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
def test_a_gradient_tells_where_the_outputs_go(cells):
    every_step = "encodes" in cells[0]
    network, x = layered(*cells, steps=6, features=2, every_step=every_step), inputs(64, 6, 2)
    integers = quantize(network, x, io_bits=16)
    codes = integers.input.encode(x)
    _, weights = run(integers, codes)
    before = reference.run(integers, codes).astype(np.int64).sum()
    for key, one in weights.items():
        # So far along the gradient that all the rounding on the way is nothing against it.
        way = one.by_codes / np.abs(one.by_codes).max() * 0.02 * np.abs(one.codes).max()
        moved = {other: two.made() for other, two in weights.items()}
        one.codes = one.codes + way
        one.round()
        moved[key] = one.made()
        change = reference.run(with_products(integers, moved), codes).astype(np.int64).sum() - before
        one.codes = one.codes - way
        one.round()
        expected = float((run(integers, codes)[1][key].by_codes * way).sum())
        assert change == pytest.approx(expected, rel=0.35), one.codes.shape


def test_slopes_are_those_of_the_function_and_flat_where_it_is():
    values = np.rint(1000 * np.tanh(np.linspace(-3, 3, 401))).astype(np.int16)
    expected = 1000 * (1 - np.tanh(np.linspace(-3, 3, 401)) ** 2) * 6 / 400
    np.testing.assert_allclose(slopes(values)[5:-5], expected[5:-5], atol=0.3)
    assert (slopes(np.full(50, 7, np.int16)) == 0).all()
