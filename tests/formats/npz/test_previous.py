"""Files that version 0.1.0 wrote, one of each scheme of names, are read as what they were."""

from pathlib import Path

import numpy as np
import pytest

from rnnexp.experiment import starting_weights
from rnnexp.formats.npz import arrays, integers, previous, reader
from rnnexp.quantization import reference

FOLDER = Path(__file__).parent / "version_0_1"
NAMES = ["simple-custom", "gru-tanh"]


def found(name, kind="weights"):
    return arrays.read(FOLDER / f"{name}-{kind}.npz")


@pytest.mark.parametrize("name", NAMES)
def test_the_integers_give_the_bits_that_they_gave(name):
    network, expected = integers.from_npz(found(name)), found(name, "expected")
    assert (network.input.encode(expected["inputs"]) == expected["input_codes"]).all()
    codes = reference.run(network, expected["input_codes"])
    assert codes.tolist() == expected["output_codes"].tolist()
    assert len(np.unique(codes)) > 15
    assert network.softmax
    assert network.sequence_length == 9


def test_every_number_of_one_layer_of_simple_cells_is_taken_over():
    old = found("simple-custom")
    n = {name.removeprefix("int8/"): values for name, values in old.items() if name.startswith("int8/")}
    assert previous.is_previous(n)
    network = integers.from_npz(old)
    new = integers.to_arrays(network)
    for part in ("high", "low"):
        np.testing.assert_array_equal(
            new[f"layer_1/sums_{part}"], np.concatenate([n[f"W_x_{part}"], n[f"W_h_{part}"]], axis=1)
        )
        np.testing.assert_array_equal(new[f"output_layer_{part}"], n[f"W_o_{part}"])
    names = {
        "layer_1/sums_bias": "b",
        "layer_1/sums_shift": "shift",
        "layer_1/sums_scale": "W_h_scale",
        "layer_1/sums_step": "table_step",
        "layer_1/activation_values": "table",
        "layer_1/activation_start": "table_start",
        "layer_1/activation_step": "table_step",
        "layer_1/activation_scale": "state_scale",
        "output_layer_bias": "b_o",
        "output_layer_shift": "output_shift",
        "output_layer_scale": "W_o_scale",
        "output_layer_step": "output_scale",
        **{name: name for name in ("input_scale", "input_zero_point", "output_scale", "output_zero_point")},
    }
    for name, before in names.items():
        np.testing.assert_array_equal(new[name], n[before], err_msg=name)
    # What follows of these.
    (block,), source = network.layers[0].cells[0].blocks, network.sources[0]
    assert block.kernel_scales(source, n["state_scale"]) == pytest.approx([float(n["W_x_scale"])] * 2, rel=1e-15)
    assert (block.bias_scale, network.output_bias_scale) == (n["b_scale"], n["b_o_scale"])
    # And that is all that there was.
    followed = {"W_x_scale", "b_scale", "b_o_scale"}
    matrices = {f"W_{kind}_{part}" for kind in "xho" for part in ("high", "low")}
    assert set(n) == {*names.values(), *matrices, *followed}
    # As the current version writes them, they come back too.
    again = integers.to_arrays(integers.from_arrays(new))
    np.testing.assert_equal(again, new)


def test_every_number_of_other_networks_is_taken_over():
    old = found("gru-tanh")
    n = {name.removeprefix("int8/"): values for name, values in old.items() if name.startswith("int8/")}
    assert not previous.is_previous(n)
    np.testing.assert_equal(integers.to_arrays(integers.from_npz(old)), n)


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_are_those_that_were_written(name):
    old, expected = found(name), found(name, "expected")
    path = FOLDER / f"{name}-weights.npz"
    network = reader.load(path)
    stored = starting_weights.read(path)
    for read in (network, stored.network):
        for (key, shape), values in zip(read.architecture.shapes.items(), read.weights, strict=True):
            assert values.shape == shape
            np.testing.assert_array_equal(values, old[key], err_msg=key)
        np.testing.assert_allclose(read.run(expected["inputs"]), expected["outputs"], rtol=1e-5, atol=1e-5)
    assert (network.architecture.sequence_length, network.architecture.softmax) == (9, True)
    assert str(stored.structure) == name.split("-")[0]
    assert stored.unsaid == frozenset()


@pytest.mark.parametrize("missing", ["table_start", "W_h_low", "b_o", "state_scale", "output_zero_point"])
def test_a_missing_array_is_named(missing):
    old = found("simple-custom")
    del old[f"int8/{missing}"]
    with pytest.raises(KeyError, match=missing):
        integers.from_npz(old)


@pytest.mark.parametrize(
    "change",
    [
        {"W_h_high": np.zeros((4, 3), np.int8)},
        {"W_h_high": np.zeros((4, 3), np.int8), "W_h_low": np.zeros((4, 3), np.int8)},
        {"W_o_low": np.zeros((3, 5), np.int8)},
        {"b": np.ones(3, np.int32)},
        {"shift": np.array(40)},
        {"table": np.zeros(0, np.int16)},
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_each_other_are_refused(change):
    """They would go into C, and be compiled and run."""
    with pytest.raises(ValueError, match=r"."):
        integers.from_npz(found("simple-custom") | {f"int8/{name}": values for name, values in change.items()})
