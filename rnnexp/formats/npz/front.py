"""What of an integer network is parallel in time, as named arrays: ``front_1/kind`` and so on; behind, ``back_1/``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rnnexp.quantization.cut import activated
from rnnexp.quantization.front import (
    IntegerConvolution,
    IntegerEmbedding,
    IntegerFrontLayer,
    IntegerPooling,
    Words,
)
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import Product
from rnnexp.quantization.widths import Widths

KINDS: dict[str, type[Any]] = {
    "embedding": IntegerEmbedding,
    "convolution": IntegerConvolution,
    "pooling": IntegerPooling,
}
# Of a window's places and padding, and of all numbers of a sequence: what no file of a network goes beyond.
LARGEST_WINDOW = 2**15 - 1
MOST_NUMBERS = 2**28


def named(network: IntegerNetwork) -> list[tuple[str, IntegerFrontLayer]]:
    """Return every layer with what the names of its numbers begin with."""
    return [
        (f"{name}_{number}/", layer)
        for name, layers in (("front", network.front), ("back", network.back))
        for number, layer in enumerate(layers, 1)
    ]


def kind(layer: IntegerFrontLayer) -> str:
    """Return the name of a layer's kind."""
    return next(name for name, own in KINDS.items() if type(layer) is own)


def words(first: IntegerFrontLayer | None) -> Words | None:
    """Return the input's codes where the first layer is an embedding, which reads numbers of words."""
    return Words(1.0, 0, words=len(first.embeddings)) if isinstance(first, IntegerEmbedding) else None


def check(
    layers: Sequence[IntegerFrontLayer], steps: int, width: int, check_product: Callable[[Product, int, int], None]
) -> None:
    """Check that the arrays of layers fit each other, and what comes in.

    Raises:
        ValueError: if not.
    """
    for layer in layers:
        match layer:
            case IntegerEmbedding():
                kind, shape = layer.embeddings.dtype.kind, layer.embeddings.shape
                if kind != "i" or len(shape) != 2 or not layer.embeddings.size:
                    raise ValueError(f"embeddings are of type {kind!r} and have the shape {shape}")
            case IntegerConvolution() | IntegerPooling():
                for axis in (layer.time, layer.frequency):
                    if max(axis.taps, axis.stride, axis.dilation, axis.before, axis.after) > LARGEST_WINDOW:
                        raise ValueError(f"there are no such windows: {axis}")
        if isinstance(layer, IntegerConvolution):
            if layer.groups < 1 or layer.channels % layer.groups or not layer.filters or layer.filters % layer.groups:
                raise ValueError(f"{layer.groups} groups of {layer.channels} channels and {layer.filters} filters")
            check_product(layer.sums, layer.window, layer.filters)
            activated(Widths(), layer.activation, layer.filters, "values")
        most = layer.numbers(steps, width)
        steps, width = layer.extent(steps, width)
        if max(most, steps * width) > MOST_NUMBERS:
            raise ValueError("a layer makes too many numbers")
