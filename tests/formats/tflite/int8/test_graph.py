"""int8 files of any cells and layers: the same bits from every runtime, small, and nothing but integers."""

from dataclasses import fields, replace

import numpy as np
import pytest
from helpers.properties import examples
from helpers.random_networks import ANSWER_STEPS, inputs, integers, layered
from hypothesis import Phase, given
from hypothesis import strategies as st

from rnnexp.formats.tflite import metadata
from rnnexp.formats.tflite.int8.writer import OPERATORS, to_encoder_tflite, to_step_tflite, to_tflite
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS
from rnnexp.quantization.product import Product
from rnnexp.quantization.reference import context, run, states
from rnnexp.quantization.tables import Table
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel


@pytest.fixture(scope="module", params=["litert", "reference", "micro"])
def kernels(request):
    if request.param == "micro":
        pytest.importorskip(
            "tflite_micro", reason="TensorFlow Lite Micro is not installed (pip install --pre tflite-micro)"
        )
    return request.param


def assert_same_bits(integer, codes, kernels):
    found = TFLiteModel(to_tflite(integer), kernels=kernels).run_codes(codes)
    expected = run(integer, codes)
    assert found.dtype == np.int8
    assert found.tolist() == expected.tolist()
    return expected


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("units", "features", "outputs"), [(1, 1, 1), (10, 1, 1), (10, 28, 12), (64, 1, 12)])
def test_same_bits(kernels, cell, units, features, outputs, activation):
    network = layered((cell, units), steps=50, features=features, outputs=outputs, activation=activation, gain=0.6)
    assert_same_bits(*integers(network, inputs(4, 50, features)), kernels)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("units", "features"), [(1, 1), (10, 28), (64, 1)])
def test_same_bits_over_1600_steps(kernels, cell, units, features):
    network = layered((cell, units), steps=1600, features=features, outputs=12)
    integer, codes = integers(network, inputs(2, 1600, features))
    assert units == 1 or len(np.unique(assert_same_bits(integer, codes, kernels))) > 5


STRUCTURES = [
    [("lstm", 7), ("gru", 6), ("simple", 5)],
    [("simple", 6), ("lstm", 5), ("simple", 4)],
    [("simple", 6, "both")],
    [("lstm", 6, "both")],
    [("gru", 5, "backwards")],
    [("simple", 5), ("gru", 5, "backwards"), ("lstm", 4)],
    [("gru", 5, "both"), ("lstm", 4, "both"), ("gru", 4)],
    [("gru", 4), ("simple", 4, "both")],
    [("simple", 6, "both"), ("simple", 5)],
]


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
def test_same_bits_of_layers_and_directions(kernels, cells, every_step):
    network = layered(*cells, steps=17, features=2, outputs=3, every_step=every_step)
    integer, codes = integers(network, inputs(3, 17, 2))
    assert len(np.unique(assert_same_bits(integer, codes, kernels))) > 3


def extreme(number, random):
    """Return a cell with anything that its numbers' types can hold in place of its weights and tables."""
    changes = {}
    tables = {}
    for one in fields(number):
        value = getattr(number, one.name)
        if isinstance(value, Product):
            high = random.choice([-127, -1, 0, 1, 127], value.high.shape)
            low = random.choice([-32, 0, 31], value.high.shape)
            bias = 2 * random.integers(-(2**29), 2**29, len(high)) // 2 ** random.integers(0, 16) * 2 + 1
            changes[one.name] = replace(value, high=high.astype(np.int8), low=low.astype(np.int8), bias=bias)
        elif isinstance(value, Table):
            ends = (0, 2 * value.offset) if value.offset else (-8128, 8128)
            found = random.choice([*ends, 0, ends[1] - 1], len(value.values)) * value.multiple
            tables.setdefault(id(value), replace(value, values=found.astype(np.int16)))
            changes[one.name] = tables[id(value)]
    return replace(number, **changes)


# A case found is plain enough; to make it smaller takes minutes.
@examples(12, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    seed=st.integers(0, 2**32 - 1),
    cells=st.lists(
        st.tuples(st.sampled_from(list(CELLS)), st.integers(1, 12), st.sampled_from(["", "both", "backwards"])),
        min_size=1,
        max_size=3,
    ),
    steps=st.integers(1, 20),
    every_step=st.booleans(),
    wild=st.booleans(),
)
def test_same_bits_for_random_and_extreme_numbers(kernels, seed, cells, steps, every_step, wild):
    random = np.random.default_rng(seed)
    network = layered(*cells, steps=steps, features=2, outputs=3, every_step=every_step, gain=3.0, seed=seed)
    integer, codes = integers(network, inputs(3, steps, 2, seed))
    if wild:
        layers = [replace(old, cells=tuple(extreme(cell, random) for cell in old.cells)) for old in integer.layers]
        integer = replace(integer, layers=tuple(layers))
        codes = random.choice([-128, -1, 0, 127], codes.shape).astype(np.int8)
    assert_same_bits(integer, codes, kernels)


