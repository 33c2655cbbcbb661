"""From float weights to integers: exact ratios, odd biases, tables, and weights that no one should have."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered, simple

from rnnexp.errors import UserError
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS
from rnnexp.network.network import Network
from rnnexp.quantization import reference
from rnnexp.quantization.quantizer import quantize

ALL = sorted(ACTIVATIONS)


def products(integer):
    """Return every product of a network, each with the scale of what it multiplies."""
    found = [
        (block.product, cell.states[0].scale)
        for layer in integer.layers
        for cell in layer.cells
        for block in cell.blocks
    ]
    return [*found, (integer.output_layer, integer.layers[-1].scales[-1])]


def quantized(cell, activation, features=1):
    """Return the integers of one layer."""
    network = simple if cell == "simple" else lambda units, **options: layered((cell, units), gain=0.6, **options)
    integer, _ = integers(network(10, steps=30, features=features, activation=activation), inputs(5, 30, features))
    return integer


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("cell", CELLS)
def test_ratios_of_scales_are_powers_of_two_in_float32(cell, activation):
    integer = quantized(cell, activation)
    for product, scale in products(integer):
        # As a runtime computes it: in double precision, from the float32 scales of the file.
        ratio = float(np.float32(scale / 4)) * float(np.float32(64 * product.scale)) / float(np.float32(product.step))
        assert ratio == 2.0**-product.shift
        assert 2 <= product.shift <= 18
    assert integer.output.scale == integer.output_layer.step


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("cell", CELLS)
def test_sums_are_odd_and_fit_int32(cell, activation):
    for product, _ in products(quantized(cell, activation, features=3)):
        assert (product.bias % 2 == 1).all()
        largest = 4 * 127 * 64 * np.abs(product.high.astype(int)).sum(axis=1) + 4 * 128 * 32 * product.high.shape[1]
        assert (largest + np.abs(product.bias) < 2**31).all()


@pytest.mark.parametrize("activation", [name for name in ALL if name != "relu"])
def test_table_is_the_activation_over_the_range_seen(activation):
    network = simple(10, steps=30, activation=activation)
    x = inputs(5, 30)
    integer, _ = integers(network, x)
    ranges = network.ranges()
    network.run(x, ranges)
    table, ((states,),) = integer.layers[0].cells[0].activation, network.states(x)
    z = table.start + table.step * np.arange(len(table.values))
    assert np.abs(table.values * table.scale - network.activation(z)).max() <= 0.5001 * table.scale
    # Outside the table the activation is flat, or nothing was seen there.
    for limit, end in zip(ranges[0][0]["sum"], table.values[[0, -1]], strict=True):
        clipped = np.clip(limit, z[0], z[-1])
        assert abs(network.activation(np.array(limit)) - network.activation(np.array(clipped))) < table.scale
        assert abs(int(end)) <= 127 * 64
    assert np.abs(states).max() <= np.abs(table.values.astype(int)).max() * table.scale


def test_scaled_custom_activation_and_inputs_of_bytes():
    unit, largest = simple(10, steps=30, activation="custom"), 255.0
    kernel, recurrent, bias, *output = unit.weights
    architecture = replace(unit.architecture, max_value=largest)
    network = Network.of(architecture, [kernel, recurrent, bias * largest, *output])
    x = (inputs(50, 30) + 1) * 127.5
    outputs = network.run(x)
    assert 100 < network.states(x)[0][0].max() <= largest
    assert np.mean((reference.outputs(quantize(network, x), x) - outputs) ** 2) < 1e-3 * outputs.var()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("cell", CELLS)
def test_weights_that_are_not_numbers_are_refused_by_name(cell, which, bad):
    network = layered((cell, 4), steps=5)
    network.weights[which].flat[0] = bad
    name = list(network.architecture.shapes)[which]
    with pytest.raises(UserError, match=f"{name} has values that are not finite numbers"):
        integers(network, inputs(3, 5))


@pytest.mark.parametrize("bad", [(np.nan, 1.0), (0.0, np.inf), (2.0, 1.0)])
def test_ranges_that_are_not_numbers_are_refused(bad):
    with pytest.raises(UserError, match="the range of the input is not finite"):
        quantize(simple(4, steps=5), inputs(3, 5), input_range=bad)


@pytest.mark.parametrize("cell", ["simple", "lstm"])
def test_states_that_grow_beyond_all_numbers_are_refused(cell):
    network = layered((cell, 4), steps=2000, activation="relu", gain=1e3)
    with np.errstate(all="ignore"), pytest.raises(UserError, match="the range of the pre-activation is not finite"):
        integers(network, inputs(3, 2000))


def test_outputs_that_grow_beyond_all_numbers_are_refused():
    network = simple(4, steps=5)
    network.kernel[:] = 1.7e308
    with np.errstate(all="ignore"), pytest.raises(UserError, match="a range is too large for an int8 model"):
        integers(network, inputs(3, 5))


def test_a_range_beyond_float32_is_refused():
    with pytest.raises(UserError, match="too large or too small"):
        quantize(simple(4, steps=5), inputs(3, 5), input_range=(0, 1e300))


def test_the_input_range_may_be_wider_than_what_is_run():
    network, x = simple(4, steps=5), inputs(3, 5)
    integer = quantize(network, x, input_range=(-4.0, 4.0))
    low, high = integer.input.decode(np.array([-128, 127]))
    assert low == pytest.approx(-4.0, rel=0.01)
    assert high == pytest.approx(4.0, rel=0.01)
    low, high = quantize(network, x).input.decode(np.array([-128, 127]))
    assert -1.01 <= low < high <= 1.01


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e-6, 1e6, 1e30])
@pytest.mark.parametrize("which", [None, 0, 1, 2, 3, 4])
def test_strange_weights_neither_crash_nor_warn(activation, factor, which):
    network = simple(4, steps=4, activation=activation)
    strange = network.with_weights([w * (factor if which in (None, i) else 1.0) for i, w in enumerate(network.weights)])
    x = inputs(3, 4)
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("error")
        ranges = strange.ranges()
        strange.run(x, ranges)
        if np.abs(ranges[0][0]["sum"]).max() > 1e34:
            # relu has left what float32 can hold.
            with pytest.raises(UserError, match="too large"):
                quantize(strange, x)
            return
        integer = quantize(strange, x)
        codes = reference.run(integer, integer.input.encode(x))
        assert codes.shape == (3, 1)
        assert to_tflite(integer)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e30])
def test_strange_weights_give_a_network(cell, factor):
    network = layered((cell, 4), steps=5, activation="sigmoid")
    network.weights[0][:] *= factor
    integer, codes = integers(network, inputs(3, 5))
    assert len(reference.run(integer, codes)) == 3


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("value", [0.0, 5.0, -1e-3])
def test_constant_inputs(activation, value):
    network = simple(4, steps=6, activation=activation)
    x = np.full((3, 6, 1), value)
    integer = quantize(network, x)
    assert np.allclose(reference.outputs(integer, x), network.run(x), atol=2 * integer.output.scale)


def test_dead_units():
    network = simple(4, steps=6, activation="relu")
    network.weights[2][:] = -100.0
    x = inputs(3, 6)
    integer = quantize(network, x)
    (states,) = reference.states(integer, integer.input.encode(x))
    assert (states == 0).all()
    assert np.allclose(reference.outputs(integer, x), network.bias, atol=integer.output.scale)


@pytest.mark.parametrize("softmax", [False, True])
def test_the_architectures_facts_are_the_integers(softmax):
    cells = [("gru", 4, "both"), ("gru", 3, "encodes"), ("simple", 2)]
    network = layered(*cells, steps=7, features=2, outputs=3, every_step=True, softmax=softmax)
    integer, _ = integers(network, inputs(3, 7, 2))
    for name in ("sequence_length", "features", "every_step", "outputs", "output_steps", "forward", "softmax"):
        assert getattr(integer, name) == getattr(network.architecture, name)
    for layer, given in zip(integer.layers, network.architecture.layers, strict=True):
        assert (layer.backwards, layer.repeats, layer.forward) == (given.backwards, given.repeats, given.forward)
        assert [cell.units for cell in layer.cells] == [given.units] * len(given.directions)
