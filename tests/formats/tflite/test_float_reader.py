"""Float32 .tflite files read into a graph, compared with what LiteRT computes."""

import numpy as np
import pytest
from helpers.damage import damaged
from helpers.float_models import FloatModel, lstm_inputs, options

from rnnexp.errors import UserError
from rnnexp.formats.tflite import float_reader
from rnnexp.formats.tflite.float_outputs import own_values
from rnnexp.network.graph.agreement import compare

pytestmark = pytest.mark.usefixtures("in_this_process")

STEPS, FEATURES, UNITS = 7, 4, 5
TANH, RELU = 4, 1


def agree(content, n=4, until="", begin=""):
    """Read a file, see that every node gives what LiteRT gives, and return the graph."""
    found = float_reader.read_content(content, "the file", until, begin)
    graph, rng = found.graph, np.random.default_rng(0)
    shape = (n, graph.steps or STEPS)
    x = rng.integers(0, 5, shape) if graph.words else rng.normal(size=(*shape, graph.features)).astype(np.float32)
    own = own_values(content, "the file", found, x)
    assert compare(graph, own, x).misread is None
    ours = graph.values(x)
    for name, values in own.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    return graph


def shape(major, width):
    return (STEPS, 1, width) if major else (1, STEPS, width)


def lstm(seed=0, major=False, peepholes=False, width=None, **more):
    rng, model = np.random.default_rng(seed), FloatModel()
    x = model.tensor(shape(major, FEATURES))
    weights = lstm_inputs(model, rng, FEATURES, UNITS, width, peepholes)
    states = [model.tensor((1, size), variable=True) for size in (width or UNITS, UNITS)]
    how = options("UnidirectionalSequenceLSTMOptions", timeMajor=major, **{"fusedActivationFunction": TANH, **more})
    inputs = [x, *weights, *states, -1, -1, -1, -1]
    return model.content(x, model.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [shape(major, width or UNITS)], how))


def behind_a_sine():
    """An LSTM behind what no graph has; its output's tensor."""
    rng, model = np.random.default_rng(0), FloatModel()
    x = model.tensor(shape(False, FEATURES))
    sine = model.operator("SIN", [x], [shape(False, FEATURES)])
    weights = lstm_inputs(model, rng, FEATURES, UNITS)
    states = [model.tensor((1, UNITS), variable=True) for _ in range(2)]
    how = options("UnidirectionalSequenceLSTMOptions", timeMajor=False, fusedActivationFunction=TANH)
    out = model.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", [sine, *weights, *states, -1, -1, -1, -1], [shape(False, UNITS)], how
    )
    last = model.operator("TANH", [out], [shape(False, UNITS)])
    return model.content(x, last), f"t{out}", f"t{sine}"


def test_what_is_ahead_of_a_part_is_not_looked_at():
    content, begin, sine = behind_a_sine()
    with pytest.raises(UserError, match=r"\(SIN\) cannot be converted"):
        float_reader.read_content(content, "the file")
    graph = agree(content, begin=begin)
    assert [node.kind for node in graph.nodes] == ["Recurrent", "Activation"]
    assert [node.kind for node in agree(content, until=begin, begin=begin).nodes] == ["Recurrent"]
    with pytest.raises(UserError, match="no operator is between"):
        float_reader.read_content(content, "the file", until=sine, begin=begin)
    with pytest.raises(UserError, match="reads no values of the network first"):
        float_reader.read_content(content, "the file", begin="t0")


