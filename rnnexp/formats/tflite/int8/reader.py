"""The integer network back from a .tflite file that ``rnnexp.formats.tflite.int8.writer`` wrote."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from rnnexp.formats.tflite import builder as flatbuffer
from rnnexp.formats.tflite.int8 import details as int8_details
from rnnexp.formats.tflite.int8.writer import DETAILS
from rnnexp.quantization.integer_network import LayeredNetwork
from rnnexp.quantization.product import RADIX, Affine, IntegerNetwork, Product


def from_tflite(content: bytes) -> IntegerNetwork | LayeredNetwork:
    """Return the network that ``to_tflite`` wrote into ``content``.

    Raises:
        ValueError: if it is not such a file.
    """
    try:
        details = json.loads(flatbuffer.metadata(content)[DETAILS])
        return _simple(content, details) if "table_start" in details else int8_details.read(content, details)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"not an int8 sequence model of rnnexp ({type(error).__name__}: {error})") from error


def _simple(content: bytes, details: dict[str, Any]) -> IntegerNetwork:
    """Return a network of one layer of simple cells that reads forwards: its graph has everything but one number."""
    model = flatbuffer.parse(content)
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
        weights = numbers(kernel, np.int8).reshape(len(numbers(bias, "<i8")), inputs, -1)
        high, low = weights[..., 0], weights[..., 1] if weights.shape[2] == 2 else None
        shift = round(math.log2(scale(sums) / scale(bias)))
        return Product(high, low, numbers(bias, "<i8").astype(np.int64), shift, scale(kernel) / RADIX, scale(sums))

    _, steps, features = outer["input"].shape
    units = len(numbers(inner["cell_bias"], "<i8"))
    table = numbers(inner["activation_table"], np.int8).astype(np.int16)
    softmax = "probabilities" in outer
    return IntegerNetwork(
        sequence_length=int(steps),
        input=affine(outer["input"]),
        output=affine(outer["logits" if softmax else "output"]),
        state_scale=state_scale,
        cell=product(inner, "cell", int(features) + units),
        output_layer=product(outer, "output", units),
        table=RADIX * table[:, 0] + table[:, 1],
        table_start=float(details["table_start"]),
        softmax=softmax,
    )
