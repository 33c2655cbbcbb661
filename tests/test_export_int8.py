"""int8 files: the same bits from every runtime, small, and nothing but integers."""

import re
import time

import numpy as np
import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from random_networks import float_network, inputs

from rnnexp.activations import ACTIVATIONS
from rnnexp.export import flatbuffer
from rnnexp.export.int8 import OPERATORS, check_integer, to_tflite
from rnnexp.quantization import reference
from rnnexp.runtime import TFLiteModel

ALL = sorted(ACTIVATIONS)


@pytest.fixture(scope="module", params=["litert", "reference", "micro"])
def kernels(request):
    if request.param == "micro":
        pytest.importorskip(
            "tflite_micro", reason="TensorFlow Lite Micro is not installed (pip install --pre tflite-micro)"
        )
    return request.param


def network(hidden=10, steps=20, features=1, outputs=1, activation="tanh", seed=0, gain=1.0, **options):
    """A quantised random network, and input codes for it that use the whole of int8."""
    float_model = float_network(hidden, features=features, outputs=outputs, activation=activation, seed=seed, gain=gain)
    x = inputs(6, steps, features, seed)
    integer = float_model.quantize(x, **options)
    return integer, integer.input.encode(x)


def assert_same_bits(integer, codes, kernels):
    found = TFLiteModel(to_tflite(integer), kernels=kernels).run_codes(codes)
    expected = reference.run(integer, codes)
    assert found.dtype == np.int8
    assert found.tolist() == expected.tolist()
    return expected


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize(("hidden", "features", "outputs"), [(1, 1, 1), (10, 1, 1), (10, 28, 12), (64, 1, 12)])
def test_same_bits(kernels, hidden, features, outputs, activation, parts):
    integer, codes = network(hidden, 50, features, outputs, activation, parts=parts)
    assert_same_bits(integer, codes, kernels)


@pytest.mark.parametrize(
    ("hidden", "features", "outputs", "activation"),
    [
        (1, 1, 1, "tanh"),
        (10, 1, 1, "custom"),
        (10, 1, 1, "relu"),
        (10, 28, 12, "tanh"),
        (64, 28, 12, "sigmoid"),
        (128, 1, 1, "tanh"),
        (128, 28, 12, "custom"),
    ],
)
def test_same_bits_over_1600_steps(kernels, hidden, features, outputs, activation):
    integer, codes = network(hidden, 1600, features, outputs, activation)
    expected = assert_same_bits(integer, codes[:3], kernels)
    assert outputs == 1 or len(np.unique(expected)) > 5


@examples(15)
@given(
    seed=st.integers(0, 2**32 - 1),
    hidden=st.integers(1, 20),
    steps=st.integers(1, 40),
    features=st.integers(1, 5),
    outputs=st.integers(1, 4),
    activation=st.sampled_from(ALL),
    gain=st.floats(0.1, 3.0),
    parts=st.integers(1, 2),
)
def test_same_bits_for_random_weights(kernels, seed, gain, parts, **sizes):
    # relu grows exponentially beyond a gain of 1.4: float32 scales end somewhere.
    gain = min(gain, 1.4) if sizes["activation"] == "relu" else gain
    integer, codes = network(seed=seed, gain=gain, parts=parts, **sizes)
    assert_same_bits(integer, codes, kernels)
    noise = np.random.default_rng(seed).integers(-128, 128, codes.shape).astype(np.int8)
    assert_same_bits(integer, noise, kernels)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e3, 1e30])
def test_same_bits_for_strange_weights(kernels, activation, factor):
    float_model = float_network(4, activation=activation)
    float_model.weights[0][:] *= factor
    x = inputs(5, 8)
    integer = float_model.quantize(x)
    assert_same_bits(integer, integer.input.encode(x), kernels)


