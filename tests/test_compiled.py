"""The exported C, called from Python."""

import numpy as np
import pytest
from c_compiler import needs_compiler
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from random_layers import integers, layered
from random_networks import float_network, inputs

from rnnexp.activations import ACTIVATIONS
from rnnexp.cells import CELLS
from rnnexp.compiled import CompiledNetwork
from rnnexp.errors import UserError
from rnnexp.quantization import reference
from rnnexp.quantization.layered import run


@needs_compiler
@examples(12)
@given(
    seed=st.integers(0, 2**32 - 1),
    hidden=st.integers(1, 20),
    steps=st.integers(1, 40),
    features=st.integers(1, 5),
    outputs=st.integers(1, 4),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    gain=st.floats(0.1, 1.4),
    parts=st.integers(1, 2),
)
def test_the_references_bits_for_random_weights(seed, hidden, steps, features, outputs, activation, gain, parts):
    options = {"features": features, "outputs": outputs, "activation": activation, "gain": gain, "seed": seed}
    network = float_network(hidden, **options).quantize(inputs(6, steps, features, seed), parts=parts)
    noise = np.random.default_rng(seed).integers(-128, 128, (20, steps, features)).astype(np.int8)
    assert CompiledNetwork(network).run(noise).tolist() == reference.run(network, noise).tolist()


cells = st.tuples(st.sampled_from(sorted(CELLS)), st.integers(1, 9), st.sampled_from(["", "both", "backwards"]))


@needs_compiler
@examples(25)
@given(
    layers=st.lists(cells, min_size=1, max_size=3),
    every_step=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 30),
    features=st.integers(1, 4),
    outputs=st.integers(1, 4),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    gain=st.floats(0.1, 1.4),
)
def test_the_references_bits_for_any_layers(layers, every_step, seed, steps, features, outputs, activation, gain):
    options = {"features": features, "outputs": outputs, "activation": activation, "gain": gain, "seed": seed}
    network = layered(*layers, every_step=every_step, **options)
    integer, _ = integers(network, inputs(6, steps, features, seed))
    noise = np.random.default_rng(seed).integers(-128, 128, (20, steps, features)).astype(np.int8)
    assert CompiledNetwork(integer).run(noise).tolist() == run(integer, noise).tolist()


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(UserError, match=r"no C compiler: 'no-such-compiler' cannot be run .*CC"):
        CompiledNetwork(float_network(2).quantize(inputs(2, 3)))


def test_a_compiler_that_fails(monkeypatch):
    monkeypatch.setenv("CC", "false")
    with pytest.raises(UserError, match="the C compiler 'false' failed"):
        CompiledNetwork(float_network(2).quantize(inputs(2, 3)))