def test_values_of_equal_scale_are_joined(kernels):
    """Both directions saturate, and so have the scale of 1; the next layer's is another."""
    network = layered(("simple", 5, "both"), ("simple", 4), steps=9, gain=1.0)
    both, ((kernel, *_),) = network.layer_weights()
    for weights in both:
        weights[0][:] = 50.0
    kernel[:] *= 0.1
    integer, codes = integers(network, inputs(3, 9))
    first, second = integer.layers
    assert len(set(first.scales)) == 1
    assert first.scales[0] != second.scales[0]
    assert_same_bits(integer, codes, kernels)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cell", ["simple", "gru"])
def test_softmax(kernels, cell, every_step):
    facts = {"steps": 9, "features": 2, "outputs": 12, "every_step": every_step}
    logits, codes = integers(layered((cell, 6), **facts), inputs(6, 9, 2))
    assert len(np.unique(assert_same_bits(logits, codes, kernels))) > 10
    integer, _ = integers(layered((cell, 6), **facts, softmax=True), inputs(6, 9, 2))
    assert replace(integer, softmax=False).output == logits.output
    model = TFLiteModel(to_tflite(integer), kernels=kernels)
    assert (model.output.scale, model.output.zero_point) == (1 / 256, -128)
    values = np.exp(logits.output.decode(run(logits, codes)))
    exact = values / values.sum(axis=-1, keepdims=True)
    # Each runtime has its own exponential.
    assert np.abs(model.run_codes(codes).astype(int) + 128 - 256 * exact).max() <= 1.5


@pytest.mark.parametrize("every_step", [False, True])
def test_the_sigmoid_of_a_single_output_has_the_same_bits_too(kernels, every_step):
    network = layered(("gru", 6), steps=9, features=2, every_step=every_step, softmax=True)
    integer, codes = integers(network, inputs(5, 9, 2))
    table = integer.sigmoid.astype(int)
    real = 1 / (1 + np.exp(-integer.output.decode(np.arange(-128, 128))))
    assert np.abs((table + 128) / 256 - np.minimum(real, 255 / 256)).max() <= 1 / 512 + 1e-12
    expected = table[run(integer, codes).astype(int) + 128]
    assert len(np.unique(expected)) > 4
    model = TFLiteModel(to_tflite(integer), kernels=kernels)
    assert (model.output.scale, model.output.zero_point) == (1 / 256, -128)
    assert model.run_codes(codes).tolist() == expected.tolist()
    made, _ = TFLiteStepModel(to_step_tflite(integer), kernels=kernels).run_codes(codes)
    assert (made if every_step else made[:, -1]).tolist() == expected.tolist()


def test_arrays_of_results_take_no_room_in_the_file():
    cells = ("gru", 4, "both"), ("gru", 4)
    first, second = (
        len(to_tflite(integers(layered(*cells, steps=steps, every_step=True), inputs(3, steps))[0]))
        for steps in (20, 1600)
    )
    assert abs(first - second) < 256


@pytest.mark.parametrize("cells", [[("lstm", 10)], [("gru", 10)]], ids=str)
def test_small_and_of_the_same_size_for_any_length(cells):
    first, second = (
        len(to_tflite(integers(layered(*cells, steps=steps), inputs(3, steps))[0])) for steps in (20, 1600)
    )
    assert first <= 28 * 1024
    # Equal numbers, such as biases' scales, are stored once.
    assert abs(first - second) < 256


def tables(content):
    """The tables' names, and how many different ones there are."""
    model = metadata.parse(content)
    found = [
        tensor for graph in model.subgraphs for tensor in graph.tensors if (tensor.name or b"").endswith(b"_table")
    ]
    return sorted({tensor.name.decode() for tensor in found}), {tensor.buffer for tensor in found}


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gates_of_all_layers_have_one_table_tanh_has_the_same_and_relu_none(activation):
    cells = ("lstm", 6), ("gru", 5, "both"), ("gru-reset-before", 4), ("lstm-peephole", 4, {"projection": 3})
    network = layered(*cells, steps=9, features=2, gain=5.0, activation=activation)
    integer, codes = integers(network, inputs(8, 9, 2))
    assert_same_bits(integer, codes, "litert")
    names, buffers = tables(to_tflite(integer, names="full"))
    assert "gate_table" in names if activation == "tanh" else names == ["gate_table"]
    gates = {cell.gate.values.tobytes() for layer in integer.layers for cell in layer.cells}
    assert len(gates) == 1
    assert len(buffers) == 1


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_an_lstm_of_20_units_takes_16_kb(activation):
    network = layered(("lstm", 20), steps=8, features=8, outputs=10, softmax=True, gain=5.0, activation=activation)
    integer, _ = integers(network, inputs(40, 8, 8))
    content = to_tflite(integer, {"rnnexp": "1.0", "about": "x" * 200})
    assert len(tables(content)[1]) == 1
    assert len(content) <= 16 * 1024


