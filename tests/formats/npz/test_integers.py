"""The integers of any network as arrays: plain, named as the docs say, and the whole network."""

import dataclasses

import numpy as np
import pytest
from helpers.equations import integer_codes, real_weights
from helpers.random_networks import ANSWER_STEPS, inputs, integers, layered, simple
from helpers.stored_networks import arrays

from rnnexp.formats.npz.integers import from_arrays, to_arrays
from rnnexp.network.cells import packages
from rnnexp.quantization.reference import run
from rnnexp.quantization.tables import Table

STRUCTURES = [
    [("simple", 5, "both")],
    [("lstm", 4)],
    [("gru", 4, "backwards"), ("gru", 4)],
    [("gru", 3, "both"), ("lstm", 4, "both"), ("simple", 5)],
    [("dense", 4, {"activation": "relu"}), ("lstm-peephole", 3, {"projection": 4}), ("dense", 2, {"reads": (0, -1)})],
    [("fastgrnn", 5, "both"), ("fastgrnn", 7, {"rank": 3})],
]


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", [*STRUCTURES, *([(cell, 5)] for cell in packages())], ids=str)
def test_the_network_comes_back(cells, every_step):
    network, codes = integers(layered(*cells, steps=9, features=2, outputs=3, every_step=every_step), inputs(4, 9, 2))
    found = from_arrays(to_arrays(network))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))
    assert [type(cell) for layer in found.layers for cell in layer.cells] == [
        type(cell) for layer in network.layers for cell in layer.cells
    ]
    assert run(found, codes).tolist() == run(network, codes).tolist()


@pytest.mark.parametrize("cells", [*STRUCTURES, *([(cell, 5)] for cell in packages())], ids=str)
def test_a_linear_path_comes_back(cells):
    float_network = layered(*cells, steps=9, features=2, outputs=3, linear_path=True)
    network, codes = integers(float_network, inputs(4, 9, 2))
    found = from_arrays(to_arrays(network))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))
    assert found.path_inputs == 18
    assert run(found, codes).tolist() == run(network, codes).tolist()
    for change in ({"every_step": True}, {"sequence_length": 8}):
        with pytest.raises(ValueError, match="a product of 3 sums of"):
            from_arrays(to_arrays(network) | {name: np.asarray(value) for name, value in change.items()})


def test_encoder_and_decoder_come_back():
    network, codes = integers(
        layered(("gru", 3, "both", "encodes"), ("simple", 4), steps=9, outputs=3, every_step=True), inputs(4, 9)
    )
    found = to_arrays(network)
    assert found["layer_1/repeats"] == ANSWER_STEPS
    assert run(from_arrays(found), codes).tolist() == run(network, codes).tolist()
    for change in ({"layer_1/repeats": -1}, {"layer_2/repeats": 1}):
        with pytest.raises(ValueError, match="layers are repeated"):
            from_arrays(found | {name: np.asarray(value) for name, value in change.items()})


def test_arrays_are_plain_and_names_say_where_they_belong():
    network, _ = integers(layered(("lstm", 4, "both"), ("gru", 3), steps=9, features=2), inputs(4, 9, 2))
    found = to_arrays(network)
    assert all(values.dtype.kind in "fiubU" for values in found.values())
    assert found["layer_1/backward/sums_high"].shape == (16, 6)
    assert found["layer_2/cell"] == "gru"
    assert found["layer_2/gate_values"].dtype == np.int16
    assert found["output_layer_low"].shape == (1, 3)


def test_one_layer_of_simple_cells_has_the_names_of_all_others():
    network, _ = integers(simple(4, steps=9, features=2, outputs=3), inputs(4, 9, 2))
    found = to_arrays(network)
    shapes = {name: found[name].shape for name in ("layer_1/sums_high", "layer_1/sums_low", "layer_1/sums_bias")}
    assert list(shapes.values()) == [(4, 6), (4, 6), (4,)]
    assert found["layer_1/activation_values"].shape == (2048,)
    assert not {"table", "W_x_high", "b"} & set(found)


