"""Any layers ahead of recurrent ones and behind them: the same bits from all that runs them, close to real numbers."""

import dataclasses

import numpy as np
from helpers import random_fronts
from helpers.properties import examples
from helpers.same_bits import assert_same_bits, noise
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.formats.npz import integers
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.quantization.diagnosis import Comparison
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.reference import outputs
from rnnexp.quantization.tensors import describe

SMOOTH = {"custom": "tanh"}


@examples(80)
@given(st.one_of(random_fronts.NETWORKS, random_fronts.FOREIGN_NETWORKS))
def test_any_network_gives_the_same_bits(drawn):
    network, x = drawn.make()
    integer = quantize(network, x, io_bits=drawn.io_bits)
    # Inputs beyond whatever the ranges were taken from, and words that there are none of.
    others = (
        random_fronts.words(3, drawn.steps, 1, beyond=9)
        if drawn.embeds
        else noise(3, *x.shape[1:], 1, integer.input.dtype)
    )
    assert_same_bits(integer, np.concatenate([integer.input.encode(x[:2]), others]))
    for found in (from_tflite(to_tflite(integer)), integers.from_arrays(integers.to_arrays(integer))):
        np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(integer))


@examples(50)
@given(random_fronts.NETWORKS)
def test_any_network_is_close_to_real_numbers(drawn):
    # Where the custom activation begins it is so steep that any rounding shows.
    around = [
        [dataclasses.replace(layer, activation=SMOOTH.get(layer.activation, layer.activation)) for layer in layers]
        for layers in (drawn.front, drawn.back)
    ]
    activation = SMOOTH.get(drawn.activation, drawn.activation)
    network, x = dataclasses.replace(drawn, front=around[0], back=around[1], activation=activation).make()
    integer = quantize(network, x, io_bits=drawn.io_bits)
    difference = outputs(integer, x) - network.run(x)
    # What the rounding of the input alone makes of it, and that of the output.
    given = network.run(integer.input.decode(integer.input.encode(x))) - network.run(x)
    # Outputs that hardly vary have steps that are finer than what makes them up.
    step = integer.output.scale + 1e-3 * (np.abs(network.kernel).sum(axis=0) + np.abs(network.bias)).max()
    assert np.abs(difference).max() <= 4 * np.abs(given).max() + 4 * step
    assert [array.shape for array in integer.real_weights()] == [array.shape for array in network.weights]
    comparison = Comparison(integer, network, x)
    assert max(comparison.saturation().values()) == 0
    names = [tensor.name for tensor in describe(integer, {})]
    assert len(set(names)) == len(names)
