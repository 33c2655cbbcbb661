"""What an int8 model's tensors are: types, shapes, scales and ranges, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnnexp.quantization.cell import Block, Extra, IntegerCell, Source, State, width_of
from rnnexp.quantization.cut import WORDS, Activation, Cut, tables_of
from rnnexp.quantization.front import IntegerConvolution, IntegerEmbedding, IntegerFrontLayer, Words
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.probabilities import FineSigmoid
from rnnexp.quantization.product import RADIX
from rnnexp.quantization.tables import Table

PAIR = f"2 x int8 (value = {RADIX} * upper + lower)"


@dataclass(frozen=True)
class TensorSummary:
    """What a tensor is.

    Attributes:
        name: of the tensor.
        dtype: its type.
        shape: its shape.
        scale: the real value of one unit.
        zero_point: the code of 0.
        min: the smallest real value that it can hold, or of constants that it holds.
        max: the same of the largest.
        saturated_share: of what samples decide, the share that is cut off.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    min: float
    max: float
    saturated_share: float | None = None


def describe(network: IntegerNetwork, saturation: Mapping[str, float]) -> list[TensorSummary]:
    """Return what every tensor is.

    Args:
        network: the integers.
        saturation: name -> that share.
    """
    cells = [
        (cell, source, prefix)
        for layer, source, scope in zip(network.layers, network.sources, network.scopes, strict=False)
        for cell, prefix in zip(layer.cells, scope, strict=True)
    ]
    blocks = [(block, cell, source, prefix + _scope(block)) for cell, source, prefix in cells for block in cell.blocks]
    layer, outputs = network.output_layer, network.output_kernel
    scale = network.output_bias_scale
    found = [
        *_interface(network),
        *_around(network.front, network.front_sources, "front"),
        *(_state(state, cell, prefix) for cell, _, prefix in cells for state in cell.states),
        *(_pre_activation(block, scope) for block, *_, scope in blocks),
        *(_table(table, prefix) for cell, _, prefix in cells for table in cell.tables),
        *_sigmoid(network),
        *(kernel for block, cell, source, scope in blocks for kernel in _kernels(block, cell, source, scope)),
        *_around(network.back, network.back_sources, "back"),
        *(_extra(extra, prefix) for cell, _, prefix in cells for extra in cell.extras),
        *_linear_path(network),
        _entry("output_kernel", PAIR, outputs.shape, layer.scale, outputs),
        *(_bias(block, scope) for block, *_, scope in blocks),
        _entry("output_bias", "int64", layer.bias.shape, scale, layer.bias * scale),
    ]
    return [replace(tensor, saturated_share=saturation.get(tensor.name)) for tensor in found]


def _entry(
    name: str, dtype: str, shape: Sequence[int], scale: float, values: Any, zero_point: int = 0
) -> TensorSummary:
    """Return an entry for a tensor that holds these real values, or has these limits."""
    low, high = float(np.min(values)), float(np.max(values))
    return TensorSummary(name, dtype, tuple(shape), float(scale), zero_point, low, high)


def _interface(network: IntegerNetwork) -> list[TensorSummary]:
    """Return input and output."""
    words = isinstance(network.input, Words)
    given = [1, network.sequence_length, *([] if words else [network.features])]
    made = [1, *([network.output_steps] if network.every_step else []), network.outputs]
    tensors = [("input", network.input, given), ("logits" if network.softmax else "output", network.output, made)]
    if network.softmax:
        tensors.append(("output", network.probabilities, made))
    return [
        _entry(name, np.dtype(affine.dtype).name, shape, affine.scale, affine.limits, affine.zero_point)
        for name, affine, shape in tensors
    ]


