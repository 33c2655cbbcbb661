"""From a network of this project back to a graph, which conversion begins with: the other way than ``lower``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from rnnexp.network import front, taps
from rnnexp.network.front import FrontLayer
from rnnexp.network.functions import with_parameters
from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import Activation, AddChannel, Dense, Embedding, Flatten, Last, Node, Recurrent, Repeat
from rnnexp.network.graph.recurrence import CellName
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network


def lift(network: Network, framework: str) -> Graph:
    """Return the graph of a network.

    Args:
        network: in real numbers.
        framework: what has written it, in words for the report.
    """
    architecture, nodes = network.architecture, _Nodes(network)
    made = {taps.INPUT: nodes.around(architecture.front, network.front_weights(), "front", INPUT)}
    for number, (layer, weights) in enumerate(zip(architecture.layers, network.layer_weights(), strict=True)):
        reads = tuple(made[read] for read in architecture.reads[number])
        alone = number == len(architecture.layers) - 1 and not (architecture.every_step or architecture.waits)
        name = "/".join(architecture.scopes[number][0].split("/")[:1])
        made[number] = nodes.layer(name, layer, weights, reads, ends=alone)
    newest = nodes.around(architecture.back, network.back_weights(), "back", made[max(made)])
    kernel = network.kernel
    if architecture.flattened:
        newest = nodes.add(Flatten("flatten", (newest,)))
    elif not (architecture.every_step or nodes.ended):
        newest = nodes.add(Last("last", (newest,)))
    reads = (newest,)
    if architecture.linear_path:
        reads, kernel = (newest, nodes.add(Flatten("window", (INPUT,)))), np.vstack([kernel, network.linear_kernel])
    yes_or_no = architecture.softmax and architecture.outputs == 1
    output = nodes.add(Dense("output", reads, kernel, network.bias, activation="sigmoid" if yes_or_no else "linear"))
    if architecture.softmax and not yes_or_no:
        output = nodes.add(Activation("softmax", (output,), "softmax"))
    words = any(isinstance(layer, front.Embedding) for layer in architecture.front)
    features = 0 if words else architecture.features
    return Graph(tuple(nodes.found), output, features, architecture.sequence_length, framework=framework)


@dataclass
class _Nodes:
    """The nodes so far.

    Attributes:
        network: that they are of.
        found: in order.
        ended: whether the newest values are those after the last step.
    """

    network: Network
    found: list[Node] = field(default_factory=list)
    ended: bool = False

    def add(self, node: Node) -> str:
        """Add one, and return its name."""
        self.found.append(node)
        return node.name

    def around(
        self, layers: Sequence[FrontLayer], weights: Sequence[Sequence[np.ndarray]], what: str, newest: str
    ) -> str:
        """Add layers that are parallel in time, and return the name of the last one's values."""
        for number, (layer, arrays) in enumerate(zip(layers, weights, strict=True)):
            name = f"{what}_{number}" if number else what
            if isinstance(layer, front.Embedding):
                newest = self.add(Embedding(name, (newest,), arrays[0]))
            elif isinstance(layer, front.Convolution | front.Pooling):
                # Numbers of a step are frequencies of so many channels each.
                seen = self.add(AddChannel(f"{name}/channels", (newest,), layer.channels))
                made = self.add(self._windows(name, layer, arrays, seen))
                newest = self.add(Flatten(f"{name}/steps", (made,), keeps_time=True))
            else:
                raise TypeError(f"there is no node for a {type(layer).__name__}")
        return newest

    def _windows(
        self, name: str, layer: front.Convolution | front.Pooling, arrays: Sequence[np.ndarray], seen: str
    ) -> Node:
        """Return the node of a convolution or pooling."""
        axes = layer.time, layer.frequency
        time, frequency = ((axis.before, axis.after) for axis in axes)
        strides = axes[0].stride, axes[1].stride
        if isinstance(layer, front.Pooling):
            return Pooling(name, (seen,), "max", (axes[0].taps, axes[1].taps), strides, (time, frequency))
        kernel, bias = arrays
        return Convolution(
            name,
            (seen,),
            kernel,
            bias,
            strides=strides,
            dilations=(axes[0].dilation, axes[1].dilation),
            padding=(time, frequency),
            groups=layer.groups,
            activation=self._function(layer.activation),
        )

    def layer(
        self, name: str, layer: Layer, weights: Sequence[Sequence[np.ndarray]], reads: tuple[str, ...], *, ends: bool
    ) -> str:
        """Add a layer that goes through time, and return the name of its values.

        Args:
            name: of its weights.
            layer: its facts.
            weights: of each direction.
            reads: what it reads.
            ends: whether only its values after the last step count.
        """
        activation = self._function(layer.activation or self.network.architecture.activation)
        if layer.cell == "dense":
            ((kernel, bias),) = weights
            return self.add(Dense(name, reads, kernel, bias, activation=activation))
        projected = layer.projection > 0
        self.ended = ends
        made = self.add(
            Recurrent(
                name,
                reads,
                cell=cast(CellName, layer.cell),
                directions=tuple(tuple(arrays[:-1] if projected else arrays) for arrays in weights),
                activation=activation,
                gate=layer.gate,
                backwards=layer.backwards,
                every_step=not (ends or layer.repeats),
                projection=tuple(arrays[-1] for arrays in weights) if projected else None,
            )
        )
        return self.add(Repeat(f"{name}/repeated", (made,), layer.repeats)) if layer.repeats else made

    def _function(self, name: str) -> str:
        """Return the name that a function has among those of foreign networks."""
        return with_parameters("scaled_sqrt", self.network.architecture.max_value) if name == "custom" else name
