"""Networks as Keras models that the user keeps: of Keras' own layers, but for what it does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnexp.layers import cell as cell_layers
from rnnexp.layers.activation import keras_activation
from rnnexp.layers.stack import assemble, linear_path, output_layers, stack
from rnnexp.network import cells
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network


def to_keras(network: Network) -> keras.Model:
    """Return a network as a Keras model, in float32: a sequential one, unless there is a linear path or a length.

    Where sequences can be shorter, it has their lengths as a second input, ``length``, int32 ``[batch]``, with padding
    where the architecture says; what is before softmax or sigmoid is 0 at steps of padding.
    """
    architecture = network.architecture
    activation = keras_activation(architecture.activation, architecture.max_value)

    def make(_: int, layer: Layer, **options: Any) -> keras.Layer:
        return cell_layers.load(layer.cell).to_keep(layer, activation=activation, **options)

    build = _masked if architecture.variable_length else assemble
    model = build(architecture, stack(architecture, make), "rnnexp")
    model.set_weights(list(network.weights))
    return model


def _masked(architecture: Architecture, layers: Sequence[keras.Layer], name: str) -> keras.Model:
    """Join the layers with Keras' masks, made of the second input."""
    ops, steps = keras.ops, architecture.sequence_length
    given = keras.Input((steps, architecture.features), name="input")
    length = keras.Input((), dtype="int32", name="length")
    lengths = ops.clip(ops.expand_dims(length, 1), 1, steps)
    place = ops.arange(steps, dtype="int32")
    mask = lengths > place if architecture.padding == "end" else lengths >= steps - place
    values = given
    for layer in layers:
        reads = isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional)
        values = layer(values, mask=mask) if reads else layer(values)
        if isinstance(layer, keras.layers.RepeatVector):
            mask = None
        elif layer.go_backwards if isinstance(layer, keras.layers.RNN) else False:
            mask = ops.flip(mask, axis=1)  # it hands on in the order in which it reads
    dense, *after = output_layers(architecture)
    values = dense(values)
    if architecture.answers_each_step:
        values = ops.where(ops.expand_dims(mask, 2), values, 0.0)
    for layer in after:
        values = layer(values)
    return keras.Model([given, length], values, name=name)


def from_keras(architecture: Architecture, model: keras.Model) -> Network:
    """Return the network of a model that ``to_keras`` made for an architecture: float32 numbers, as float64."""
    return Network.of(architecture, [np.asarray(values) for values in model.get_weights()])


def time_step(network: Network) -> keras.Model:
    """Return the model of one time step, ``(input, state) -> (output, next state)``.

    Its inputs are ``[batch, features]`` and ``[batch, units]``, the outputs ``[batch, outputs]`` and again the state.
    LSTMs have two states, output, which may be projected, and cell state; further layers have their own, after those of
    the first. With a linear path the last state is the window that it reads, ``[batch, time, features]``. All layers
    must read forwards.
    """
    # Step by step, sequences have any length.
    network = replace(network, architecture=replace(network.architecture, padding=""))
    architecture, model = network.architecture, to_keras(network.without_linear_path())
    recurrent = iter(architecture.layers)
    given = keras.Input((architecture.features,), name="input")
    result, before, after, steps = given, [], [], []
    for number, layer in enumerate(model.layers):
        if isinstance(layer, keras.layers.RNN):
            scope = f"layer_{number + 1}_" if number else ""
            config = layer.cell.get_config()
            cell = type(layer.cell).from_config({**config, "name": f"{scope}{config['name']}"})
            of_layer = next(recurrent)
            kept = cells.load(of_layer.cell)
            widths = kept.widths(of_layer.units, of_layer.projection)
            states = [
                keras.Input((width,), name=f"{scope}{name}") for name, width in zip(kept.states, widths, strict=True)
            ]
            result, following = cell(result, states)
            before += states
            after += following
            steps.append(cell)
        else:
            steps.append(type(layer).from_config(layer.get_config()))
            result = steps[-1](result)
            if layer.name == "output" and architecture.linear_path:
                window = keras.Input((architecture.sequence_length, architecture.features), name="window")
                newest = keras.layers.Reshape((1, architecture.features), name="newest")(given)
                longer = keras.layers.Concatenate(axis=1, name="window_and_newest")([window, newest])
                following = keras.layers.Cropping1D((1, 0), name="next_window")(longer)
                result = keras.layers.Add(name="sum")([linear_path(architecture, following), result])
                before.append(window)
                after.append(following)
    step = keras.Model([given, *before], [result, *after], name="time_step")
    for layer, stepping in zip(model.layers, steps, strict=True):
        stepping.set_weights(layer.get_weights())
    if architecture.linear_path:
        step.get_layer("linear").set_weights([network.linear_kernel])
    return step


def load(path: Path) -> keras.Model:
    """Load a model that a run has saved."""
    for name in cells.CELLS:
        cell_layers.load(name)  # a cell that Keras does not have registers its layer
    return keras.saving.load_model(path, compile=False)
