"""float32 TensorFlow Lite files of foreign networks: a graph in TensorFlow's operations, for its converter.

``python -m rnnexp.formats.tflite.graph_float32`` reads a job from standard input; it is a process of its own, since the
converter can end its process without an exception.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from rnnexp.files import write_atomically
from rnnexp.formats.tflite.metadata import with_metadata
from rnnexp.formats.tflite.tensor_functions import function
from rnnexp.network.functions import scale
from rnnexp.network.graph import storage
from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import (
    Activation,
    AddChannel,
    Dense,
    Embedding,
    Flatten,
    Last,
    Merge,
    Node,
    Recurrent,
    Repeat,
)
from rnnexp.network.graph.recurrence import whole


def to_tflite(graph: Graph, steps: int, padding: str = "") -> bytes:
    """Return the float32 form of a simplified graph, batch 1, loops kept.

    Args:
        graph: as ``rnnexp.network.graph.rewrite`` leaves it.
        steps: of a sequence.
        padding: where it is, if sequences can be of different lengths; then a second input has the length.
    """
    given = [
        tf.TensorSpec((1, steps), tf.int32, "words")
        if graph.words
        else tf.TensorSpec((1, steps, graph.features), tf.float32, "input")
    ]
    if padding:
        given.append(tf.TensorSpec((1,), tf.int32, "length"))

    @tf.function(input_signature=given)
    def infer(x: Any, length: Any = None) -> Any:
        real = None if length is None else tf.clip_by_value(length[0], 1, steps)
        first = 0 if real is None or padding == "end" else steps - real
        x = x if real is None or padding == "end" else _rolled(x, first)
        values = {INPUT: x}
        for node in graph.nodes:
            values[node.name] = _run(node, [values[name] for name in node.reads], real)
        found = values[graph.output]
        if real is not None and len(found.shape) == 3:
            found = found * tf.cast(tf.range(steps) < real, tf.float32)[None, :, None]
            found = found if padding == "end" else _rolled(found, steps - first)
        return found

    concrete = infer.get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()


def _rolled(values: Any, by: Any) -> Any:
    """Return values so many steps earlier, the first ones behind the last."""
    steps = values.shape[1]
    return tf.gather(values, (tf.range(steps) + by) % steps, axis=1)


def _run(node: Node, values: Sequence[Any], length: Any) -> Any:
    """Return a node's values; the first dimension is 1."""
    (x, *_) = values
    if isinstance(node, Embedding):
        table = _constant(node.table)
        return tf.gather(table, tf.clip_by_value(x, 0, len(node.table) - 1))
    if isinstance(node, Activation):
        return tf.nn.softmax(x) if node.activation == "softmax" else function(node.activation)(x)
    if isinstance(node, Dense):
        joined = tf.concat(values, -1)
        rows = tf.reshape(joined, (-1, joined.shape[-1])) @ _constant(node.kernel) + _constant(node.bias)
        return function(node.activation)(tf.reshape(rows, (*joined.shape[:-1], len(node.bias))))
    if isinstance(node, Convolution):
        return function(node.activation)(_convolution(node, x))
    if isinstance(node, Pooling):
        return _pooling(node, x)
    if isinstance(node, Recurrent):
        return _recurrent(node, tf.concat(values, -1), length)
    if isinstance(node, Merge):
        return tf.concat(values, -1)
    if isinstance(node, Last):
        return x[:, -1] if length is None else x[:, length - 1]
    if isinstance(node, Flatten):
        return tf.reshape(x, (1, x.shape[1], -1) if node.keeps_time else (1, -1))
    if isinstance(node, AddChannel):
        return tf.reshape(x, (1, x.shape[1], -1, node.channels))
    if isinstance(node, Repeat):
        return tf.repeat(x[:, None], node.times, axis=1)
    raise TypeError(node.kind)


def _constant(values: np.ndarray) -> Any:
    return tf.constant(values, tf.float32)


def _frames(x: Any) -> Any:
    """Return values with a frequency axis."""
    return x if len(x.shape) == 4 else x[:, :, None]


def _convolution(node: Convolution, x: Any) -> Any:
    padded = tf.pad(_frames(x), ((0, 0), *node.padding, (0, 0)))
    parts = tf.split(padded, node.groups, axis=3)
    kernels = np.split(node.kernel, node.groups, axis=3)
    found = [
        tf.nn.conv2d(part, _constant(kernel), node.strides, "VALID", dilations=node.dilations)
        for part, kernel in zip(parts, kernels, strict=True)
    ]
    result = tf.concat(found, 3) + _constant(node.bias)
    return result if len(x.shape) == 4 else result[:, :, 0]