def test_nothing_but_integers_that_can_be_read():
    network = layered(("gru", 4, "both"), ("lstm", 4), steps=5, every_step=True, outputs=3, softmax=True)
    content = to_tflite(integers(network, inputs(3, 5))[0], names="full")
    # What only lengths, a linear path's window step by step, and layers ahead of recurrent ones need.
    others = {"LESS_EQUAL", "SQUEEZE", "STRIDED_SLICE", "CONV_2D", "MAX_POOL_2D"}
    assert set(metadata.operators(content)) == OPERATORS - others
    assert metadata.tensor_types(content) == {"INT8", "INT16", "INT32", "INT64", "BOOL"}
    names = {tensor.name.decode() for graph in metadata.parse(content).subgraphs for tensor in graph.tensors}
    assert {"input", "gate_and_candidate_table", "gates_kernel", "next_cell_state", "probabilities"} <= names
    assert all(name.replace("_", "").isalnum() and name.islower() for name in names)


@pytest.mark.parametrize(
    "cells", [[("lstm", 6)], [("gru", 6)], [("simple", 5), ("lstm", 4), ("gru", 3)], [("simple", 4)]], ids=str
)
def test_step_by_step_the_same_bits(kernels, cells):
    network = layered(*cells, steps=15, features=2, outputs=3, every_step=True)
    integer, codes = integers(network, inputs(1, 15, 2))
    model = TFLiteStepModel(to_step_tflite(integer), kernels=kernels)
    made, found = model.run_codes(codes)
    assert made.tolist() == run(integer, codes).tolist()
    kept = [len(layer.cells[0].states) for layer in integer.layers]
    assert len(found) == sum(kept)
    # The first state of each layer is its value.
    for values, place in zip(states(integer, codes), np.cumsum([0, *kept[:-1]]), strict=True):
        assert found[place].tolist() == values.tolist()


ENCODER_DECODERS = [
    [("simple", 5, "encodes"), ("simple", 4)],
    [("lstm", 6, "encodes"), ("lstm", 5)],
    [("gru", 5, "backwards"), ("gru", 4, "encodes"), ("gru", 4), ("simple", 3)],
    [("gru", 5, "both", "encodes"), ("gru", 4)],
    [("simple", 5, "both", "encodes"), ("lstm", 4)],
    [("simple", 4, "both"), ("lstm", 4, "encodes"), ("simple", 3, "both")],
]


@pytest.mark.parametrize("steps", [1, 9])
@pytest.mark.parametrize("cells", ENCODER_DECODERS, ids=str)
def test_encoder_and_decoder_have_the_same_bits_in_one_file_and_in_a_loop_outside(kernels, cells, steps):
    network = layered(*cells, steps=steps, features=2, outputs=3, every_step=True)
    integer, codes = integers(network, inputs(3, steps, 2))
    expected = assert_same_bits(integer, codes, kernels)
    assert expected.shape == (3, ANSWER_STEPS, 3)
    found = TFLiteModel(to_encoder_tflite(integer), kernels=kernels).run_codes(codes)
    assert found.tolist() == context(integer, codes).tolist()
    if not all(layer.forward for layer in integer.decoder):
        return
    decoder = TFLiteStepModel(to_step_tflite(integer), kernels=kernels)
    made, kept = decoder.run_codes(np.repeat(found[:, None], ANSWER_STEPS, axis=1))
    assert made.tolist() == expected.tolist()
    assert kept[0].tolist() == states(integer, codes)[len(integer.encoder)].tolist()


def test_without_a_decoder_there_is_no_encoder():
    with pytest.raises(ValueError, match="has no encoder either"):
        to_encoder_tflite(integers(layered(("gru", 4), ("gru", 4), steps=5), inputs(2, 5))[0])


@pytest.mark.parametrize("way", ["both", "backwards"])
def test_what_starts_at_the_end_cannot_go_step_by_step(way):
    with pytest.raises(ValueError, match="from their end"):
        to_step_tflite(integers(layered(("gru", 4, way), steps=5), inputs(2, 5))[0])
