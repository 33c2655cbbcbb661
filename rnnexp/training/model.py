"""From settings to Keras models: the one that trains, and the one that its user keeps.

Training happens at *unit scale*, inputs, targets and the custom activation's ``M`` all about 1, and *centred*
(``rnnexp.layers.SimpleRNN``). ``fold`` turns the trained weights into those of a plain network in the user's numbers.
That is exact, since every part is linear or homogeneous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.layers.activation import keras_activation
from rnnexp.layers.cell import BlockBias
from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS

# Pick a gated unit's biases, that of the input's sum and that of the state's.
FIRST, SECOND = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])


def trainable(config: Settings, dataset: Dataset) -> keras.Sequential:
    """Build the network to train: unit scale, centred, fast backward pass, initialised around the working point."""
    rule, cell, init = ACTIVATIONS[config.activation], cells.load(config.cell), keras.initializers
    bias, output = cell.start(rule)
    recurrent_init = init.Orthogonal if config.recurrent_initializer == "orthogonal" else init.Identity
    penalty = keras.regularizers.L2(config.l2_regularization) if config.l2_regularization else None

    def layer(number: int, **options: Any) -> keras.Layer:
        return cell.layer(
            config.hidden_size,
            activation=keras_activation(config.activation, 1.0),
            input_center=output if number else input_center(dataset),
            state_center=output,
            kernel_initializer=init.VarianceScaling(rule.input_gain, mode="fan_avg", distribution="uniform"),
            recurrent_initializer=recurrent_init(rule.recurrent_gain),
            bias_initializer=BlockBias(bias),
            kernel_regularizer=penalty,
            recurrent_regularizer=penalty,
            dropout=config.dropout,
            recurrent_dropout=config.recurrent_dropout,
            **cell.options,
            **options,
        )

    layers = [*_recurrent(config, dataset, layer), keras.layers.Rescaling(1.0, offset=-output, name="center")]
    return _network(dataset, layers, "training", penalty)


def plain(config: Settings, dataset: Dataset, weights: list[np.ndarray]) -> keras.Sequential:
    """Build the network that the user keeps, of Keras' own layers, from the weights of a trained one."""
    activation = keras_activation(config.activation, config.max_value)

    def layer(_: int, **options: Any) -> keras.Layer:
        return cells.load(config.cell).plain(config.hidden_size, activation=activation, **options)

    model = _network(dataset, _recurrent(config, dataset, layer), "rnnexp")
    model.set_weights(fold(config, dataset, [values.astype(np.float64) for values in weights]))
    return model


def weight_names(model: keras.Model) -> tuple[str, ...]:
    """Return the names of a plain network's weights, in Keras' order, such as ``rnn/kernel``.

    Further layers are ``rnn_1`` and so on; the two directions of one are ``rnn/forward`` and ``rnn/backward``. Those of
    an encoder-decoder are ``encoder``, ``encoder_1`` and so on, and ``decoder``.
    """
    names = []
    for layer in model.layers:
        ways = [layer]
        if isinstance(layer, keras.layers.Bidirectional):
            ways = [layer.forward_layer, layer.backward_layer]
        for way in ways:
            prefix = layer.name if way is layer else f"{layer.name}/{way.name.removesuffix(f'_{layer.name}')}"
            names += [f"{prefix}/{weight.name}" for weight in way.weights]
    return tuple(names)


def time_step(model: keras.Model) -> keras.Model:
    """Return the model of one time step, ``(input, state) -> (output, next state)``, of a plain network.

    Its inputs are ``[batch, features]`` and ``[batch, units]``, the outputs ``[batch, outputs]`` and again the state.
    LSTMs have two states, output and cell state; further layers have their own, after those of the first. All layers
    must read forwards.
    """
    given = keras.Input(model.input_shape[2:], name="input")
    result, before, after, made = given, [], [], []
    for number, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.RNN):
            scope = f"layer_{number + 1}_" if number else ""
            config = layer.cell.get_config()
            cell = type(layer.cell).from_config({**config, "name": f"{scope}{config['name']}"})
            kept = ("state", "cell_state")[: len(layer.get_initial_state(1))]
            states = [keras.Input((layer.units,), name=f"{scope}{name}") for name in kept]
            result, following = cell(result, states)
            before += states
            after += following
            made.append(cell)
        else:
            made.append(type(layer).from_config(layer.get_config()))
            result = made[-1](result)
    step = keras.Model([given, *before], [result, *after], name="time_step")
    for layer, stepping in zip(model.layers, made, strict=True):
        stepping.set_weights(layer.get_weights())
    return step


