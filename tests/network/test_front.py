"""What is parallel in time, against stock Keras layers, and what is refused."""

import itertools

import keras
import numpy as np
import pytest

from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Convolution, Embedding, Pooling
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.network.ranges import Ranges
from rnnexp.network.windows import Axis

RANDOM = np.random.default_rng(0)
STEPS, FREQUENCIES, CHANNELS = 11, 7, 4


def computed(layers, weights, x):
    """Return what layers make of ``[n, time, ...]``, flattened but for time."""
    values = x.reshape(*x.shape[:2], -1).astype(np.float64)
    for layer, arrays in zip(layers, weights, strict=True):
        values = layer.run(arrays, values, 1.0, Ranges())
    return values


def assert_like_keras(layer, layers, x, weights=None):
    """Compare with a Keras layer with random weights."""
    expected = layer(x)
    if weights is None:
        for variable in layer.trainable_variables:
            variable.assign(RANDOM.normal(size=variable.shape))
        expected, weights = layer(x), [[variable.numpy() for variable in layer.trainable_variables]]
    found = computed(layers, weights, x)
    expected = np.asarray(expected).reshape(len(x), expected.shape[1], -1)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def axis(padding, numbers, taps, stride, dilation=1):
    match padding:
        case "same":
            return Axis.same(numbers, taps, stride, dilation)
        case "causal":
            return Axis.causal(taps, stride, dilation)
    return Axis(taps, stride, dilation)


OVER_TIME = [
    (padding, taps, stride, dilation)
    for padding, taps, stride, dilation in itertools.product(
        ["valid", "same", "causal"], [1, 2, 3, 5], [1, 2, 3], [1, 2]
    )
    # Keras has no dilation of strides.
    if stride == 1 or dilation == 1
]


@pytest.mark.parametrize(("padding", "taps", "stride", "dilation"), OVER_TIME)
def test_convolutions_over_time(padding, taps, stride, dilation):
    x = RANDOM.normal(size=(3, STEPS, CHANNELS))
    keras_layer = keras.layers.Conv1D(
        6, taps, stride, padding, dilation_rate=dilation, activation="tanh", groups=2, dtype="float64"
    )
    keras_layer.build(x.shape)
    for variable in keras_layer.trainable_variables:
        variable.assign(RANDOM.normal(size=variable.shape))
    kernel, bias = (variable.numpy() for variable in keras_layer.trainable_variables)
    layer = Convolution(axis(padding, STEPS, taps, stride, dilation), Axis(), CHANNELS, 6, groups=2, activation="tanh")
    assert_like_keras(keras_layer, [layer], x, [[kernel[:, None], bias]])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("taps", "strides", "dilations"),
    [((3, 2), (1, 1), (1, 1)), ((2, 5), (2, 3), (1, 1)), ((3, 2), (1, 1), (2, 3)), ((1, 1), (2, 1), (1, 1))],
)
def test_convolutions_over_time_and_frequency(padding, taps, strides, dilations):
    x = RANDOM.normal(size=(2, STEPS, FREQUENCIES, CHANNELS))
    stock = keras.layers.Conv2D(5, taps, strides, padding, dilation_rate=dilations, activation="relu", dtype="float64")
    axes = [
        axis(padding, numbers, *own)
        for numbers, own in zip((STEPS, FREQUENCIES), zip(taps, strides, dilations, strict=True), strict=True)
    ]
    assert_like_keras(stock, [Convolution(*axes, CHANNELS, 5, activation="relu")], x)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_and_separable_convolutions(padding, stride):
    x = RANDOM.normal(size=(2, STEPS, FREQUENCIES, CHANNELS))
    axes = axis(padding, STEPS, 3, stride), axis(padding, FREQUENCIES, 3, stride)
    depthwise = Convolution(*axes, CHANNELS, 2 * CHANNELS, groups=CHANNELS)
    stock = keras.layers.DepthwiseConv2D(3, stride, padding, depth_multiplier=2, dtype="float64")
    stock.build(x.shape)
    kernel, bias = (RANDOM.normal(size=variable.shape) for variable in stock.trainable_variables)
    stock.set_weights([kernel, bias])
    own = kernel.reshape(3, 3, 1, 2 * CHANNELS)
    assert_like_keras(stock, [depthwise], x, [[own, bias]])
    separable = keras.layers.SeparableConv2D(5, 3, stride, padding, depth_multiplier=2, dtype="float64")
    separable.build(x.shape)
    pointwise, bias = RANDOM.normal(size=(1, 1, 2 * CHANNELS, 5)), RANDOM.normal(size=5)
    separable.set_weights([kernel, pointwise, bias])
    layers = depthwise, Convolution(Axis(), Axis(), 2 * CHANNELS, 5)
    assert_like_keras(separable, layers, x, [[own, np.zeros(2 * CHANNELS)], [pointwise, bias]])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 1), (3, 2), (2, 3)])
