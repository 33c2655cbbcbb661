"""Rules for affine maps, as batch normalisation is one: they go into the layers around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.nodes import Affine, Dense, Flatten, Last, Node, Recurrent
from rnnexp.network.graph.recurrence import reading
from rnnexp.network.graph.rewrites.surroundings import Replaced, Surroundings


def affine_behind(around: Surroundings, node: Node) -> Replaced:
    """Take an affine map into the linear layer that it follows."""
    if not isinstance(node, Affine):
        return {}
    before = around.read(node)
    if isinstance(before, Dense | Convolution) and before.activation == "linear":
        width = before.bias.shape
        scale, offset = np.broadcast_to(node.scale, width), np.broadcast_to(node.offset, width)
        made = replace(before, kernel=before.kernel * scale, bias=before.bias * scale + offset)
        return {before.name: (made,), node.name: ()}
    return {}


def affine_ahead(around: Surroundings, node: Node) -> Replaced:
    """Take an affine map into all the layers that read it."""
    if not isinstance(node, Affine) or node.name == around.graph.output:
        return {}
    readers = around.readers(node)
    width = (around.shapes[node.name][-1],)
    made = []
    for reader in readers:
        parts = [
            (np.broadcast_to(node.scale, width), np.broadcast_to(node.offset, width))
            if name == node.name
            else (np.ones(around.shapes[name][-1]), np.zeros(around.shapes[name][-1]))
            for name in reader.reads
        ]
        made.append(_reading(reader, *(np.concatenate(values) for values in zip(*parts, strict=True))))
    if not made or any(reader is None for reader in made):
        return {}
    return {node.name: (), **{reader.name: (reader,) for reader in made if reader}}


def affine_later(around: Surroundings, node: Node) -> Replaced:
    """Move an affine map behind what picks numbers and changes none of them."""
    if not isinstance(node, Affine):
        return {}
    after = around.reader(node)
    if after is None:
        return {}
    rising = isinstance(after, Pooling) and (after.what == "average" or bool(np.all(node.scale > 0.0)))
    if rising or isinstance(after, Last):
        return {
            node.name: (),
            after.name: (replace(after, reads=node.reads), replace(node, name=f"{node.name}'", reads=(after.name,))),
        }
    if isinstance(after, Flatten):
        shape = around.shapes[node.name][1 if after.keeps_time else 0 :]
        wide = replace(
            node,
            name=f"{node.name}'",
            reads=(after.name,),
            scale=np.broadcast_to(node.scale, shape).reshape(-1),
            offset=np.broadcast_to(node.offset, shape).reshape(-1),
        )
        return {node.name: (), after.name: (replace(after, reads=node.reads), wide)}
    return {}


def affine_alone(around: Surroundings, node: Node) -> Replaced:
    """Make a layer of an affine map that no other rule takes."""
    if not isinstance(node, Affine):
        return {}
    shape = around.shapes[node.name]
    scale, offset = (np.broadcast_to(values, shape[-1:]).astype(np.float64) for values in (node.scale, node.offset))
    if len(shape) == 3:
        kernel = scale.reshape(1, 1, 1, -1)
        return {node.name: (Convolution(node.name, node.reads, kernel, offset, groups=shape[-1]),)}
    return {node.name: (Dense(node.name, node.reads, np.diag(scale), offset),)}


def _reading(node: Node, scale: np.ndarray, offset: np.ndarray) -> Node | None:
    """Return a layer that reads ``x`` as another one reads ``scale * x + offset``; None if there is none."""
    if isinstance(node, Dense):
        return replace(node, kernel=node.kernel * scale[:, None], bias=node.bias + offset @ node.kernel)
    if isinstance(node, Recurrent):
        directions = tuple(reading(weights, weights[0] * scale[:, None], offset) for weights in node.directions)
        return replace(node, directions=directions)
    if isinstance(node, Convolution) and (not np.any(offset) or not np.any(node.padding)):
        channels = node.kernel.shape[2]
        groups = np.split(np.arange(len(scale)), node.groups)
        parts, biases = [], []
        for kernel, own in zip(np.split(node.kernel, node.groups, axis=3), groups, strict=True):
            parts.append(kernel * scale[own].reshape(1, 1, channels, 1))
            biases.append(np.einsum("xycg,c->g", kernel, offset[own]))
        return replace(node, kernel=np.concatenate(parts, axis=3), bias=node.bias + np.concatenate(biases))
    return None
