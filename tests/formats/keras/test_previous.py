"""Files of Keras 1 and 2, written by hand: what they compute is that of Keras 3's layers with the same options."""

import numpy as np
import pytest
from helpers.keras_files import as_keras_2, h5_file, outputs_here
from helpers.properties import examples
from helpers.random_keras import Drawing
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.formats.keras.reader import read
from rnnexp.formats.keras.stored import load

STEPS, FEATURES, UNITS = 7, 3, 4
RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, STEPS, FEATURES)).astype(np.float32)


def draw(*shape):
    return RNG.normal(size=shape).astype(np.float32) * 0.7


def keras_model(*layers):
    """A model of Keras 3 with some weights in each layer, pairs of a layer and arrays."""
    import keras

    model = keras.Sequential([keras.Input((STEPS, FEATURES)), *(layer for layer, _ in layers)])
    for layer, arrays in layers:
        if arrays:
            layer.set_weights(arrays)
    return model


def compare(path, model, x=X, built=True):
    right = np.asarray(model(x))
    found = read(path).run(x)
    assert found.shape == right.shape
    assert np.abs(found - right).max() < 1e-5 * max(np.ptp(right), np.abs(right).max())
    if not built:
        return
    # The float check builds the same.
    made = outputs_here(load(path), x)[""]
    assert np.abs(made - right).max() < 1e-5 * max(np.ptp(right), np.abs(right).max())


def hard_sigmoid(x):
    """That of Keras 1 and 2."""
    import keras

    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def sequential(*layers, named=True):
    """JSON of a sequential model; the first versions had nothing but a list in it."""
    listed = [{"class_name": kind, "config": config} for kind, config in layers]
    return {"class_name": "Sequential", "config": {"name": "sequential_1", "layers": listed} if named else listed}


def first(**options):
    return {"batch_input_shape": [None, STEPS, FEATURES], "dtype": "float32", "trainable": True, **options}


def recurrent_2(kind, **options):
    """Options as Keras 2.2 writes them."""
    found = {
        "name": f"{kind.lower()}_1", "units": UNITS, "activation": "tanh", "use_bias": True, "return_sequences": False,
        "return_state": False, "go_backwards": False, "stateful": False, "unroll": False, "dropout": 0.2,
        "recurrent_dropout": 0.1, "implementation": 1, "kernel_constraint": None, "activity_regularizer": None,
        "kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg"}},
    }  # fmt: skip
    return first(**found) | options


def dense_2(**options):
    return {"name": "dense_1", "trainable": True, "units": 2, "activation": "linear", "use_bias": True} | options


DENSE = [("dense_1/kernel:0", draw(UNITS, 2)), ("dense_1/bias:0", draw(2))]


def arrays(pairs):
    return [array for _, array in pairs]


@pytest.mark.parametrize("named", [False, True])
def test_an_lstm_of_keras_2(tmp_path, named):
    import keras

    weights = [
        ("lstm_1/kernel:0", draw(FEATURES, 4 * UNITS)),
        ("lstm_1/recurrent_kernel:0", draw(UNITS, 4 * UNITS)),
        ("lstm_1/bias:0", draw(4 * UNITS)),
    ]
    config = sequential(
        ("LSTM", recurrent_2("LSTM", recurrent_activation="hard_sigmoid", unit_forget_bias=True)),
        ("Dense", dense_2(activation="hard_sigmoid")),
        named=named,
    )
    path = h5_file(tmp_path / "m.h5", config, {"lstm_1": weights, "dense_1": DENSE}, "2.2.4")
    model = keras_model(
        (keras.layers.LSTM(UNITS, recurrent_activation=hard_sigmoid), arrays(weights)),
        (keras.layers.Dense(2, activation=hard_sigmoid), arrays(DENSE)),
    )
    compare(path, model)


@pytest.mark.parametrize(
    ("version", "said", "after"),
    [
        ("2.1.0", None, False),
        ("2.2.4", False, False),
        ("2.2.4", True, True),
        ("2.6.0", True, True),
        ("2.6.0", False, False),
    ],
)
def test_a_gru_of_keras_2(tmp_path, version, said, after):
    import keras

    weights = [
        ("gru_1/gru_cell/kernel:0", draw(FEATURES, 3 * UNITS)),
        ("gru_1/gru_cell/recurrent_kernel:0", draw(UNITS, 3 * UNITS)),
        ("gru_1/gru_cell/bias:0", draw(*((2, 3 * UNITS) if after else (3 * UNITS,)))),
    ]
    options = recurrent_2("GRU", recurrent_activation="sigmoid")
    if said is not None:
        options["reset_after"] = said
    path = h5_file(tmp_path / "m.h5", sequential(("GRU", options)), {"gru_1": weights}, version)
    compare(path, keras_model((keras.layers.GRU(UNITS, reset_after=after), arrays(weights))))


