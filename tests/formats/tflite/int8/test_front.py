"""Layers ahead of the loops in .tflite files: what is in the file, and files that say something else of it."""

import copy

import numpy as np
import pytest
from helpers.random_fronts import WORDS, network, words
from helpers.random_networks import inputs
from helpers.schema_models import packed

from rnnexp.formats.npz import integers
from rnnexp.formats.tflite import metadata
from rnnexp.formats.tflite.int8.details import ENTRY, pack, unpack
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import OPERATORS, to_encoder_tflite, to_step_tflite, to_tflite
from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Convolution, Embedding, Pooling
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.network.windows import Axis
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.reference import context
from rnnexp.runtimes.tflite import TFLiteModel

TEXT = (
    Embedding(WORDS, 6),
    Convolution(Axis(3, before=2), Axis(), 6, 6, groups=6, activation="tanh"),
    Pooling(Axis(2, 2), Axis(), 6),
)


def text(steps=12, cells=(("gru", 4),)):
    return to_tflite(quantize(network(TEXT, list(cells), steps=steps), words(16, steps)))


def picture(steps):
    front = (Convolution(Axis.same(steps, 3), Axis.same(8, 3), 1, 4, activation="relu"),)
    return to_tflite(quantize(network(front, [("gru", 4)], steps=steps, features=8), inputs(8, steps, 8)))


def test_weights_and_tables_are_there_once():
    content = text()
    model = metadata.parse(content)
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata}
    assert used | {0} == set(range(len(model.buffers)))
    assert len(metadata.metadata(content)[ENTRY]) < 0.06 * len(content)


def test_files_have_the_same_size_for_any_length():
    assert abs(len(picture(20)) - len(picture(400))) < 256


def test_operators_and_types_are_those_that_are_known():
    content = text()
    assert {"CONV_2D", "MAX_POOL_2D", "GATHER"} <= set(metadata.operators(content)) <= OPERATORS
    assert metadata.tensor_types(content) == {"INT8", "INT16", "INT32", "INT64", "BOOL"}


def test_words_are_int32_and_go_in_as_they_are():
    model = TFLiteModel(text())
    assert (model.input.shape, model.input.dtype) == ((1, 12), np.int32)
    assert model.predict(words(3, 12).astype(np.float64)).shape == (3, 2)


def test_steps_have_no_file_and_an_encoder_has_one():
    with pytest.raises(ValueError, match="step by step"):
        to_step_tflite(quantize(network(TEXT, [("gru", 4)], steps=12), words(16, 12)))
    layers = Layer("gru", 4, repeats=3), Layer("lstm", 5)
    architecture = Architecture(12, 1, layers, True, 4, "tanh", front=TEXT)
    random = np.random.default_rng(0)
    weights = [random.normal(size=shape) / shape[0] ** 0.5 for shape in architecture.shapes.values()]
    integer = quantize(Network.of(architecture, weights), words(16, 12))
    made = TFLiteModel(to_encoder_tflite(integer)).run_codes(words(2, 12))
    assert np.array_equal(made, context(integer, words(2, 12)))


def changed(content, said):
    """Return a file that says something else of its integers."""
    model = metadata.parse(content)
    (number,) = (found.buffer for found in model.metadata if found.name == ENTRY.encode())
    model.buffers[number].data = np.frombuffer(pack(said), np.uint8)
    return packed(model)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("front_1/kind", "attention"),
        ("front_1/embeddings", [0, 3]),
        ("front_1/embeddings", [1, 0]),
        ("front_2/groups", 4),
        ("front_2/groups", 0),
        ("front_2/channels", 5),
        ("front_2/channels", 0),
        ("front_2/time_taps", 4),
        ("front_2/time_taps", 0),
        ("front_2/time_taps", 2.0),
        ("front_2/time_stride", 10**9),
        ("front_2/time_before", 10**9),
        ("front_2/time_before", -1),
        ("front_2/frequency_dilation", 0),
        ("front_3/time_after", 2),
        ("front_3/kind", "convolution"),
        ("front_3/kind", "embedding"),
        ("flattened", True),
        ("back_1/kind", "embedding"),
    ],
)
def test_other_layers_than_the_file_has_are_refused(name, value):
    import json

    content = text()
    said = copy.deepcopy(unpack(metadata.metadata(content)[ENTRY]))
    said[name] = value
    with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
        from_tflite(changed(content, json.dumps(said).encode()))


def test_arrays_that_do_not_fit_are_refused():
    found = integers.to_arrays(quantize(network(TEXT, [("gru", 4)], steps=12), words(16, 12)))
    for name, values in (
        ("front_1/embeddings", found["front_1/embeddings"].astype(np.float32)),
        ("front_1/embeddings", found["front_1/embeddings"][0]),
        ("front_2/sums_high", found["front_2/sums_high"][:-1]),
        ("front_2/activation_values", found["front_2/activation_values"][:0]),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            integers.from_arrays({**found, name: values})