def _pooling(node: Pooling, x: Any) -> Any:
    lowest = float(np.finfo(np.float32).min)
    padded = tf.pad(_frames(x), ((0, 0), *node.padding, (0, 0)), constant_values=lowest)
    result = tf.nn.max_pool2d(padded, node.size, node.strides, "VALID")
    return result if len(x.shape) == 4 else result[:, :, 0]


def _recurrent(node: Recurrent, x: Any, length: Any) -> Any:
    """Return the values of a recurrent layer; of sequences with a length, those after it stay as they are."""
    x = tf.reshape(x, (x.shape[1], -1))
    found = [
        _direction(node, number, x, length, backwards=bool(number) or node.backwards)
        for number in range(len(node.directions))
    ]
    return tf.concat(found, -1)


def _direction(node: Recurrent, number: int, x: Any, length: Any, *, backwards: bool) -> Any:
    steps, units = x.shape[0], node.units
    own = node.directions[number]
    weights = [_constant(values) for values in (whole(own) if node.cell == "fastgrnn" else own)]
    kernel, recurrent, bias, *more = weights
    projection = None if node.projection is None else _constant(node.projection[number])
    activation, gate = function(node.activation), function(node.gate)
    # FastGRNN's gate has another bias.
    sums = x @ kernel + (bias[0] if node.cell == "gru" else 0.0 if node.cell == "fastgrnn" else bias)
    count = steps if length is None else length
    width = units if projection is None else projection.shape[1]

    def step(now: Any, h: Any, c: Any) -> tuple[Any, Any]:
        if node.cell == "simple":
            return activation(now + h @ recurrent), c
        if node.cell == "gru":
            z, r, candidate = tf.split(now, 3, 1)
            of_z, of_r, of_candidate = tf.split(h @ recurrent + bias[1], 3, 1)
            z, r = gate(z + of_z), gate(r + of_r)
            return z * h + (1.0 - z) * activation(candidate + r * of_candidate), c
        if node.cell == "fastgrnn":
            gate_bias, mix = more
            shared, (zeta, nu) = now + h @ recurrent, tf.unstack(tf.sigmoid(mix))
            z = gate((shared + gate_bias) / scale(node.activation))
            return (zeta * (1.0 - z) + nu) * activation(shared + bias) + z * h, c
        if node.cell == "gru-reset-before":
            gates = gate(now[:, : 2 * units] + h @ recurrent[:, : 2 * units])
            z, r = tf.split(gates, 2, 1)
            return z * h + (1.0 - z) * activation(now[:, 2 * units :] + (r * h) @ recurrent[:, 2 * units :]), c
        i, f, candidate, o = tf.split(now + h @ recurrent, 4, 1)
        before = more[0] if more else tf.zeros((3, units))
        c = gate(f + before[1] * c) * c + gate(i + before[0] * c) * activation(candidate)
        h = gate(o + before[2] * c) * activation(c)
        return h if projection is None else h @ projection, c

    def body(time: Any, h: Any, c: Any, results: Any) -> tuple[Any, ...]:
        place = count - 1 - time if backwards else time
        h, c = step(tf.gather(sums, place)[None], h, c)
        # What only reads from the end gives its values in that order; a second direction in that of the first.
        at = place if number else time
        return time + 1, h, c, results.write(at, h[0]) if node.every_step else results

    start = tf.TensorArray(tf.float32, steps if node.every_step else 1, element_shape=(width,), clear_after_read=False)
    start = start.unstack(tf.zeros((steps if node.every_step else 1, width)))
    _, h, _, results = tf.while_loop(
        lambda time, *_: time < count, body, (0, tf.zeros((1, width)), tf.zeros((1, units)), start)
    )
    return results.stack()[None] if node.every_step else h


def main() -> None:
    """Do the job that standard input names: a graph's ``.npz``, steps, padding, metadata, and the file to write."""
    job = json.loads(sys.stdin.readline())
    graph = storage.from_npz(Path(job["graph"]).read_bytes())
    content = with_metadata(to_tflite(graph, job["steps"], job["padding"]), job["metadata"])
    write_atomically(Path(job["target"]), content)


if __name__ == "__main__":
    main()