def test_softmax(kernels):
    logits, codes = network(outputs=12)
    assert len(np.unique(assert_same_bits(logits, codes, kernels))) > 10
    integer, _ = network(outputs=12, softmax=True)
    model = TFLiteModel(to_tflite(integer), kernels=kernels)
    assert (model.output.scale, model.output.zero_point) == (1 / 256, -128)
    values = np.exp(logits.output.decode(reference.run(logits, codes)))
    exact = values / values.sum(axis=1, keepdims=True)
    # Each runtime has its own exponential.
    assert np.abs(model.run_codes(codes).astype(int) + 128 - 256 * exact).max() <= 1.5


def test_size_does_not_depend_on_the_length_and_writing_is_quick():
    contents = []
    for steps in (20, 1600):
        integer, _ = network(steps=steps)
        start = time.perf_counter()
        contents.append(to_tflite(integer, {"rnnexp": "x" * 300}))
        assert time.perf_counter() - start < 1
    assert len(contents[0]) == len(contents[1]) <= 9 * 1024


def test_the_same_network_gives_the_same_bytes():
    assert to_tflite(network()[0]) == to_tflite(network()[0])


def test_nothing_but_integers():
    content = to_tflite(network(outputs=3, softmax=True)[0])
    # What several layers and other cells need besides.
    assert set(flatbuffer.operators(content)) == OPERATORS - {"BATCH_MATMUL", "DYNAMIC_UPDATE_SLICE", "FILL", "MUL"}
    assert flatbuffer.tensor_types(content) == {"INT8", "INT16", "INT32", "INT64", "BOOL"}


def test_an_operator_that_does_not_belong_is_found():
    from ai_edge_litert import schema_py_generated as schema

    model = flatbuffer.Model("tanh")
    graph = model.subgraph("main")
    given, made = (graph.tensor(name, [1, 3], np.int8, scale=1 / 128) for name in ("given", "made"))
    graph.operator(schema.BuiltinOperator.TANH, [given], [made])
    graph.interface([given], [made])
    with pytest.raises(ValueError, match="TANH"):
        check_integer(model.to_bytes())


def test_names_are_readable_and_tell_nothing_of_the_machine():
    content = to_tflite(network(softmax=True, outputs=3)[0], {"rnnexp": "1.0"})
    texts = re.findall(rb"[\x20-\x7e]{4,}", content)
    names = {tensor.name for graph in flatbuffer.parse(content).subgraphs for tensor in graph.tensors}
    assert {b"input", b"cell_kernel", b"cell_bias", b"activation_table", b"output_kernel", b"probabilities"} <= names
    assert all(re.fullmatch(rb"[a-z0-9_]+", name) for name in names)
    # What the tables and weights spell by chance is short.
    assert not [text for text in texts if len(text) > 12 and re.search(rb"[/\\\\]\w+[/\\\\]", text)]


def test_metadata_is_in_the_file():
    content = to_tflite(network()[0], {"rnnexp": '{"version": "1"}'})
    read = flatbuffer.parse(content)
    assert {entry.name for entry in read.metadata} == {b"rnnexp", b"integer_network"}
    assert flatbuffer.metadata(content)["rnnexp"] == b'{"version": "1"}'


@pytest.mark.filterwarnings("ignore")
def test_tensorflow_with_its_default_delegate_gives_the_same_bits():
    import tensorflow as tf

    integer, codes = network(features=3, outputs=2, activation="custom")
    interpreter = tf.lite.Interpreter(model_content=to_tflite(integer))
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for sample in codes:
        interpreter.set_tensor(given["index"], sample[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(made["index"])[0].tolist())
    assert found == reference.run(integer, codes).tolist()


def test_input_and_output_are_int8_with_the_networks_codes(kernels):
    integer, _ = network(steps=7, features=3, outputs=2)
    model = TFLiteModel(to_tflite(integer), kernels=kernels)
    for spec, affine, shape in ((model.input, integer.input, (1, 7, 3)), (model.output, integer.output, (1, 2))):
        assert (spec.shape, spec.dtype, spec.zero_point) == (shape, np.int8, affine.zero_point)
        assert np.float32(spec.scale) == np.float32(affine.scale)
