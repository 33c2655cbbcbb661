"""int8 files of one layer of simple cells as version 0.1.0 wrote them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.formats.npz.integers import check
from rnnexp.formats.tflite.metadata import parse
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import RADIX, Product
from rnnexp.quantization.scales import Affine
from rnnexp.quantization.tables import Table


def is_previous(details: Mapping[str, Any]) -> bool:
    """Tell whether what a file says of its integers is of that version."""
    return "table_start" in details


def read(content: bytes, details: Mapping[str, Any]) -> IntegerNetwork:
    """Return a network of one layer of simple cells that reads forwards: its graph has everything but one number.

    Raises:
        KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError: if the graph is another one.
    """
    model = parse(content)
    main, _, body = model.subgraphs
    outer, inner = ({tensor.name.decode(): tensor for tensor in graph.tensors} for graph in (main, body))

    def scale(tensor: Any) -> float:
        return float(tensor.quantization.scale[0])

    def affine(tensor: Any) -> Affine:
        return Affine(scale(tensor), int(tensor.quantization.zeroPoint[0]))

    def numbers(tensor: Any, dtype: Any) -> np.ndarray:
        return np.frombuffer(bytes(model.buffers[tensor.buffer].data), dtype).reshape(tensor.shape)

    state_scale = scale(inner["state"])

    def product(tensors: dict[str, Any], name: str, inputs: int) -> Product:
        kernel, bias, sums = (tensors[f"{name}_{part}"] for part in ("kernel", "bias", "sums"))
        weights = numbers(kernel, np.int8).reshape(len(numbers(bias, "<i8")), inputs, 2)
        shift = round(math.log2(scale(sums) / scale(bias)))
        return Product(
            weights[..., 0],
            weights[..., 1],
            numbers(bias, "<i8").astype(np.int64),
            shift,
            scale(kernel) / RADIX,
            scale(sums),
        )

    _, steps, features = outer["input"].shape
    units = len(numbers(inner["cell_bias"], "<i8"))
    pairs = numbers(inner["activation_table"], np.int8).astype(np.int16)
    softmax = "probabilities" in outer
    sums = product(inner, "cell", int(features) + units)
    table = Table(RADIX * pairs[:, 0] + pairs[:, 1], float(details["table_start"]), sums.step, state_scale)
    network = IntegerNetwork(
        sequence_length=int(steps),
        features=int(features),
        layers=(Layer((SimpleCell(sums, table),)),),
        every_step=False,
        input=affine(outer["input"]),
        output=affine(outer["logits" if softmax else "output"]),
        output_layer=product(outer, "output", units),
        softmax=softmax,
    )
    check(network)
    return network
