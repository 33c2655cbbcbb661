"""Keras models of an architecture, whatever its layers are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from rnnexp.network.architecture import Architecture


def stack(
    architecture: Architecture,
    make: Callable[..., keras.Layer],
    bidirectional: Callable[..., keras.Layer] = keras.layers.Bidirectional,
) -> list[keras.Layer]:
    """Return the recurrent layers, named as the architecture's weights are.

    Where the answer comes after the sequence, they are an encoder, and a decoder that reads what the encoder has come
    to again at each of its steps (Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation").

    Args:
        architecture: what to build.
        make: ``make(number, layer, **options)`` returns one direction of the layer of this number.
        bidirectional: what joins two.
    """
    layers: list[keras.Layer] = []
    for number, (layer, scopes) in enumerate(zip(architecture.layers, architecture.scopes, strict=True)):
        name = scopes[0].partition("/")[0]
        last = number == len(architecture.layers) - 1
        options: dict[str, Any] = {"return_sequences": not layer.repeats and (architecture.every_step or not last)}
        if layer.bidirectional:
            forward, backward = (
                make(number, layer, go_backwards=way == "backward", name=f"{way}_{name}", **options)
                for way in layer.directions
            )
            layers.append(bidirectional(forward, backward_layer=backward, name=name))
        else:
            layers.append(make(number, layer, go_backwards=layer.backwards, name=name, **options))
        if layer.repeats:
            layers.append(keras.layers.RepeatVector(layer.repeats, name="repeat"))
    return layers


def assemble(architecture: Architecture, layers: Sequence[keras.Layer], name: str, **output: Any) -> keras.Model:
    """Put the input before, and the dense output after, the layers; softmax, or for two classes sigmoid.

    Args:
        architecture: what to build.
        layers: between input and output.
        name: of the model.
        output: options of the dense layer.
    """
    dense, *after = output_layers(architecture, **output)
    given = keras.Input((architecture.sequence_length, architecture.features), name="input")
    if not architecture.linear_path:
        return keras.Sequential([given, *layers, dense, *after], name=name)
    values = given
    for layer in (*layers, dense):
        values = layer(values)
    # Keras' order of the weights of layers that lie side by side is the one in which they are added.
    result = keras.layers.Add(name="sum")([linear_path(architecture, given), values])
    for layer in after:
        result = layer(result)
    return keras.Model(given, result, name=name)


def output_layers(architecture: Architecture, **output: Any) -> list[keras.Layer]:
    """Return the dense output, with such options, and softmax, or for two classes sigmoid, if it follows."""
    layers: list[keras.Layer] = [keras.layers.Dense(architecture.outputs, name="output", **output)]
    if architecture.softmax:
        one = architecture.outputs == 1
        layers.append(
            keras.layers.Activation("sigmoid", name="sigmoid") if one else keras.layers.Softmax(name="softmax")
        )
    return layers


def linear_path(architecture: Architecture, window: Any) -> Any:
    """Return what the linear path makes of a window, a Keras tensor ``[batch, time, features]``."""
    path = keras.layers.Dense(architecture.outputs, use_bias=False, name="linear")
    return path(keras.layers.Flatten(name="flat_window")(window))


def padded(architecture: Architecture, layers: Sequence[keras.Layer], name: str, **output: Any) -> keras.Model:
    """Do the same as ``assemble`` for sequences of different lengths, which are a second input, int32 ``[batch]``.

    Padding is at the end; the layers that read it take ``lengths``.
    """
    given = keras.Input((architecture.sequence_length, architecture.features), name="input")
    length = keras.Input((), dtype="int32", name="length")
    values, lengths = given, {"lengths": length}
    for layer in layers:
        values = layer(values, **(lengths if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional) else {}))
        if isinstance(layer, keras.layers.RepeatVector):
            lengths = {}
    for layer in output_layers(architecture, **output):
        values = layer(values)
    return keras.Model([given, length], values, name=name)
