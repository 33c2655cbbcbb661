"""int8 files of one layer of simple cells: the same bits from every runtime, small, and nothing but integers."""

import re
import time

import numpy as np
import pytest
from helpers.properties import examples
from helpers.random_networks import inputs, integers, simple
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.formats.npz.integers import to_arrays
from rnnexp.formats.tflite import metadata
from rnnexp.formats.tflite.builder import BUFFER_ALIGNMENT, Model
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import OPERATORS, check_integer, to_tflite
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.quantization import reference
from rnnexp.runtimes.tflite import TFLiteModel

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
    sizes = {"steps": steps, "features": features, "outputs": outputs}
    float_model = simple(hidden, **sizes, activation=activation, seed=seed, gain=gain, **options)
    return integers(float_model, inputs(6, steps, features, seed))


def assert_same_bits(integer, codes, kernels):
    found = TFLiteModel(to_tflite(integer), kernels=kernels).run_codes(codes)
    expected = reference.run(integer, codes)
    assert found.dtype == np.int8
    assert found.tolist() == expected.tolist()
    return expected


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
)
def test_same_bits_for_random_weights(kernels, seed, gain, **sizes):
    # relu grows exponentially beyond a gain of 1.4: float32 scales end somewhere.
    gain = min(gain, 1.4) if sizes["activation"] == "relu" else gain
    integer, codes = network(seed=seed, gain=gain, **sizes)
    assert_same_bits(integer, codes, kernels)
    noise = np.random.default_rng(seed).integers(-128, 128, codes.shape).astype(np.int8)
    assert_same_bits(integer, noise, kernels)


@pytest.mark.parametrize("activation", ALL)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e3, 1e30])
def test_same_bits_for_strange_weights(kernels, activation, factor):
    float_model = simple(4, steps=8, activation=activation)
    float_model.weights[0][:] *= factor
    integer, codes = integers(float_model, inputs(5, 8))
    assert_same_bits(integer, codes, kernels)


def test_size_does_not_depend_on_the_length_and_writing_is_quick():
    contents = []
    for steps in (20, 1600):
        integer, _ = network(steps=steps)
        start = time.perf_counter()
        contents.append(to_tflite(integer, {"rnnexp": "x" * 300}))
        assert time.perf_counter() - start < 1
    # What the file says of its integers is packed, so that digits more or less may move the rest by the alignment.
    assert abs(len(contents[0]) - len(contents[1])) <= BUFFER_ALIGNMENT
    assert max(map(len, contents)) <= 9 * 1024


def test_the_same_network_gives_the_same_bytes():
    assert to_tflite(network()[0]) == to_tflite(network()[0])


def test_nothing_but_integers():
    content = to_tflite(network(outputs=3, softmax=True)[0])
    # What several layers, other cells, lengths, a linear path's window and layers ahead of recurrent ones need besides.
    others = {"DYNAMIC_UPDATE_SLICE", "FILL", "LESS_EQUAL", "MAXIMUM", "MUL", "SQUEEZE", "STRIDED_SLICE"}
    others |= {"CONV_2D", "MAX_POOL_2D", "SPLIT", "SUB"}
    assert set(metadata.operators(content)) == OPERATORS - others
    assert metadata.tensor_types(content) == {"INT8", "INT16", "INT32", "INT64", "BOOL"}


def test_an_operator_that_does_not_belong_is_found():
    from ai_edge_litert import schema_py_generated as schema

    model = Model("tanh")
    graph = model.subgraph("main")
    given, made = (graph.tensor(name, [1, 3], np.int8, scale=1 / 128) for name in ("given", "made"))
    graph.operator(schema.BuiltinOperator.TANH, [given], [made])
    graph.interface([given], [made])
    with pytest.raises(ValueError, match="TANH"):
        check_integer(model.to_bytes())


def test_names_are_readable_and_tell_nothing_of_the_machine():
    content = to_tflite(network(softmax=True, outputs=3)[0], {"rnnexp": "1.0"})
    texts = re.findall(rb"[\x20-\x7e]{4,}", content)
    names = {tensor.name for graph in metadata.parse(content).subgraphs for tensor in graph.tensors}
    assert {b"input", b"cell_kernel", b"cell_bias", b"activation_table", b"output_kernel", b"probabilities"} <= names
    assert all(re.fullmatch(rb"[a-z0-9_]+", name) for name in names if name)
    # What the tables and weights spell by chance is short.
    assert not [text for text in texts if len(text) > 12 and re.search(rb"[/\\\\]\w+[/\\\\]", text)]


def test_full_names_are_those_of_all_tensors_and_change_nothing_else():
    integers = network(softmax=True, outputs=3)[0]
    short, full = (to_tflite(integers, names=names) for names in ("short", "full"))
    models = [metadata.parse(content) for content in (short, full)]
    named, of_all = ({tensor.name for graph in model.subgraphs for tensor in graph.tensors} for model in models)
    assert None not in of_all
    assert named - {None} < of_all
    assert {b"input", b"cell_kernel", b"logits", b"probabilities"} <= named
    assert len(full) - len(short) > 400
    # Equal constants are there once.
    assert all(len(a.operators) == len(b.operators) for a, b in zip(*(m.subgraphs for m in models), strict=True))
    one, other = (to_arrays(from_tflite(content)) for content in (short, full))
    assert one.keys() == other.keys()
    assert all((one[name] == other[name]).all() for name in one)


def test_metadata_is_in_the_file():
    content = to_tflite(network()[0], {"rnnexp": '{"version": "1"}'})
    read = metadata.parse(content)
    assert {entry.name for entry in read.metadata} == {b"rnnexp", b"integer_network"}
    assert metadata.metadata(content)["rnnexp"] == b'{"version": "1"}'


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