def two(kind, merged, major=False, peepholes=False, width=None):
    """A layer of two directions: side by side in one tensor, or put side by side afterwards."""
    rng, model = np.random.default_rng(1), FloatModel()
    x = model.tensor(shape(major, FEATURES))
    own = width or UNITS
    if kind == "LSTM":
        weights = [n for _ in range(2) for n in lstm_inputs(model, rng, FEATURES, UNITS, width, peepholes)]
        weights += [model.tensor((1, size), variable=True) for size in (own, UNITS, own, UNITS)] + [-1] * 9
    else:
        weights = []
        for _ in range(2):
            sizes = ((UNITS, FEATURES), (UNITS, UNITS), (UNITS,))
            weights += [model.constant(rng.normal(0, 0.5, size).astype(np.float32)) for size in sizes]
            weights.append(model.tensor((1, UNITS), variable=True))
        weights += [-1] * 3
    how = options(
        f"BidirectionalSequence{kind}Options", timeMajor=major, mergeOutputs=merged, fusedActivationFunction=TANH
    )
    shapes = [shape(major, 2 * own)] if merged else [shape(major, own)] * 2
    out = model.operator(f"BIDIRECTIONAL_SEQUENCE_{kind}", [x, *weights], shapes, how)
    if not merged:
        out = model.operator("CONCATENATION", out, [shape(major, 2 * own)], options("ConcatenationOptions", axis=2))
    return model.content(x, out)


@pytest.mark.parametrize("major", [False, True])
@pytest.mark.parametrize("peepholes", [False, True])
@pytest.mark.parametrize("width", [None, 3])
def test_lstms(major, peepholes, width):
    graph = agree(lstm(2, major, peepholes, width))
    assert graph.axes == ("TNF" if major else "NTF")
    assert graph.nodes[0].cell == ("lstm-peephole" if peepholes else "lstm")


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("major", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
def test_two_directions_are_one_layer(kind, major, merged):
    graph = agree(two(kind, merged, major))
    assert [len(node.directions) for node in graph.nodes] == [2]


def test_two_directions_with_peepholes_and_a_projection():
    agree(two("LSTM", True, False, True, 3))


@pytest.mark.parametrize("activation", [RELU, TANH])
def test_simple_cells(activation):
    rng, model = np.random.default_rng(3), FloatModel()
    x = model.tensor((1, STEPS, FEATURES))
    sizes = ((UNITS, FEATURES), (UNITS, UNITS), (UNITS,))
    weights = [model.constant(rng.normal(0, 0.5, size).astype(np.float32)) for size in sizes]
    how = options("SequenceRNNOptions", fusedActivationFunction=activation)
    state = model.tensor((1, UNITS), variable=True)
    out = model.operator("UNIDIRECTIONAL_SEQUENCE_RNN", [x, *weights, state], [(1, STEPS, UNITS)], how)
    agree(model.content(x, out))


def test_a_limit_of_the_cell_state_is_kept():
    graph = agree(lstm(cellClip=0.2))
    assert graph.nodes[0].cell_limit == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lstm(width=3, projClip=0.5), "proj_clip"),
        (lstm(diagonalRecurrentTensors=True), "diagonal"),
        (lstm(fusedActivationFunction=9), "activation function is number 9"),
    ],
)
def test_what_is_not_known_is_refused(content, message):
    with pytest.raises(UserError, match=message):
        float_reader.read_content(content, "the file")


def test_quantised_weights_are_refused_by_name():
    model = FloatModel()
    x = model.tensor((1, STEPS, FEATURES))
    weights = model.constant(np.ones((2, FEATURES), np.float32))
    model.graph.tensors[weights].type = 9  # INT8
    how = options("FullyConnectedOptions", keepNumDims=True)
    content = model.content(x, model.operator("FULLY_CONNECTED", [x, weights, -1], [(1, STEPS, 2)], how))
    with pytest.raises(UserError, match=r"FULLY_CONNECTED.*'t1' is quantised \(INT8\)"):
        float_reader.read_content(content, "the file")


def converted(*layers, shape=(20, 4), **kind):
    """Return a Keras model as TensorFlow's converter writes it, with statistics that are not those of the beginning."""
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape, **kind), *(layer(keras.layers) for layer in layers)])
    for weight in model.weights:
        if "variance" in weight.path:
            weight.assign(np.linspace(0.5, 2.0, weight.shape[0]))
        elif "mean" in weight.path or "beta" in weight.path:
            weight.assign(np.linspace(-1.0, 1.0, weight.shape[0]))
    return tf.lite.TFLiteConverter.from_keras_model(model).convert()


