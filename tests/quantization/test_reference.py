"""The integer arithmetic: against plain Python integers, and against the float network."""

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered, simple

from rnnexp.network.activations import ACTIVATIONS
from rnnexp.quantization import reference


def by_hand(network, codes):
    """One sample, as the description in rnnexp.quantization.product says, in Python integers."""

    def multiply(product, values):
        uppers = [(value + 32) // 64 for value in values]
        sums = []
        for unit in range(len(product.high)):
            total = int(product.bias[unit])
            for place, (value, upper) in enumerate(zip(values, uppers, strict=True)):
                total += int(product.high[unit, place]) * 4 * value
                total += int(product.low[unit, place]) * 4 * upper
            assert total % 2 == 1
            sums.append(max(-32768, min((total + 2 ** (product.shift - 1)) // 2**product.shift, 32767)))
        return sums

    def value(cell, place):
        if not cell.tables:
            return max(cell.activation.low, min(place, cell.activation.high))
        table = cell.activation.values
        return int(table[min(max(place, 0), len(table) - 1)])

    cell = network.layers[0].cells[0]
    state = [0] * cell.units
    for step in codes.tolist():
        index = multiply(cell.sums, [64 * code for code in step] + state)
        state = [value(cell, i) for i in index]
    outputs = multiply(network.output_layer, state)
    return state, [max(-128, min(value + network.output.zero_point, 127)) for value in outputs]


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_arithmetic_in_python_integers(activation):
    network, codes = integers(simple(4, steps=12, features=2, outputs=3, activation=activation), inputs(3, 12, 2))
    (states,), outputs = reference.states(network, codes), reference.run(network, codes)
    for sample in range(len(codes)):
        state, output = by_hand(network, codes[sample])
        assert states[sample, -1].tolist() == state
        assert outputs[sample].tolist() == output


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_close_to_the_float_network(activation):
    network = simple(10, steps=40, activation=activation, gain=0.9)
    x = inputs(100, 40)
    integer, codes = integers(network, x)
    expected, ((real,),) = network.run(x), network.states(x)
    found = integer.output.decode(reference.run(integer, codes))
    assert np.mean((found - expected) ** 2) < 1e-3 * expected.var()
    (states,) = reference.states(integer, codes)
    assert np.mean((states * integer.layers[0].scales - real) ** 2) < 1e-3 * real.var()


@pytest.mark.parametrize("every_step", [False, True])
def test_batches_change_nothing_and_outputs_are_real(every_step, monkeypatch):
    network, x = layered(("gru", 3, "both"), ("lstm", 2), steps=5, every_step=every_step), inputs(10, 5)
    integer, codes = integers(network, x)
    whole = reference.run(integer, codes)
    monkeypatch.setattr("rnnexp.network.network.BATCH_NUMBERS", 90)
    assert (reference.run(integer, codes) == whole).all()
    assert whole.dtype == np.int8
    assert (reference.outputs(integer, x) == integer.output.decode(whole)).all()