def _around(layers: Sequence[IntegerFrontLayer], sources: Sequence[Source], name: str) -> list[TensorSummary]:
    """Return the tensors of layers ahead of the recurrent ones or behind them, a value that they give as one step."""
    found = []
    for number, (layer, source, given) in enumerate(zip(layers, sources, sources[1:], strict=False), 1):
        scope, width = f"{name}_{number}/", len(given.scale)
        if isinstance(layer, IntegerEmbedding):
            embeddings = layer.embeddings * layer.scale
            found.append(_entry(f"{scope}embeddings", PAIR, embeddings.shape, layer.scale, embeddings))
        if isinstance(layer, IntegerConvolution):
            activation, product = layer.activation, layer.sums
            kernel, bias = layer.real_weights(source)
            zero = round(-activation.start / activation.step)
            found += [
                _entry(f"{scope}values", PAIR, [1, width], activation.scale, activation.limits),
                _entry(f"{scope}pre_activation", "int16", [1, width], activation.step, _sums_of(activation), zero),
                *(_table(table, scope) for table in tables_of(activation)),
                _entry(f"{scope}kernel", PAIR, kernel.shape, product.scale, kernel),
                _entry(f"{scope}bias", "int64", bias.shape, layer.bias_scale, bias),
            ]
    return found


def _sigmoid(network: IntegerNetwork) -> list[TensorSummary]:
    """Return the table of a single output's probabilities, if there is one."""
    sigmoid, affine = network.sigmoid, network.probabilities
    if sigmoid is None:
        return []
    codes = sigmoid.table.values if isinstance(sigmoid, FineSigmoid) else sigmoid
    return [
        _entry("sigmoid_table", codes.dtype.name, codes.shape, affine.scale, affine.decode(codes), affine.zero_point)
    ]


def _linear_path(network: IntegerNetwork) -> list[TensorSummary]:
    """Return the kernel of the linear path, if there is one."""
    if not network.path_inputs:
        return []
    kernel = network.linear_kernel
    return [_entry("linear_kernel", PAIR, kernel.shape, network.linear_scale, kernel)]


def _state(state: State, cell: IntegerCell, prefix: str) -> TensorSummary:
    dtype = PAIR if state.paired else "int16"
    return _entry(prefix + state.name, dtype, [1, width_of(cell, state)], state.scale, state.limits)


def _scope(block: Block) -> str:
    return f"{block.name}/" if block.name else ""


def _pre_activation(block: Block, scope: str) -> TensorSummary:
    """Return the sums: places in a table, or finer, or values."""
    limits = _sums_of(block.function) if block.starts else _words_of(block.step)
    shape = [1, len(block.codes)]
    return _entry(f"{scope}pre_activation", "int16", shape, block.step, limits, round(-block.start / block.step))


def _sums_of(function: Activation) -> tuple[float, float]:
    """Return the smallest and the largest real value of the sums that a function is of."""
    if isinstance(function, Cut):
        return _words_of(function.step)
    return function.start, function.start + (len(function.values) - 1) * function.step


def _words_of(step: float) -> tuple[float, float]:
    return step * WORDS[0], step * WORDS[1]


def _table(table: Table, prefix: str) -> TensorSummary:
    values = table.values * table.scale
    return _entry(f"{prefix}{table.name}_table", "int16", values.shape, table.scale, values)


def _kernels(block: Block, cell: IntegerCell, source: Source, scope: str) -> list[TensorSummary]:
    """Return the kernels; that of the inputs once for each scale, since each direction of a layer has its own."""
    scales = block.kernel_scales(source, cell.states[0].scale)
    inputs = len(scales)
    distinct = list(dict.fromkeys(scales.tolist()))
    found = []
    for number, scale in enumerate(distinct):
        codes = block.codes[:, :inputs][:, scales == scale]
        name = f"{scope}input_kernel" + (f"_{number + 1}" if len(distinct) > 1 else "")
        found.append(_entry(name, PAIR, codes.shape, scale, codes * scale))
    codes, scale = block.codes[:, inputs:], block.recurrent_scale
    recurrent = [_entry(f"{scope}recurrent_kernel", PAIR, codes.shape, scale, codes * scale)] if codes.size else []
    return [*found, *recurrent]


def _extra(extra: Extra, prefix: str) -> TensorSummary:
    dtype = PAIR if extra.product else "int16"
    return _entry(prefix + extra.name, dtype, extra.codes.shape, extra.scale, extra.codes * extra.scale)


def _bias(block: Block, scope: str) -> TensorSummary:
    values = block.product.bias[block.rows]
    return _entry(f"{scope}bias", "int64", values.shape, block.bias_scale, values * block.bias_scale)