def test_options_that_are_not_said_and_differ_are_refused(tmp_path):
    weights = [("kernel:0", draw(1)), ("recurrent_kernel:0", draw(1)), ("bias:0", draw(1))]
    for options, message in (
        (recurrent_2("GRU", recurrent_activation="sigmoid"), "does not say whether it has reset_after"),
        (recurrent_2("GRU"), "does not say its recurrent_activation"),
        (recurrent_2("GRU", recurrent_activation="sigmoid", time_major=True), "time_major is True"),
        (recurrent_2("GRU", recurrent_activation="sigmoid", feedback=3), "the option feedback is not known"),
    ):
        path = h5_file(tmp_path / "m.h5", sequential(("GRU", options)), {"gru_1": weights}, "2.6.0")
        with pytest.raises(UserError, match=rf'layer 1, "gru_1" \(GRU\): {message}'):
            read(path)


def one_gate(gates, *shape):
    return [draw(*shape) for _ in range(gates)]


def recurrent_1(kind, **options):
    """Options as Keras 1.2 writes them."""
    found = {
        "name": f"{kind.lower()}_1", "output_dim": UNITS, "input_dim": FEATURES, "input_length": STEPS,
        "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh", "return_sequences": False,
        "go_backwards": False, "stateful": False, "unroll": False, "consume_less": "cpu", "W_regularizer": None,
        "U_regularizer": None, "b_regularizer": None, "dropout_W": 0.2, "dropout_U": 0.1, "input_dtype": "float32",
    }  # fmt: skip
    return first(**found) | options


DENSE_1 = {"name": "dense_1", "output_dim": 2, "input_dim": UNITS, "init": "glorot_uniform", "activation": "linear",
           "bias": True, "W_regularizer": None, "b_constraint": None, "trainable": True}  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
def test_an_lstm_of_keras_1(tmp_path, backwards):
    import keras

    w, u, b = one_gate(4, FEATURES, UNITS), one_gate(4, UNITS, UNITS), one_gate(4, UNITS)
    stored = [
        (f"lstm_1_{array}_{gate}:0", {"W": w, "U": u, "b": b}[array]["ifco".index(gate)])
        for gate in "icfo" for array in "WUb"
    ]  # fmt: skip
    options = recurrent_1("LSTM", inner_activation="hard_sigmoid", forget_bias_init="one", go_backwards=backwards)
    config = sequential(
        ("LSTM", options), ("Dropout", {"name": "dropout_1", "p": 0.5}), ("Dense", DENSE_1), named=False
    )
    path = h5_file(tmp_path / "m.h5", config, {"lstm_1": stored, "dropout_1": [], "dense_1": DENSE}, "1.2.2")
    layer = keras.layers.LSTM(UNITS, recurrent_activation=hard_sigmoid, go_backwards=backwards)
    model = keras_model((layer, [np.hstack(w), np.hstack(u), np.hstack(b)]), (keras.layers.Dense(2), arrays(DENSE)))
    compare(path, model)


def test_a_gru_of_keras_1_without_a_version(tmp_path):
    import keras

    w, u, b = one_gate(3, FEATURES, UNITS), one_gate(3, UNITS, UNITS), one_gate(3, UNITS)
    stored = [
        (f"gru_1_{array}_{gate}", {"W": w, "U": u, "b": b}[array]["zrh".index(gate)])
        for gate in "zrh" for array in "WUb"
    ]  # fmt: skip
    options = recurrent_1("GRU", inner_activation="hard_sigmoid")
    path = h5_file(tmp_path / "m.h5", sequential(("GRU", options), named=False), {"gru_1": stored}, None)
    layer = keras.layers.GRU(UNITS, recurrent_activation=hard_sigmoid, reset_after=False)
    compare(path, keras_model((layer, [np.hstack(w), np.hstack(u), np.hstack(b)])))