def test_pooling(padding, size, stride):
    x = RANDOM.normal(size=(2, STEPS, FREQUENCIES, CHANNELS))
    axes = axis(padding, STEPS, size, stride), axis(padding, FREQUENCIES, size, stride)
    stock = keras.layers.MaxPooling2D(size, stride, padding)
    assert_like_keras(stock, [Pooling(*axes, CHANNELS)], x, [[]])
    stock = keras.layers.MaxPooling1D(size, stride, padding)
    assert_like_keras(stock, [Pooling(axes[0], Axis(), CHANNELS)], x[:, :, 0], [[]])


def test_embeddings():
    words = RANDOM.integers(0, 9, (2, STEPS))
    assert_like_keras(keras.layers.Embedding(9, 5), [Embedding(9, 5)], words)


def test_a_network_between_front_and_back_computes_what_keras_does():
    stack = keras.Sequential(
        [
            keras.Input((STEPS, FREQUENCIES)),
            keras.layers.Reshape((STEPS, FREQUENCIES, 1)),
            keras.layers.Conv2D(3, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Reshape((5, 9)),
            keras.layers.LSTM(6, return_sequences=True),
            keras.layers.Conv1D(4, 2, activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    front = (
        Convolution(Axis.same(STEPS, 3), Axis.same(FREQUENCIES, 3), 1, 3, activation="relu"),
        Pooling(Axis(2, 2), Axis(2, 2), 3),
    )
    back = (Convolution(Axis(2), Axis(), 6, 4, activation="tanh"),)
    layers = (Layer("lstm", 6),)
    architecture = Architecture(STEPS, FREQUENCIES, layers, False, 3, "tanh", front=front, back=back, flattened=True)
    assert Architecture.from_json(architecture.to_json()) == architecture
    weights = [
        array.reshape(shape) for array, shape in zip(stack.get_weights(), architecture.shapes.values(), strict=True)
    ]
    x = RANDOM.normal(size=(4, STEPS, FREQUENCIES))
    network = Network.of(architecture, weights)
    np.testing.assert_allclose(network.run(x), np.asarray(stack(x)), atol=1e-5)
    assert [states.shape for states in network.states(x)[0]] == [(4, 5, 6)] * 2


def test_what_does_not_go_together_is_refused():
    layers = (Layer("simple", 3),)

    def network(**facts):
        defaults = {"sequence_length": 5, "features": 2, "layers": layers, "every_step": False}
        return Architecture(**{**defaults, "outputs": 1, "activation": "tanh", **facts})

    convolution = Convolution(Axis(2), Axis(), 2, 3)
    with pytest.raises(ValueError, match="one word a step"):
        network(front=(Embedding(5, 2),))
    with pytest.raises(ValueError, match="comes first"):
        network(back=(Embedding(5, 2),))
    with pytest.raises(ValueError, match="one answer"):
        network(flattened=True, every_step=True)
    with pytest.raises(ValueError, match="step by step"):
        network(front=(convolution,), padding="end")
    with pytest.raises(ValueError, match="linear path"):
        network(front=(convolution,), linear_path=True)
    with pytest.raises(ValueError, match="too few"):
        network(front=(Convolution(Axis(9), Axis(), 2, 3),))
    with pytest.raises(ValueError, match="3 channels"):
        network(front=(Convolution(Axis(), Axis(), 3, 3),))
    with pytest.raises(ValueError, match="groups"):
        Convolution(Axis(), Axis(), 3, 3, groups=2)
    with pytest.raises(ValueError, match="no pooling"):
        Pooling(Axis(2, before=2), Axis(), 1)
    with pytest.raises(ValueError, match="no such windows"):
        Axis(0)
    with pytest.raises(ValueError, match="has recurrent layers"):
        network(layers=())
    with pytest.raises(ValueError, match="nothing to be behind of"):
        network(layers=(), front=(convolution,), back=(Convolution(Axis(), Axis(), 3, 3),))
