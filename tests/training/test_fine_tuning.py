"""Which networks can be fine-tuned, and what fine-tuning keeps of one."""

import keras
import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered, simple

from rnnexp.network.activations import ACTIVATIONS
from rnnexp.quantization import reference
from rnnexp.training.fine_tuning import fine_tune, is_supported
from rnnexp.training.optimization import Optimization
from rnnexp.training.simulation import SimulatedNetwork, with_weights
from rnnexp.training.unit_scale import UnitScale


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("softmax", [False, True])
def test_one_simple_layer_that_reads_forwards_and_answers_once(activation, softmax):
    network = simple(4, steps=6, features=2, outputs=3, activation=activation, softmax=softmax)
    assert is_supported(integers(network, inputs(3, 6, 2))[0])


@pytest.mark.parametrize(
    ("cells", "every_step"),
    [
        ([("simple", 4)], True),
        ([("lstm", 4)], False),
        ([("gru", 4)], False),
        ([("simple", 4), ("simple", 4)], False),
        ([("simple", 4, "both")], False),
        ([("simple", 4, "backwards")], False),
        ([("simple", 4, "encodes"), ("simple", 4)], True),
    ],
    ids=str,
)
def test_no_other_network(cells, every_step):
    network = layered(*cells, steps=6, every_step=every_step)
    assert not is_supported(integers(network, inputs(3, 6))[0])


def test_the_same_weights_are_the_same_integers():
    network = simple(5, steps=6, features=2, outputs=3)
    plain, codes = integers(network, inputs(20, 6, 2))
    again = with_weights(plain, network)
    for one, other in (
        (again.layers[0].cells[0].sums, plain.layers[0].cells[0].sums),
        (again.output_layer, plain.output_layer),
    ):
        assert all((getattr(one, name) == getattr(other, name)).all() for name in ("high", "low", "bias"))
        assert (one.shift, one.scale, one.step) == (other.shift, other.scale, other.step)
    assert (reference.run(again, codes) == reference.run(plain, codes)).all()


def test_other_weights_keep_scales_and_table():
    network, x = simple(5, steps=6), inputs(20, 6)
    plain, _ = integers(network, x)
    other = network.with_weights([0.95 * values for values in network.weights])
    moved = with_weights(plain, other)
    cell, before = moved.layers[0].cells[0], plain.layers[0].cells[0]
    assert cell.activation is before.activation
    assert (cell.sums.shift, cell.sums.scale, cell.sums.step) == (
        before.sums.shift,
        before.sums.scale,
        before.sums.step,
    )
    assert (moved.input, moved.output) == (plain.input, plain.output)
    error = np.abs(reference.outputs(moved, x) - other.run(x)).max()
    assert error < 2 * plain.output.scale < np.abs(other.run(x) - network.run(x)).max()


@pytest.mark.parametrize(("outputs", "softmax"), [(2, False), (3, True)])
def test_what_comes_out_goes_with_the_network_it_was_rounded_from(outputs, softmax):
    network, x = simple(5, steps=6, outputs=outputs, softmax=softmax), inputs(64, 6).astype(np.float32)
    plain, codes = integers(network, x)
    unit, seen = UnitScale(inputs=2.0, outputs=1.0 if softmax else 3.0, input_center=0.1), []
    trained = [values.astype(np.float32) for values in unit.unfold(network.architecture, network.weights)]
    optimization = Optimization("adam", 0.5, batch_size=16)
    tuned = fine_tune(plain, network, trained, unit, x, optimization, epochs=3, on_epoch=seen.append)
    assert [epoch.number for epoch in seen] == [1, 2, 3]
    assert 0 <= tuned.history.best_epoch <= 3
    assert tuned.network.architecture == network.architecture
    again = with_weights(plain, tuned.network)
    assert (reference.run(tuned.integers, codes) == reference.run(again, codes)).all()
    assert (tuned.integers.input, tuned.integers.output) == (plain.input, plain.output)
    # Where no epoch was better than none, nothing has moved but by float32.
    if not tuned.history.best_epoch:
        for one, other in zip(tuned.network.weights, network.weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("linear_path", "activation"), [(False, "tanh"), (True, "tanh"), (False, "relu")])
def test_the_simulation_computes_what_integers_of_16_bits_in_and_out_do(linear_path, activation):
    network = layered(("simple", 5), steps=6, features=2, outputs=2, linear_path=linear_path, activation=activation)
    x = inputs(64, 6, 2).astype(np.float32)
    plain, codes = integers(network, x, io_bits=16)
    unit = UnitScale(inputs=2.0, outputs=3.0, input_center=0.1)
    trained = [values.astype(np.float32) for values in unit.unfold(network.architecture, network.weights)]
    model = keras.Sequential([keras.Input((6, 2)), SimulatedNetwork(plain, network.architecture, unit)])
    model.set_weights(trained)
    simulated = model(unit.scale_inputs(x)).numpy() * unit.outputs
    exact = reference.outputs(plain, x)
    # Weights and inputs that go through unit scale in float32 may be on the other side of half a code, now and then.
    steps = np.abs(simulated - exact) / plain.output.scale
    assert np.median(steps) < 2
    assert np.abs(simulated - exact).max() < 0.002 * np.ptp(exact)
    tuned = fine_tune(plain, network, trained, unit, x, Optimization("adam", 0.5, batch_size=16), epochs=2)
    assert tuned.integers.io_bits == 16
    again = with_weights(plain, tuned.network)
    assert (reference.run(tuned.integers, codes) == reference.run(again, codes)).all()