@pytest.mark.parametrize("missing", ["layer_1/gate_values", "layer_1/gates_low", "output_layer_low", "input_scale"])
def test_a_missing_array_is_named(missing):
    found = to_arrays(integers(layered(("gru", 3), steps=9), inputs(4, 9))[0])
    del found[missing]
    with pytest.raises(KeyError, match=missing):
        from_arrays(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"features": 3}, "a product of 6 sums of 6 values has the shapes"),
        ({"features": 2.0}, r"features is 2\.0"),
        ({"every_step": 0}, "every_step is 0"),
        ({"layer_1/gates_shift": 0}, "a product of 6 sums"),
        ({"layer_1/gates_shift": 31}, "a product of 6 sums"),
        ({"layer_1/gates_bias": np.zeros(5, int)}, "a product of 6 sums"),
        ({"layer_1/gates_low": np.zeros((6, 4), np.int8)}, "a product of 6 sums"),
        ({"layer_1/gate_values": np.zeros(0, np.int16)}, "a table is empty, or too long"),
        ({"layer_1/gate_values": np.zeros(2**15 + 1, np.int16)}, "a table is empty, or too long"),
        ({"output_layer_high": np.zeros((1, 4), np.int8)}, "a product of 1 sums of 3 values"),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(change, words):
    """They would go into C, and be compiled and run."""
    found = to_arrays(integers(layered(("gru", 3), steps=9, features=2), inputs(4, 9, 2))[0])
    with pytest.raises(ValueError, match=words):
        from_arrays(found | {name: np.asarray(value) for name, value in change.items()})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer_1/peepholes_factors": np.zeros((3, 4), np.int16)}, "has factors"),
        ({"layer_1/peepholes_factors": np.zeros((3, 3))}, "has factors"),
        ({"layer_1/peepholes_finer": 11}, "numbers cannot be shifted by 25 bits"),
        ({"layer_1/projection_high": np.zeros((4, 4), np.int8)}, "a product of 4 sums of 3 values"),
        ({"layer_1/projection_bias": np.zeros(3, int)}, "a product of 4 sums of 3 values"),
        ({"layer_2/activation_low": 9000, "layer_2/activation_high": 8000}, "cannot be clipped to 9000 to 8000"),
        ({"layer_2/activation_high": 2**15}, "cannot be clipped"),
        ({"layer_2/activation_high": 1.0}, r"layer_2/activation_high is 1\.0"),
    ],
)
def test_arrays_of_converted_networks_that_do_not_fit_are_refused(change, words):
    cells = ("lstm-peephole", 3, {"projection": 4}), ("dense", 2, {"activation": "relu"})
    found = to_arrays(integers(layered(*cells, steps=9, features=2), inputs(4, 9, 2))[0])
    with pytest.raises(ValueError, match=words):
        from_arrays(found | {name: np.asarray(value) for name, value in change.items()})


@pytest.mark.parametrize("cell", packages())
def test_a_tables_name_is_that_of_its_attribute(cell):
    """Which is why it is not written."""
    network, _ = integers(layered((cell, 3), steps=9), inputs(4, 9))
    (found,) = network.layers[0].cells
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        assert not isinstance(value, Table) or value.name == field.name


DOCUMENTED = [
    *([(cell, 6)] for cell in ("simple", "lstm", "gru")),
    [("gru", 4, "backwards"), ("lstm", 3)],
    [("lstm", 3, "both"), ("simple", 4, "both")],
    [("simple", 4, "both", "encodes"), ("gru", 4)],
    [("dense", 4, {"activation": "relu"}), ("gru-reset-before", 3), ("dense", 4, {"reads": (1, 0, -1)})],
    [
        ("lstm-peephole", 4),
        ("lstm", 4, "both", {"projection": 3, "reads": (-1, 0)}),
        ("dense", 2, {"activation": "elu"}),
    ],
    [("lstm-peephole", 4, {"projection": 5}), ("gru-reset-before", 3, "encodes"), ("lstm-peephole", 4)],
    [("fastgrnn", 4, "both"), ("fastgrnn", 9, {"rank": 2})],
]


# With large weights, all of the cells' functions have the same table.
@pytest.mark.parametrize("gain", [1.0, 5.0])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", DOCUMENTED, ids=str)
def test_the_equations_of_the_page_give_the_bits(cells, every_step, gain):
    if any("encodes" in cell for cell in cells) and not every_step:
        pytest.skip("a decoder answers at every step")
    x = inputs(4, 25, 2)
    float_model = layered(*cells, steps=25, features=2, outputs=3, every_step=every_step, gain=gain)
    network, codes = integers(float_model, x)
    found = {f"int8/{name}": values for name, values in to_arrays(network).items()}
    assert integer_codes(found, x).tolist() == run(network, codes).tolist()


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_the_integers_with_the_scales_of_the_page_are_the_real_weights(cell):
    float_model = layered((cell, 6), steps=30, features=2)
    network, _ = integers(float_model, inputs(5, 30, 2))
    kernel, recurrent, bias = float_model.layer_weights()[0][0]
    if cell == "gru":
        # The candidate's two parts: of the inputs alone, and of the state alone.
        kernel, recurrent = np.pad(kernel, ((0, 0), (0, 6))), np.insert(recurrent, [12], np.zeros((1, 6)), axis=1)
        bias = np.concatenate([bias[:, :12].sum(axis=0), *bias[:, 12:]])
    blocks = {"simple": 1, "lstm": 4, "gru": 4}[cell]
    split = (np.split(values.T, blocks) for values in (kernel, recurrent, bias))
    expected = [*zip(*split, strict=True), (float_model.kernel.T, float_model.bias)]
    for found, wanted in zip(real_weights(arrays(float_model, network)), expected, strict=True):
        for (real, unit), values in zip(found[:-1], wanted[:-1], strict=True):
            assert real.shape == values.shape
            assert np.abs(real - values).max() <= 0.51 * unit
        # Biases are odd.
        (real, unit), values = found[-1], wanted[-1]
        assert np.abs(real - values).max() <= 1.01 * unit


@pytest.mark.parametrize("activation", ["tanh", "custom", "sigmoid"])
def test_a_table_is_the_function_at_its_places(activation):
    float_model = simple(6, steps=30, features=2, activation=activation)
    n = arrays(float_model, integers(float_model, inputs(5, 30, 2))[0])
    values, start, step, scale = (n[f"int8/layer_1/activation_{name}"] for name in ("values", "start", "step", "scale"))
    real = float_model.activation(start + step * np.arange(len(values)))
    # The last entry may be a little beyond what 14 bits hold.
    assert np.abs(values - np.clip(real / scale, -8128, 8128)).max() <= 0.51
