"""The table of an int8 model's tensors: every number of the network is there, in real units."""

import numpy as np
import pytest
from helpers.random_networks import ANSWER_STEPS, inputs, integers, layered, simple

from rnnexp.quantization import tensors

GATES = {
    "simple": [""],
    "lstm": ["input_gate/", "forget_gate/", "candidate/", "output_gate/"],
    "gru": ["update_gate/", "reset_gate/", "candidate_of_inputs/", "candidate_of_state/"],
}


def described(*cells, **options):
    network = layered(*cells, steps=12, features=2, outputs=3, **options)
    integer, _ = integers(network, inputs(20, 12, 2))
    entries = tensors.describe(integer, {"input": 0.25})
    named = {entry.name: entry for entry in entries}
    assert len(named) == len(entries)
    return network, integer, named


def assert_holds(entry, values):
    """The entry is of a tensor of these values, each rounded; to an odd number, if it is a bias."""
    assert sorted(entry.shape) == sorted(values.shape)
    error = (1.01 if "bias" in entry.name else 0.51) * entry.scale
    np.testing.assert_allclose([entry.min, entry.max], [values.min(), values.max()], rtol=0, atol=error)


@pytest.mark.parametrize("cell", GATES)
def test_weights_are_in_real_units(cell):
    network, _, named = described((cell, 5))
    kernel, recurrent, bias = network.layer_weights()[0][0]
    count = kernel.shape[1] // 5
    for number, gate in enumerate(GATES[cell]):
        block = slice(5 * min(number, count - 1), 5 * (min(number, count - 1) + 1))
        if gate != "candidate_of_state/":
            assert_holds(named[f"{gate}input_kernel"], kernel[:, block])
        if gate != "candidate_of_inputs/":
            assert_holds(named[f"{gate}recurrent_kernel"], recurrent[:, block])
    assert_holds(named["output_kernel"], network.kernel)
    if cell == "gru":
        assert_holds(named["candidate_of_state/bias"], bias[1, 10:])


def test_states_and_tables_in_real_units():
    _, integer, named = described(("lstm", 5))
    assert named["cell_state"].dtype == "int16"
    assert named["cell_state"].max == named["cell_state"].scale * 32767
    assert 0.5 < named["state"].max <= 1.001
    assert 0 < named["gate_table"].min < 0.5 < named["gate_table"].max < 1
    assert (named["gate_table"].scale, named["gate_table"].shape) == (2**-14, (2048,))
    assert named["activation_table"].shape == (4096,)
    places = named["candidate/pre_activation"]
    assert places.scale == integer.layers[0].cells[0].candidate.step
    assert places.min < 0 < places.max
    assert abs(places.zero_point * places.scale + places.min) <= places.scale


def test_layers_and_directions_have_names_of_their_own():
    network, _, named = described(("gru", 4, "both"), ("lstm", 3))
    for way, weights in zip(("forward", "backward"), network.layer_weights()[0], strict=True):
        assert_holds(named[f"layer_1/{way}/update_gate/input_kernel"], weights[0][:, :4])
    # The values of both directions have the scale that their common table gives them.
    assert_holds(named["layer_2/forget_gate/input_kernel"], network.layer_weights()[1][0][0][:, 3:6])
    network, _, named = described(("simple", 4, "both"), ("lstm", 3))
    kernel = network.layer_weights()[1][0][0][:, 3:6]
    # Those of simple cells have scales of their own.
    for number in (1, 2):
        assert_holds(named[f"layer_2/forget_gate/input_kernel_{number}"], kernel[4 * (number - 1) : 4 * number])
    _, _, named = described(("gru", 4, "both"), ("lstm", 3))
    assert {"layer_1/forward/long_state", "layer_2/cell_state"} <= set(named)


def test_input_and_output():
    _, integer, named = described(("gru", 4), softmax=True)
    assert named["input"].saturated_share == 0.25
    assert named["state"].saturated_share is None
    assert (named["input"].shape, named["input"].zero_point) == ((1, 12, 2), integer.input.zero_point)
    assert named["logits"].scale == integer.output.scale
    assert (named["output"].scale, named["output"].zero_point) == (1 / 256, -128)


def test_a_single_probability_has_its_table():
    network = layered(("simple", 4), steps=12, features=2, every_step=True, softmax=True)
    integer, _ = integers(network, inputs(20, 12, 2))
    named = {entry.name: entry for entry in tensors.describe(integer, {})}
    assert named["logits"].shape == named["output"].shape == (1, 12, 1)
    table = named["sigmoid_table"]
    assert (table.dtype, table.shape, table.scale, table.zero_point) == ("int8", (256,), 1 / 256, -128)
    assert table.min == pytest.approx(1 / (1 + np.exp(-named["logits"].min)), abs=1 / 512)
    assert table.max == pytest.approx(1 / (1 + np.exp(-named["logits"].max)), abs=1 / 256)


def test_encoder_and_decoder_have_names_of_their_own():
    cells = [("gru", 4, "encodes"), ("simple", 5)]
    network = layered(*cells, steps=12, features=2, outputs=3, every_step=True, softmax=True)
    integer, _ = integers(network, inputs(20, 12, 2))
    named = {entry.name: entry for entry in tensors.describe(integer, {})}
    assert named["output"].shape == named["logits"].shape == (1, ANSWER_STEPS, 3)
    assert_holds(named["decoder/input_kernel"], network.layer_weights()[1][0][0])
    assert_holds(named["encoder/update_gate/input_kernel"], network.layer_weights()[0][0][0][:, :4])


def test_a_simple_network_has_the_names_that_it_always_had():
    x = inputs(5, 20, 3)
    integer, _ = integers(simple(10, features=3, outputs=2, activation="tanh"), x)
    assert [entry.name for entry in tensors.describe(integer, {})] == [
        "input",
        "output",
        "state",
        "pre_activation",
        "activation_table",
        "input_kernel",
        "recurrent_kernel",
        "output_kernel",
        "bias",
        "output_bias",
    ]
