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

from rnnexp.activations import ACTIVATIONS
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.layers import SimpleRNN, keras_activation


def trainable(config: Settings, dataset: Dataset) -> keras.Sequential:
    """Build the network to train: unit scale, centred, fast backward pass, initialised around the working point."""
    rule = ACTIVATIONS[config.activation]
    z, output = rule.working_point
    init = keras.initializers
    recurrent = SimpleRNN(
        config.hidden_size,
        activation=keras_activation(config.activation, 1.0),
        input_center=input_center(dataset),
        state_center=output,
        kernel_initializer=init.VarianceScaling(rule.input_gain, mode="fan_avg", distribution="uniform"),
        recurrent_initializer=init.Orthogonal(rule.recurrent_gain),
        bias_initializer=init.Constant(z),
        name="rnn",
    )
    layers = [recurrent, keras.layers.Rescaling(1.0, offset=-output, name="center")]
    return _network(dataset, layers, "training")


def plain(config: Settings, dataset: Dataset, weights: list[np.ndarray]) -> keras.Sequential:
    """Build the network that the user keeps, of Keras' own layers, from the weights of a trained one."""
    activation = keras_activation(config.activation, config.max_value)
    recurrent = keras.layers.SimpleRNN(config.hidden_size, activation=activation, name="rnn")
    model = _network(dataset, [recurrent], "rnnexp")
    model.set_weights(fold(config, dataset, [values.astype(np.float64) for values in weights]))
    return model


def time_step(model: keras.Model) -> keras.Model:
    """Return the model of one time step, ``(input, state) -> (output, next state)``, of a plain network.

    Its inputs are ``[batch, features]`` and ``[batch, units]``, the outputs ``[batch, outputs]`` and again the state.
    """
    recurrent, *others = model.layers
    given = keras.Input(model.input_shape[2:], name="input")
    state = keras.Input((recurrent.units,), name="state")
    cell = keras.layers.SimpleRNNCell.from_config(recurrent.cell.get_config())
    result, (next_state,) = cell(given, [state])
    for layer in others:
        result = type(layer).from_config(layer.get_config())(result)
    step = keras.Model([given, state], [result, next_state], name="time_step")
    step.set_weights(model.get_weights())
    return step


def fold(config: Settings, dataset: Dataset, weights: Sequence[Any], total: Callable[..., Any] = np.sum) -> list[Any]:
    """Return the weights of the plain network in the user's numbers for those of the one that trains.

    Args:
        config: the settings; ``max_value`` is ``M`` in the user's numbers.
        dataset: has the scales of inputs and outputs.
        weights: kernel ``[features, units]``, recurrent kernel ``[units, units]``, bias, output kernel
            ``[units, outputs]``, output bias, as Keras orders them; float64 arrays, or tensors.
        total: the sum of a weight along ``axis``, for tensors TensorFlow's.
    """
    kernel, recurrent, bias, out_kernel, out_bias = weights
    center, scale = ACTIVATIONS[config.activation].working_point[1], state_scale(config)
    bias = bias - input_center(dataset) * total(kernel, axis=0) - center * total(recurrent, axis=0)
    out_bias = out_bias - center * total(out_kernel, axis=0)
    return [
        kernel * (scale / dataset.input_scale),
        recurrent,
        bias * scale,
        out_kernel * (dataset.output_scale / scale),
        out_bias * dataset.output_scale,
    ]


def unfold(config: Settings, dataset: Dataset, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the weights of the network that trains for those of a plain one in the user's numbers: undo ``fold``.

    Args:
        config: the settings.
        dataset: has the scales of inputs and outputs.
        weights: in Keras' order, float64.
    """
    kernel, recurrent, bias, out_kernel, out_bias = weights
    center, scale = ACTIVATIONS[config.activation].working_point[1], state_scale(config)
    kernel = kernel * (dataset.input_scale / scale)
    out_kernel = out_kernel * (scale / dataset.output_scale)
    return [
        kernel,
        recurrent,
        bias / scale + input_center(dataset) * kernel.sum(axis=0) + center * recurrent.sum(axis=0),
        out_kernel,
        out_bias / dataset.output_scale + center * out_kernel.sum(axis=0),
    ]


def state_scale(config: Settings) -> float:
    """Return how many times their values at unit scale the states are in the user's numbers."""
    return config.max_value if ACTIVATIONS[config.activation].scales else 1.0


def input_center(dataset: Dataset) -> float:
    """Return the mean of the training inputs at unit scale, to three digits."""
    return round(float(dataset.train.x.mean(dtype=np.float64)) / dataset.input_scale, 3)


def load(path: Path) -> keras.Model:
    """Load a model that a run has saved."""
    return keras.saving.load_model(path, compile=False)


def _network(dataset: Dataset, layers: list[keras.Layer], name: str) -> keras.Sequential:
    """Put the input before, and the dense output after, the layers; softmax for classes."""
    output = [keras.layers.Dense(dataset.outputs, name="output")]
    if dataset.task == "classification":
        output.append(keras.layers.Softmax(name="softmax"))
    return keras.Sequential([keras.Input(dataset.train.x.shape[1:], name="input"), *layers, *output], name=name)
