"""Integer networks of any cells and layers: as close to the float network as their word lengths allow."""

import numpy as np
import pytest
from helpers.random_layers import ANSWER_STEPS, integers, layered
from helpers.random_networks import inputs

from rnnexp.errors import UserError
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS
from rnnexp.network.network import FloatLayer, FloatNetwork
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.integer_network import context, quantize, run, states


def error_in_steps(network, integer, codes):
    """Return the largest error in steps of the output's codes, apart from that of rounding the input."""
    found = integer.output.decode(run(integer, codes))
    return np.abs(found - network.run(integer.input.decode(codes))).max() / integer.output.scale


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("cell", CELLS)
def test_close_to_the_float_network(cell, activation):
    gain = 0.6 if activation in ("relu", "custom") else 1.0
    # The square root is infinitely steep at 0.
    allowed = 4.0 if activation == "custom" else 2.0
    network = layered((cell, 10), features=3, outputs=2, activation=activation, gain=gain, every_step=True)
    assert error_in_steps(network, *integers(network, inputs(20, 30, 3))) < allowed


@pytest.mark.parametrize(
    "cells",
    [
        [("lstm", 8), ("gru", 6), ("simple", 5)],
        [("lstm", 6, "both")],
        [("simple", 6, "both"), ("gru", 6, "both")],
        [("gru", 6, "backwards"), ("lstm", 6)],
    ],
    ids=str,
)
@pytest.mark.parametrize("every_step", [False, True])
def test_layers_and_directions(cells, every_step):
    network = layered(*cells, features=2, outputs=3, every_step=every_step)
    integer, codes = integers(network, inputs(8, 12, 2))
    assert run(integer, codes).shape == ((8, 12, 3) if every_step else (8, 3))
    assert error_in_steps(network, integer, codes) < 2.0


@pytest.mark.parametrize(
    "cells",
    [
        [("lstm", 8, "encodes"), ("lstm", 8)],
        [("gru", 5), ("gru", 6, "backwards", "encodes"), ("simple", 5), ("gru", 5)],
        [("simple", 5, "both", "encodes"), ("gru", 6)],
    ],
    ids=str,
)
def test_encoder_and_decoder(cells):
    network = layered(*cells, features=2, outputs=3, every_step=True)
    integer, codes = integers(network, inputs(8, 12, 2))
    assert run(integer, codes).shape == (8, ANSWER_STEPS, 3)
    assert error_in_steps(network, integer, codes) < 2.0
    assert len(integer.encoder) + len(integer.decoder) == len(cells)
    assert (integer.output_steps, integer.forward) == (ANSWER_STEPS, False)
    assert (context(integer, codes) == states(integer, codes)[len(integer.encoder) - 1][:, -1]).all()
    assert [values.shape[1] for values in states(integer, codes)] == [12] * len(integer.encoder) + [5] * len(
        integer.decoder
    )


def slow(cell):
    """Return a network whose units forget within some 400 steps."""
    network = layered((cell, 10), gain=0.5)
    bias = network.layers[0].weights[0][2]
    if cell == "gru":
        bias[0, :10] += 6.0
    else:
        bias[:20] += np.repeat([-6.0, 6.0], 10)
    return network


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_slow_units_keep_their_state_over_1600_steps(cell):
    random = np.random.default_rng(0)
    x = np.tanh(np.cumsum(random.normal(size=(4, 1600, 1)) * 0.1, axis=1))
    network = slow(cell)
    integer, codes = integers(network, x)
    layer, read = network.layers[0], integer.input.decode(codes)
    states = layer.run(read, network.ranges()[0])
    found = integer.layers[0].run(codes.astype(np.int64) * 64) * integer.layers[0].scales
    assert (found - states).std() < 0.03 * states.std()


def test_a_cell_state_beyond_its_range_saturates():
    network = layered(("lstm", 4))
    for values in (network.layers[0].weights[0][2][:4], network.layers[0].weights[0][2][4:8]):
        values += 8.0  # remember everything
    network.layers[0].weights[0][0][:] = 2.0
    network.layers[0].weights[0][1][:] = 0.0
    integer = quantize(network, np.full((1, 3, 1), 1.0), sequence_length=3)
    cell, numbers = integer.layers[0].cells[0], Numbers()
    states, words = [np.zeros((1, 4), np.int64)] * 2, []
    for _ in range(50):
        states = cell.step(numbers, [np.full((1, 1), 127 * 64)], states)
        words.append(states[1])
    rising = np.diff(np.concatenate(words), axis=0)
    assert (rising >= 0).all()
    assert (words[-1] == 2**15 - 1).all()
    assert np.abs(states[0]).max() <= 8128


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e30])
def test_strange_weights_give_a_network(cell, factor):
    network = layered((cell, 4), activation="sigmoid")
    network.layers[0].weights[0][0][:] *= factor
    integer, codes = integers(network, inputs(3, 5))
    assert len(run(integer, codes)) == 3


def test_weights_that_are_not_numbers_are_refused():
    network = layered(("gru", 4))
    network.layers[0].weights[0][1][0, 0] = np.nan
    with pytest.raises(UserError, match="not finite"):
        integers(network, inputs(3, 5))


def test_a_layer_reads_values_not_codes():
    """A second layer that passes its input on must not lose what the first one's 14 bits hold."""
    first = layered(("simple", 5)).layers[0]
    through = FloatLayer("simple", ([np.eye(5), np.zeros((5, 5)), np.zeros(5)],), lambda z: z)
    kernel = np.ones((5, 1))
    network = FloatNetwork((first, through), kernel, np.zeros(1))
    integer, codes = integers(network, inputs(50, 10))
    values = codes.astype(np.int64) * 64
    one = integer.layers[0].run(values)
    two = integer.layers[1].run(one) * integer.layers[1].scales
    # The table has 2,048 steps; int8 would have 256.
    assert np.abs(one * integer.layers[0].scales - two).max() < 2.5 / 2048


def summed(values):
    """Return an array of weights; of a GRU's two biases only what matters: of its gates the sum."""
    units = values.shape[-1] // 3
    return values if len(values) != 2 else np.concatenate([values.sum(axis=0)[: 2 * units], *values[:, 2 * units :]])


@pytest.mark.parametrize(
    "cells", [[("simple", 6)], [("lstm", 6, "both"), ("gru", 5)], [("gru", 4, "both"), ("lstm", 4, "both")]], ids=str
)
def test_the_real_weights_are_the_float_ones_rounded(cells):
    network, x = layered(*cells, features=3, outputs=2, seed=3), inputs(20, 10, 3)
    real = network.with_weights(integers(network, x)[0].real_weights())
    for old, new in zip(network.layers, real.layers, strict=True):
        for one, other in zip(old.weights, new.weights, strict=True):
            for values, rounded in zip(map(summed, one), map(summed, other), strict=True):
                assert values.shape == rounded.shape
                assert np.abs(values - rounded).max() < 1e-3 * np.abs(values).max()
    assert np.abs(real.run(x) - network.run(x)).max() < 5e-3
