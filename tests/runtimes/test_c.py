"""The exported C, called from Python."""

import numpy as np
import pytest
from helpers.c_compiler import needs_compiler
from helpers.properties import examples
from helpers.random_networks import inputs, integers, layered, simple
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS
from rnnexp.quantization import reference
from rnnexp.runtimes import c
from rnnexp.runtimes.c import CompiledNetwork

cells = st.tuples(st.sampled_from(sorted(CELLS)), st.integers(1, 20), st.sampled_from(["", "both", "backwards"]))


@needs_compiler
@examples(37)
@given(
    layers=st.lists(cells, min_size=1, max_size=3),
    decoder=st.none() | cells,
    every_step=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 40),
    features=st.integers(1, 5),
    outputs=st.integers(1, 4),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    gain=st.floats(0.1, 1.4),
)
def test_the_references_bits_for_any_layers(
    layers, decoder, every_step, seed, steps, features, outputs, activation, gain
):
    options = {"features": features, "outputs": outputs, "activation": activation, "gain": gain, "seed": seed}
    if decoder:
        layers, every_step = [*layers[:-1], (*layers[-1], "encodes"), decoder], True
    network = layered(*layers, steps=steps, every_step=every_step, **options)
    integer, _ = integers(network, inputs(6, steps, features, seed))
    noise = np.random.default_rng(seed).integers(-128, 128, (20, steps, features)).astype(np.int8)
    assert CompiledNetwork(integer).run(noise).tolist() == reference.run(integer, noise).tolist()


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
)
def test_the_references_bits_for_one_simple_layer(seed, hidden, steps, features, outputs, activation, gain):
    """Whose weights are of the size that training starts at, whatever the activation."""
    options = {"features": features, "outputs": outputs, "activation": activation, "gain": gain, "seed": seed}
    integer, _ = integers(simple(hidden, steps=steps, **options), inputs(6, steps, features, seed))
    noise = np.random.default_rng(seed).integers(-128, 128, (20, steps, features)).astype(np.int8)
    assert CompiledNetwork(integer).run(noise).tolist() == reference.run(integer, noise).tolist()


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(UserError, match=r"no C compiler: 'no-such-compiler' cannot be run .*CC"):
        CompiledNetwork(integers(simple(2, steps=3), inputs(2, 3))[0])


def test_a_compiler_that_fails(monkeypatch):
    monkeypatch.setenv("CC", "false")
    with pytest.raises(UserError, match="the C compiler 'false' failed"):
        CompiledNetwork(integers(simple(2, steps=3), inputs(2, 3))[0])


def test_a_compiler_that_hangs_is_said_in_words(tmp_path, monkeypatch):
    integer, _ = integers(layered(("simple", 3), steps=4, features=1, outputs=1), inputs(5, 4, 1))
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\nexec sleep 60\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setattr(c, "SECONDS", 0.2)
    with pytest.raises(UserError, match=r"the C compiler '.*cc' was not done after 0\.2 s"):
        CompiledNetwork(integer)
