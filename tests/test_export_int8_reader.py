"""Integer networks come back from the files that they were written into."""

import dataclasses

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from random_layers import integers, layered
from random_networks import float_network, inputs

from rnnexp.cells import CELLS
from rnnexp.export import flatbuffer
from rnnexp.export.int8 import DETAILS, to_step_tflite, to_tflite
from rnnexp.export.int8_reader import from_tflite
from rnnexp.quantization.layered import run


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("activation", "features", "outputs", "softmax"),
    [("tanh", 1, 1, False), ("custom", 3, 4, True), ("relu", 28, 2, False)],
)
def test_everything_comes_back(activation, features, outputs, softmax, parts):
    x = inputs(5, 30, features)
    network = float_network(7, features=features, outputs=outputs, activation=activation).quantize(
        x, softmax=softmax, parts=parts
    )
    found = from_tflite(to_tflite(network, {"rnnexp": "{}"}))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))


cells = st.tuples(st.sampled_from(sorted(CELLS)), st.integers(1, 9), st.sampled_from(["", "both", "backwards"]))


@examples(25)
@given(
    layers=st.lists(cells, min_size=1, max_size=3), every_step=st.booleans(), softmax=st.booleans(), seed=st.integers(0)
)
def test_any_layers_come_back(layers, every_step, softmax, seed):
    network = layered(*layers, features=2, outputs=3, every_step=every_step, seed=seed)
    integer, codes = integers(network, inputs(5, 7, 2), softmax=softmax)
    content = flatbuffer.with_metadata(to_tflite(integer), {"another": "text"})
    found = from_tflite(content)
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(integer))
    assert run(found, codes).tolist() == run(integer, codes).tolist()


def test_encoder_and_decoder_come_back():
    network = layered(("lstm", 3, "both", "encodes"), ("simple", 4), outputs=3, every_step=True)
    integer, codes = integers(network, inputs(4, 9), softmax=True)
    found = from_tflite(to_tflite(integer))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(integer))
    assert run(found, codes).tolist() == run(integer, codes).tolist()


@pytest.mark.parametrize("cells", [[("lstm", 10)], [("gru", 10)], [("simple", 8, "both"), ("lstm", 8)]], ids=str)
def test_what_a_file_says_of_its_integers_takes_little(cells):
    """Weights and tables are there once, for the graph and for whoever reads them back."""
    network, _ = integers(layered(*cells, features=2), inputs(5, 7, 2))
    content = to_tflite(network)
    model = flatbuffer.parse(content)
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata}
    assert used | {0} == set(range(len(model.buffers)))
    assert len(flatbuffer.metadata(content)[DETAILS]) < 0.06 * len(content)


def test_a_file_of_another_kind_is_refused(regression_run):
    network = float_network(3).quantize(inputs(5, 30))
    other, _ = integers(layered(("gru", 3)), inputs(5, 7))
    for content in (to_step_tflite(network), to_step_tflite(other), regression_run.model.read_bytes()):
        with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
            from_tflite(content)


@pytest.mark.parametrize("missing", ["layer_1/parts", "layer_1/gate_start", "layer_1/cell", "input_scale"])
def test_a_file_that_does_not_say_everything_is_refused(missing):
    network, _ = integers(layered(("gru", 3)), inputs(5, 7))
    content = to_tflite(network).replace(f'"{missing}"'.encode(), f'"{missing[:-1]}X"'.encode())
    with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
        from_tflite(content)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"sequence_length":7', '"sequence_length":"7"'),
        ('"layer_1/gates_shift":', '"layer_1/gates_shift":6.0,"x":'),
        ('"layer_1/gates_shift":', '"layer_1/gates_shift":40,"x":'),
        ('"features":2', '"features":3'),
        ('"layer_1/cell":"gru"', '"layer_1/cell":"simple"'),
        ('"layer_1/cell":"gru"', '"layer_1/cell":"cell"'),
        (",2048]", ",0,2048]"),
    ],
)
def test_a_file_whose_numbers_do_not_fit_each_other_is_refused(before, after):
    """They would go into C, and be compiled and run."""
    network, _ = integers(layered(("gru", 3), features=2), inputs(5, 7, 2))
    details = flatbuffer.metadata(to_tflite(network))[DETAILS].decode()
    assert before in details
    content = flatbuffer.with_metadata(to_tflite(network), {DETAILS: details.replace(before, after)})
    assert after in flatbuffer.metadata(content)[DETAILS].decode()
    with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
        from_tflite(content)
