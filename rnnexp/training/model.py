"""The network that trains: at unit scale, centred, with the fast backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from rnnexp.datasets.support.ridge import LinearModel
from rnnexp.layers import cell as cell_layers
from rnnexp.layers.activation import keras_activation
from rnnexp.layers.bias import BlockBias
from rnnexp.layers.lengths import Bidirectional
from rnnexp.layers.recurrent import Recurrent
from rnnexp.layers.stack import assemble, padded, stack
from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer


@dataclass(frozen=True)
class Regularization:
    """What keeps a network from learning its training part by heart.

    Attributes:
        dropout: share of every recurrent layer's inputs dropped.
        recurrent_dropout: share of the recurrent state dropped.
        l2: times the sum of all squared weights but biases is added to the loss.
    """

    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    l2: float = 0.0


def trainable(
    architecture: Architecture,
    *,
    input_center: float = 0.0,
    recurrent_initializer: str = "orthogonal",
    regularization: Regularization | None = None,
    linear_start: LinearModel | None = None,
    train_linear_path: bool = False,
    silent_start: bool = False,
) -> keras.Model:
    """Build the network to train, initialised around the activation's working point.

    Where sequences can be shorter, it has their lengths as a second input, int32 ``[batch]``, and padding at the end.
    Beside a linear path the recurrent layers start without any effect on the outputs, which so are the path's.

    Args:
        architecture: of the network.
        input_center: the mean of the training inputs at unit scale.
        recurrent_initializer: ``orthogonal`` or ``identity``.
        regularization: None for none.
        linear_start: of a linear path and the output's bias, at unit scale.
        train_linear_path: whether the path's weights train too, and do not stay as they are.
        silent_start: whether the recurrent layers start without any effect, as beside a path, without one too.
    """
    activation, init = ACTIVATIONS[architecture.activation], keras.initializers
    regularization = regularization or Regularization()
    recurrent_init = init.Orthogonal if recurrent_initializer == "orthogonal" else init.Identity
    penalty = keras.regularizers.L2(regularization.l2) if regularization.l2 else None
    # What the units of each layer give as training starts, and its output, which where it is projected is centred.
    given = [cells.load(layer.cell).start(activation)[1] for layer in architecture.layers]
    outputs = [0.0 if layer.projection else start for layer, start in zip(architecture.layers, given, strict=True)]

    def make(number: int, layer: Layer, **options: Any) -> keras.Layer:
        return cell_layers.load(layer.cell).to_train(
            layer,
            activation=keras_activation(architecture.activation, 1.0),
            input_center=outputs[number - 1] if number else input_center,
            state_center=given[number],
            kernel_initializer=init.VarianceScaling(activation.input_gain, mode="fan_avg", distribution="uniform"),
            recurrent_initializer=recurrent_init(activation.recurrent_gain),
            bias_initializer=BlockBias(cells.load(layer.cell).start(activation)[0]),
            kernel_regularizer=penalty,
            recurrent_regularizer=penalty,
            dropout=regularization.dropout,
            recurrent_dropout=regularization.recurrent_dropout,
            **options,
        )

    center = keras.layers.Rescaling(1.0, offset=-outputs[-1], name="center")
    layers = [*stack(architecture, make, Bidirectional), center]
    start = {"kernel_initializer": "zeros"} if architecture.linear_path or silent_start else {}
    build = padded if architecture.variable_length else assemble
    model = build(architecture, layers, "training", kernel_regularizer=penalty, **start)
    if architecture.linear_path:
        path, output = model.get_layer("linear"), model.get_layer("output")
        path.trainable = train_linear_path
        if linear_start:
            path.set_weights([linear_start.kernel])
            output.set_weights([output.get_weights()[0], linear_start.bias])
    # A variable, so that a compiled program serves other data as well.
    variable = tf.Variable(input_center, trainable=False)
    for first in _read_inputs(model):
        first.input_center = variable
    return model


def copy_state(source: keras.Model, target: keras.Model) -> None:
    """Let a model of the same form become another one, in compiled programs too: weights, random state, centre."""
    for variable, value in zip(target.variables, source.variables, strict=True):
        variable.assign(value)
    for before, after in zip(_read_inputs(source), _read_inputs(target), strict=True):
        after.input_center.assign(before.input_center)


def _read_inputs(model: keras.Model) -> list[Recurrent]:
    """Return the recurrent layers that read the inputs: one, or one for each direction; none, if there are none."""
    kinds = (Recurrent, keras.layers.Bidirectional)
    first = next((layer for layer in model.layers if isinstance(layer, kinds)), None)
    if isinstance(first, keras.layers.Bidirectional):
        return [first.forward_layer, first.backward_layer]
    return [] if first is None else [first]
