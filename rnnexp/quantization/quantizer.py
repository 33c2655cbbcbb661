"""Plain post-training quantisation: a network and where its values lie, to an integer network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network import cells
from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Embedding, FrontLayer
from rnnexp.network.lengths import without_padding
from rnnexp.network.network import Network
from rnnexp.network.ranges import Ranges
from rnnexp.network.taps import INPUT
from rnnexp.quantization import front
from rnnexp.quantization.cell import Integers, Source, input_source
from rnnexp.quantization.front import Words
from rnnexp.quantization.headroom import Headroom
from rnnexp.quantization.interpolation import Tables, interpolated
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.products import without_exact
from rnnexp.quantization.rounding import quantize_product, without_zero_point
from rnnexp.quantization.scales import (
    INPUT_CODES,
    OUTPUT_CODES,
    OUTPUT_MARGIN,
    Affine,
    IoBits,
    affine,
    finite,
    widened,
)


def quantize(
    network: Network,
    x: np.ndarray,
    input_range: tuple[float, float] | None = None,
    lengths: np.ndarray | None = None,
    *,
    cell_state_limit: float = np.inf,
    io_bits: IoBits = 8,
    input_bits: IoBits | None = None,
    headroom: Headroom | None = None,
    tables: Tables = "full",
    exact: bool = False,
) -> IntegerNetwork:
    """Quantise a network plainly, with ranges over every step of the training part ``x``.

    Args:
        network: the real numbers.
        x: ``[n, time, features]``; or words, ``[n, time]``.
        input_range: the smallest and the largest input, where ``x`` is not all of the training part.
        lengths: real steps of each sequence, ``[n]``; None: all.
        cell_state_limit: beyond this and a margin, cell states of LSTMs saturate, whatever the range that they have:
            where a unit counts on without forgetting, that spares resolution for where its activation is not flat.
        io_bits: of the codes that come in and go out.
        input_bits: of those that come in, where they are others.
        headroom: for outputs beyond those of ``x``; None: the usual.
        tables: whether functions have lines between few entries.
        exact: whether products are to know what they were rounded from, for fine-tuning.

    Raises:
        UserError: if a weight or a range is not a finite number, or no float32 scale suits it.
    """
    architecture = network.architecture
    for name, values in zip(architecture.shapes, network.weights, strict=True):
        if not np.isfinite(values).all():
            raise UserError(f"{name} has values that are not finite numbers: nothing to quantise")
    # Far out, exp is infinite on the way to a finite result.
    with np.errstate(over="ignore"):
        ranges, ahead, behind = network.ranges(), _ranges(architecture.front), _ranges(architecture.back)
        outputs = network.run(x, ranges, lengths, (ahead, behind))
        inputs = _input(architecture, without_padding(x, lengths), input_range, input_bits or io_bits)
        source = input_source(inputs, architecture.features)
        for lies in (lies for seen in ranges for lies in seen):
            lies.limit("c", cell_state_limit)
        max_value = architecture.max_value
        first = front.quantize(architecture.front, network.front_weights(), max_value, ahead, source)
        source = front.sources(first, source)[-1]
        layers = _layers(network, ranges, source)
        source = Source(layers[-1].scales) if layers else source
        last = front.quantize(architecture.back, network.back_weights(), max_value, behind, source)
    outputs = without_padding(outputs, lengths) if architecture.answers_each_step else outputs
    limits = finite((float(outputs.min()), float(outputs.max())), "output")
    margin = OUTPUT_MARGIN if headroom is None else headroom.margin(limits)
    out = affine(widened(limits, margin), "output", OUTPUT_CODES[io_bits])
    source = front.sources(last, source)[-1]
    scales = np.tile(source.scale, len(network.kernel) // len(source.scale))
    rows = output_rows(network, scales, inputs)
    output_layer = quantize_product(rows, network.bias, float(scales[-1]), out.scale, "output", fine=io_bits > 8)
    output_layer = without_zero_point(output_layer, source.zero_point, slice(len(scales)))
    found = IntegerNetwork(
        sequence_length=architecture.sequence_length,
        features=architecture.features,
        layers=layers,
        every_step=architecture.every_step,
        input=inputs,
        output=replace(out, scale=output_layer.step),
        output_layer=without_zero_point(output_layer, inputs.zero_point, slice(len(scales), None)),
        softmax=architecture.softmax,
        padding=architecture.padding,
        front=first,
        back=last,
        flattened=architecture.flattened,
    )
    found = interpolated(found) if tables == "interpolated" else found
    return found if exact else without_exact(found)


def _ranges(layers: Sequence[FrontLayer]) -> list[Ranges]:
    return [Ranges() for _ in layers]


def _input(architecture: Architecture, seen: np.ndarray, limits: tuple[float, float] | None, io_bits: IoBits) -> Affine:
    """Return the codes of the inputs: words are their own, and numbers have those that cover what was seen."""
    first = next(iter(architecture.front), None)
    if isinstance(first, Embedding):
        return Words(1.0, 0, words=first.words)
    return affine(limits or (float(seen.min()), float(seen.max())), "input", INPUT_CODES[io_bits])


def output_rows(network: Network, scales: np.ndarray, inputs: Affine) -> np.ndarray:
    """Return the output layer's weights, ``[outputs, values]`` and behind them those of a linear path if there is one.

    Args:
        network: the real numbers.
        scales: of the values that it reads; weights are for values that all have the last of these.
        inputs: codes that the path's weights are for.
    """
    kernels = [(network.kernel, scales)]
    if network.architecture.linear_path:
        kernel = network.linear_kernel
        kernels.append((kernel, input_source(inputs, len(kernel)).scale))
    return np.concatenate([kernel.T * (scale / scales[-1]) for kernel, scale in kernels], axis=1)


def _layers(network: Network, ranges: Sequence[Sequence[Ranges]], source: Source) -> tuple[Layer, ...]:
    """Return the layers, with what lies where in each direction of each, for what comes in from ``source``.

    Raises:
        UserError: if values of one are not finite, or no float32 scale suits them.
    """
    layers: list[Layer] = []
    given, architecture = {INPUT: source}, network.architecture
    stacked = zip(architecture.layers, network.layer_weights(), ranges, strict=True)
    for number, (layer, weights, seen) in enumerate(stacked):
        for limits in (limits for lies in seen for limits in lies.seen.values()):
            finite(limits, "pre-activation")
        source = Source.joined([given[made] for made in architecture.reads[number]])
        integers: Integers = cells.part(layer.cell, "integers")
        directions = tuple(
            integers.quantize(arrays, network.functions(layer), lies, source)
            for arrays, lies in zip(weights, seen, strict=True)
        )
        layers.append(Layer(directions, layer.backwards, layer.repeats, layer.reads))
        given[number] = Source(layers[-1].scales)
    return tuple(layers)