def test_two_directions_of_keras_1(tmp_path):
    import keras

    weights = [
        draw(FEATURES, UNITS),
        draw(UNITS, UNITS),
        draw(UNITS),
        draw(FEATURES, UNITS),
        draw(UNITS, UNITS),
        draw(UNITS),
    ]
    inner = recurrent_1("SimpleRNN", return_sequences=True)
    config = sequential(
        ("Bidirectional", first(name="bi", merge_mode="sum", layer={"class_name": "SimpleRNN", "config": inner})),
        named=False,
    )
    stored = [(f"bi_{number}:0", array) for number, array in enumerate(weights)]
    path = h5_file(tmp_path / "m.h5", config, {"bi": stored}, "1.2.0")
    layer = keras.layers.Bidirectional(keras.layers.SimpleRNN(UNITS, return_sequences=True), merge_mode="sum")
    compare(path, keras_model((layer, weights)))


@pytest.mark.parametrize("backend", ["tensorflow", "theano"])
def test_a_convolution_of_keras_1(tmp_path, backend):
    import keras

    kernel, bias = draw(3, FEATURES, 6), draw(6)
    scale, offset, mean, variance = draw(6), draw(6), draw(6), np.abs(draw(6)) + 0.1
    conv = first(
        name="conv", nb_filter=6, filter_length=3, border_mode="same", subsample_length=2, bias=True,
        activation="relu", input_dim=FEATURES, input_length=STEPS, init="uniform",
    )  # fmt: skip
    pool = {"name": "pool", "pool_length": 2, "stride": 2, "border_mode": "valid", "trainable": True}
    norm = {"name": "norm", "mode": 0, "axis": -1, "epsilon": 0.001, "momentum": 0.99, "gamma_regularizer": None}
    config = sequential(
        ("Convolution1D", conv), ("BatchNormalization", norm), ("MaxPooling1D", pool),
        ("Flatten", {"name": "flat", "trainable": True}), ("Activation", {"name": "act", "activation": "hard_sigmoid"}),
        named=False,
    )  # fmt: skip
    stored = np.flip(kernel, 0) if backend == "theano" else kernel
    weights = {
        "conv": [("conv_W:0", stored[:, None]), ("conv_b:0", bias)],
        "norm": [("norm_gamma:0", scale), ("norm_beta:0", offset), ("norm_running_mean:0", mean),
                 ("norm_running_std:0", variance)],
        "pool": [], "flat": [], "act": [],
    }  # fmt: skip
    path = h5_file(tmp_path / "m.h5", config, weights, "1.2.2", backend)
    model = keras_model(
        (keras.layers.Conv1D(6, 3, strides=2, padding="same", activation="relu"), [kernel, bias]),
        (keras.layers.BatchNormalization(epsilon=0.001), [scale, offset, mean, variance]),
        (keras.layers.MaxPooling1D(2, 2), []),
        (keras.layers.Flatten(), []),
        (keras.layers.Activation(hard_sigmoid), []),
    )
    compare(path, model)


def of_cudnn(kernel, gates):
    """A kernel of CuDNN in Keras' own order, as Keras converts it."""
    return np.hstack([part.T.reshape(part.shape, order="F") for part in np.hsplit(kernel, gates)])


@pytest.mark.parametrize(("kind", "gates"), [("CuDNNLSTM", 4), ("CuDNNGRU", 3)])
@pytest.mark.parametrize("both", [False, True])
def test_layers_of_cudnn(tmp_path, kind, gates, both):
    import keras

    ways = 1 + both
    weights = [
        array for _ in range(ways)
        for array in (draw(FEATURES, gates * UNITS), draw(UNITS, gates * UNITS), draw(2 * gates * UNITS))
    ]  # fmt: skip
    options = first(
        name="rnn", units=UNITS, return_sequences=True, return_state=False, go_backwards=False, stateful=False,
        kernel_initializer={"class_name": "VarianceScaling", "config": {}}, unit_forget_bias=True,
    )  # fmt: skip
    if kind == "CuDNNGRU":
        del options["unit_forget_bias"]
    layers = [(kind, options)]
    if both:
        layers = [("Bidirectional", first(name="rnn", merge_mode="ave", layer={"class_name": kind, "config": options}))]
    names = [f"{way}/{name}:0" for way in range(ways) for name in ("kernel", "recurrent_kernel", "bias")]
    stored = list(zip(names, weights, strict=True))
    path = h5_file(tmp_path / "m.h5", sequential(*layers), {"rnn": stored}, "2.2.4-tf")
    converted = []
    for kernel, recurrent, bias in zip(*[iter(weights)] * 3, strict=True):
        halves = np.split(bias, 2)
        converted += [
            of_cudnn(kernel, gates),
            np.hstack([part.T for part in np.hsplit(recurrent, gates)]),
            halves[0] + halves[1] if gates == 4 else np.stack(halves),
        ]
    layer = getattr(keras.layers, kind.removeprefix("CuDNN"))(UNITS, return_sequences=True)
    compare(path, keras_model((keras.layers.Bidirectional(layer, merge_mode="ave") if both else layer, converted)))