@pytest.mark.parametrize(
    "layers",
    [
        [lambda k: k.Dense(5, "relu"), lambda k: k.GlobalAveragePooling1D(), lambda k: k.Dense(3, "softmax")],
        [
            lambda k: k.Conv1D(6, 3, padding="same", activation="relu"),
            lambda k: k.BatchNormalization(),
            lambda k: k.MaxPooling1D(2),
            lambda k: k.Conv1D(5, 4, strides=2, padding="same"),
            lambda k: k.Flatten(),
            lambda k: k.Dense(2, "sigmoid"),
        ],
        [lambda k: k.SeparableConv1D(6, 3), lambda k: k.AveragePooling1D(2), lambda k: k.GlobalMaxPooling1D()],
        [lambda k: k.Flatten(), lambda k: k.Dense(5, "tanh"), lambda k: k.RepeatVector(6), lambda k: k.Dense(2)],
        [lambda k: k.Dense(4, "gelu"), lambda k: k.Dense(4, "silu"), lambda k: k.Dense(4, "softplus")],
    ],
    ids=["dense", "convolutions", "separable", "repeat", "activations"],
)
def test_converted_keras_models(layers):
    agree(converted(*layers))


def test_spectra_have_channels_last():
    graph = agree(
        converted(
            lambda k: k.Conv2D(4, 3, padding="same", activation="relu"),
            lambda k: k.DepthwiseConv2D(3),
            lambda k: k.GlobalAveragePooling2D(),
            lambda k: k.Dense(2),
            shape=(20, 8, 1),
        )
    )
    assert (graph.axes, graph.steps, graph.features) == ("NTFC", 20, 8)


def test_words():
    graph = agree(
        converted(lambda k: k.Embedding(10, 5), lambda k: k.GlobalAveragePooling1D(), shape=(7,), dtype="int32")
    )
    assert graph.words


def test_the_fused_lstm_that_the_converter_writes_for_older_keras(tmp_path):
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    weights = [
        tf.constant(rng.normal(0, 0.4, size).astype(np.float32))
        for size in ((FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,))
    ]
    # The mark by which the converter knows Keras 2's LSTM, whatever is in it.
    marks = {"api_implements": "lstm_1", "api_preferred_device": "CPU", "time_major": False, "go_backwards": False}

    def layer(inputs, h, c, kernel, recurrent, bias):
        sums = tf.tensordot(inputs, kernel, 1) + bias + tf.tensordot(h, recurrent, 1)[:, None]
        values = tf.tanh(sums[..., :UNITS])
        return values[:, -1], values, h, c, tf.constant(0.0)

    marked = tf.function(layer, experimental_attributes=marks, autograph=False)

    @tf.function(input_signature=[tf.TensorSpec([1, STEPS, FEATURES], tf.float32)])
    def network(x):
        zeros = tf.zeros([1, UNITS])
        return marked(x, zeros, zeros, *weights)[1]

    module = tf.Module()
    module.network = network
    tf.saved_model.save(module, str(tmp_path), signatures=network)
    graph = agree(tf.lite.TFLiteConverter.from_saved_model(str(tmp_path)).convert())
    assert [node.kind for node in graph.nodes] == ["Recurrent"]
    assert graph.nodes[0].cell_limit == 10.0
    np.testing.assert_array_equal(graph.nodes[0].directions[0][0], weights[0].numpy())


def test_until_a_tensor():
    content = two("LSTM", merged=False)
    names = [tensor.name for tensor in float_reader.files.read(content).subgraphs[0].tensors]
    with pytest.raises(UserError, match="no tensor 't99'"):
        float_reader.read_content(content, "the file", "t99")
    found = float_reader.read_content(content, "the file", names[-3]).graph
    assert [len(node.directions) for node in found.nodes] == [1]


@pytest.mark.parametrize("first", [0, pytest.param(60, marks=pytest.mark.slow)])
def test_damaged_files_are_refused_in_a_line_or_read(first):
    whole = [lstm(), two("LSTM", True, False, True, 3), two("RNN", False)]
    read = 0
    for seed in range(first, first + (1000 if first else 60)):
        content = damaged(whole[seed % 3], seed)
        message = ""
        try:
            float_reader.read_content(content, "the file")
            read += 1
        except UserError as error:
            message = str(error)
        assert "\n" not in message
        assert len(message) < 1000
    assert read
