"""The integer arithmetic: against plain Python integers, and against the float network."""

import numpy as np
import pytest
from helpers.random_networks import float_network, inputs

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
                if product.low is not None:
                    total += int(product.low[unit, place]) * 4 * upper
            assert total % 2 == 1
            sums.append(max(-32768, min((total + 2 ** (product.shift - 1)) // 2**product.shift, 32767)))
        return sums

    state = [0] * network.hidden_size
    for step in codes.tolist():
        index = multiply(network.cell, [64 * code for code in step] + state)
        state = [int(network.table[min(max(i, 0), len(network.table) - 1)]) for i in index]
    outputs = multiply(network.output_layer, state)
    return state, [max(-128, min(value + network.output.zero_point, 127)) for value in outputs]


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("parts", [1, 2])
def test_arithmetic_in_python_integers(activation, parts):
    network = float_network(4, features=2, outputs=3, activation=activation).quantize(inputs(3, 12, 2), parts=parts)
    codes = network.input.encode(inputs(3, 12, 2))
    states, outputs = reference.states(network, codes), reference.run(network, codes)
    for sample in range(len(codes)):
        state, output = by_hand(network, codes[sample])
        assert states[sample, -1].tolist() == state
        assert outputs[sample].tolist() == output


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("parts", "gap"), [(1, 3e-2), (2, 1e-3)])
def test_close_to_the_float_network(activation, parts, gap):
    network = float_network(10, activation=activation, gain=0.9)
    x = inputs(100, 40)
    integer = network.quantize(x, parts=parts)
    codes = integer.input.encode(x)
    expected, states, _ = network.run(x)
    found = integer.output.decode(reference.run(integer, codes))
    assert np.mean((found - expected) ** 2) < gap * expected.var()
    error = reference.states(integer, codes) * integer.state_scale - states
    assert np.mean(error**2) < gap * states.var()


def test_rounding_shift():
    values = np.array([-7, -5, -1, 1, 5, 6, 7, 1023])
    assert reference.round_shift(values, 2).tolist() == [-2, -1, 0, 0, 1, 2, 2, 256]