def test_a_functional_model_of_keras_2_with_models_within(tmp_path):
    import keras

    kernels = [draw(FEATURES, UNITS), draw(UNITS), draw(UNITS, UNITS), draw(UNITS)]
    scale, offset, mean, variance = draw(UNITS), draw(UNITS), draw(UNITS), np.abs(draw(UNITS)) + 0.2

    def layer(kind, name, calls, **options):
        return {"class_name": kind, "name": name, "config": {"name": name, **options}, "inbound_nodes": calls}

    shape = {"batch_input_shape": [None, STEPS, FEATURES], "dtype": "float32", "sparse": False}
    inner = {
        "name": "inner",
        "layers": [
            layer("InputLayer", "input_2", [], batch_input_shape=[None, STEPS, UNITS], dtype="float32", sparse=False),
            layer("Dense", "dense_2", [[["input_2", 0, 0, {}]]], units=UNITS, activation="tanh", use_bias=True),
            layer("BatchNormalization", "norm", [[["dense_2", 0, 0, {}]]], axis=2, epsilon=0.01, scale=True),
        ],
        "input_layers": [["input_2", 0, 0]], "output_layers": [["norm", 0, 0]],
    }  # fmt: skip
    config = {
        "class_name": "Model",
        "config": {
            "name": "model_1",
            "layers": [
                layer("InputLayer", "input_1", [], **shape),
                layer("Dense", "dense_1", [[["input_1", 0, 0, {}]]], units=UNITS, activation="relu", use_bias=True),
                # The model's own first call is number 0, the others follow.
                {"class_name": "Model", "name": "inner", "config": inner,
                 "inbound_nodes": [[["dense_1", 0, 0, {}]], [["inner", 1, 0, {}]]]},
                layer("Concatenate", "join", [[["inner", 2, 0, {}], ["dense_1", 0, 0, {}]]], axis=-1),
            ],
            "input_layers": [["input_1", 0, 0]], "output_layers": [["join", 0, 0]],
        },
    }  # fmt: skip
    weights = {
        "input_1": [], "join": [],
        "dense_1": [("dense_1/kernel:0", kernels[0]), ("dense_1/bias:0", kernels[1])],
        "inner": [("dense_2/kernel:0", kernels[2]), ("dense_2/bias:0", kernels[3]), ("norm/gamma:0", scale),
                  ("norm/beta:0", offset), ("norm/moving_mean:0", mean), ("norm/moving_variance:0", variance)],
    }  # fmt: skip
    path = h5_file(tmp_path / "m.h5", config, weights, "2.3.1")
    start = keras.Input((STEPS, FEATURES))
    one, two = keras.layers.Dense(UNITS, activation="relu"), keras.layers.Dense(UNITS, activation="tanh")
    norm = keras.layers.BatchNormalization(epsilon=0.01)
    values = one(start)
    model = keras.Model(start, keras.layers.Concatenate()([norm(two(norm(two(values)))), values]))
    one.set_weights(kernels[:2])
    two.set_weights(kernels[2:])
    norm.set_weights([scale, offset, mean, variance])
    # Keras 3 cannot build a model of one that reads its own values.
    compare(path, model, built=False)


@given(seed=st.integers(0, 2**32 - 1))
@examples(30)
def test_random_models_in_the_layout_of_keras_2(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("older")
    model, x, lengths = Drawing(seed).model()
    model.save(folder / "new.h5")
    path = as_keras_2(folder / "new.h5", folder / "old.h5")
    if path is None or lengths is not None:
        return
    try:
        graph, refusal = read(path), ""
    except UserError as problem:
        graph, refusal = None, str(problem)
    if graph is None:
        assert "with a stride" in refusal or "nothing is computed" in refusal
        return
    right = np.asarray(model(x), np.float64)
    found = graph.run(x if graph.words else x.reshape(*x.shape[:2], -1))
    assert np.abs(found - right).max() < 1e-5 * max(np.ptp(right), np.abs(right).max(), 1e-30)