def fold(config: Settings, dataset: Dataset, weights: Sequence[Any], total: Callable[..., Any] = np.sum) -> list[Any]:
    """Return the weights of the plain network in the user's numbers for those of the one that trains.

    Args:
        config: the settings; ``max_value`` is ``M`` in the user's numbers.
        dataset: has the scales of inputs and outputs.
        weights: kernel ``[features, sums]``, recurrent kernel ``[units, sums]`` and bias of each recurrent layer
            and direction, the decoder last, output kernel ``[units, outputs]``, output bias, as Keras orders them;
            float64 arrays, or tensors.
        total: the sum of a weight along ``axis``, for tensors TensorFlow's.
    """
    cell, scale = cells.load(config.cell), state_scale(config)
    center = cell.start(ACTIVATIONS[config.activation])[1]
    sums = cell.scale_of_sums(scale, config.hidden_size)
    *recurrent, out_kernel, out_bias = weights
    folded: list[Any] = []
    entering_center, entering_scale = input_center(dataset), dataset.input_scale
    for start in range(0, len(recurrent), 3):
        if start == (6 if config.bidirectional else 3):
            entering_center, entering_scale = center, scale
        kernel, recurrent_kernel, bias = recurrent[start : start + 3]
        of_input, of_state = entering_center * total(kernel, axis=0), center * total(recurrent_kernel, axis=0)
        # A second bias is that of the state's sum.
        two = len(bias.shape) == 2
        bias = bias - FIRST * of_input - SECOND * of_state if two else bias - of_input - of_state
        folded += [kernel * (sums / entering_scale), recurrent_kernel * (sums / scale), bias * sums]
    out_bias = out_bias - center * total(out_kernel, axis=0)
    return [*folded, out_kernel * (dataset.output_scale / scale), out_bias * dataset.output_scale]


def unfold(config: Settings, dataset: Dataset, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the weights of the network that trains for those of a plain one in the user's numbers: undo ``fold``.

    Args:
        config: the settings.
        dataset: has the scales of inputs and outputs.
        weights: in Keras' order, float64.
    """
    cell, scale = cells.load(config.cell), state_scale(config)
    center = cell.start(ACTIVATIONS[config.activation])[1]
    sums = cell.scale_of_sums(scale, config.hidden_size)
    *recurrent, out_kernel, out_bias = weights
    unfolded: list[np.ndarray] = []
    entering_center, entering_scale = input_center(dataset), dataset.input_scale
    for start in range(0, len(recurrent), 3):
        if start == (6 if config.bidirectional else 3):
            entering_center, entering_scale = center, scale
        kernel, recurrent_kernel, bias = recurrent[start : start + 3]
        kernel, recurrent_kernel = kernel * (entering_scale / sums), recurrent_kernel * (scale / sums)
        of_input, of_state = entering_center * kernel.sum(axis=0), center * recurrent_kernel.sum(axis=0)
        centered = FIRST * of_input + SECOND * of_state if bias.ndim == 2 else of_input + of_state
        unfolded += [kernel, recurrent_kernel, bias / sums + centered]
    out_kernel = out_kernel * (scale / dataset.output_scale)
    return [*unfolded, out_kernel, out_bias / dataset.output_scale + center * out_kernel.sum(axis=0)]


def state_scale(config: Settings) -> float:
    """Return how many times their values at unit scale the states are in the user's numbers."""
    return config.max_value if ACTIVATIONS[config.activation].scales else 1.0


def input_center(dataset: Dataset) -> float:
    """Return the mean of the training inputs at unit scale, to three digits."""
    return round(float(dataset.train.x.mean(dtype=np.float64)) / dataset.input_scale, 3)


def load(path: Path) -> keras.Model:
    """Load a model that a run has saved."""
    for name in cells.CELLS:
        cells.load(name)  # a cell that Keras does not have registers its layer
    return keras.saving.load_model(path, compile=False)


def _recurrent(config: Settings, dataset: Dataset, layer: Callable[..., keras.Layer]) -> list[keras.Layer]:
    """Return the recurrent layers; ``layer(number, **options)`` makes one direction of one of them.

    Where the answer comes after the sequence, they are an encoder, and a decoder of one layer that reads what the
    encoder has come to again at each of its steps (Cho et al. 2014, "Learning phrase representations using RNN
    encoder-decoder for statistical machine translation").
    """
    layers: list[keras.Layer] = []
    prefix, as_long = ("encoder", False) if dataset.answer_steps else ("rnn", dataset.every_step)
    for number in range(config.num_layers):
        name = f"{prefix}_{number}" if number else prefix
        every_step = as_long or number < config.num_layers - 1
        if config.bidirectional:
            ways = [
                layer(number, return_sequences=every_step, go_backwards=way == "backward", name=f"{way}_{name}")
                for way in ("forward", "backward")
            ]
            layers.append(keras.layers.Bidirectional(ways[0], backward_layer=ways[1], name=name))
        else:
            # What reads backwards also hands on backwards, so that the layers after it go with it.
            backwards = config.go_backwards and number == 0
            layers.append(layer(number, return_sequences=every_step, go_backwards=backwards, name=name))
    if dataset.answer_steps:
        layers.append(keras.layers.RepeatVector(dataset.answer_steps, name="repeat"))
        layers.append(layer(config.num_layers, return_sequences=True, name="decoder"))
    return layers


def _network(dataset: Dataset, layers: list[keras.Layer], name: str, penalty: Any = None) -> keras.Sequential:
    """Put the input before, and the dense output after, the layers; softmax, or for two classes sigmoid."""
    output = [keras.layers.Dense(dataset.outputs, kernel_regularizer=penalty, name="output")]
    if dataset.task == "classification":
        one = dataset.outputs == 1
        output.append(
            keras.layers.Activation("sigmoid", name="sigmoid") if one else keras.layers.Softmax(name="softmax")
        )
    return keras.Sequential([keras.Input(dataset.train.x.shape[1:], name="input"), *layers, *output], name=name)
