"""Plain post-training quantisation: a network and where its values lie, to an integer network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnnexp.errors import UserError
from rnnexp.network import cells
from rnnexp.network.lengths import without_padding
from rnnexp.network.network import Network
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.cell import Integers, Source, input_source
from rnnexp.quantization.headroom import Headroom
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.rounding import quantize_product, without_zero_point
from rnnexp.quantization.scales import OUTPUT_MARGIN, Affine, affine, finite, widened


def quantize(
    network: Network,
    x: np.ndarray,
    input_range: tuple[float, float] | None = None,
    lengths: np.ndarray | None = None,
    headroom: Headroom | None = None,
) -> IntegerNetwork:
    """Quantise a network plainly, with ranges over every step of the training part ``x``.

    Args:
        network: the real numbers.
        x: ``[n, time, features]``.
        input_range: the smallest and the largest input, where ``x`` is not all of the training part.
        lengths: real steps of each sequence, ``[n]``; None: all.
        headroom: for outputs beyond those of ``x``; None: the usual.

    Raises:
        UserError: if a weight or a range is not a finite number, or no float32 scale suits it.
    """
    architecture = network.architecture
    for name, values in zip(architecture.shapes, network.weights, strict=True):
        if not np.isfinite(values).all():
            raise UserError(f"{name} has values that are not finite numbers: nothing to quantise")
    # Far out, exp is infinite on the way to a finite result.
    with np.errstate(over="ignore"):
        ranges = network.ranges()
        outputs = network.run(x, ranges, lengths)
        seen = without_padding(x, lengths)
        inputs = affine(input_range or (float(seen.min()), float(seen.max())), "input")
        source = input_source(inputs.scale, inputs.zero_point, architecture.features)
        layers = _layers(network, ranges, source)
    outputs = without_padding(outputs, lengths) if architecture.answers_each_step else outputs
    limits = finite((float(outputs.min()), float(outputs.max())), "output")
    margin = OUTPUT_MARGIN if headroom is None else headroom.margin(limits)
    out = affine(widened(limits, margin), "output")
    scales = layers[-1].scales
    rows = output_rows(network, scales, inputs)
    output_layer = quantize_product(rows, network.bias, float(scales[-1]), out.scale, "output")
    return IntegerNetwork(
        sequence_length=architecture.sequence_length,
        features=architecture.features,
        layers=layers,
        every_step=architecture.every_step,
        input=inputs,
        output=Affine(output_layer.step, out.zero_point),
        output_layer=without_zero_point(output_layer, inputs.zero_point, slice(len(scales), None)),
        softmax=architecture.softmax,
        padding=architecture.padding,
    )


def output_rows(network: Network, scales: np.ndarray, inputs: Affine) -> np.ndarray:
    """Return the output layer's weights, ``[outputs, values]`` and behind them those of a linear path if there is one.

    Args:
        network: the real numbers.
        scales: of the last layer's values; weights are for values that all have the last of these.
        inputs: codes that the path's weights are for.
    """
    kernels = [(network.kernel, scales)]
    if network.architecture.linear_path:
        kernel = network.linear_kernel
        kernels.append((kernel, input_source(inputs.scale, inputs.zero_point, len(kernel)).scale))
    return np.concatenate([kernel.T * (scale / scales[-1]) for kernel, scale in kernels], axis=1)


def _layers(network: Network, ranges: Sequence[Sequence[Ranges]], source: Source) -> tuple[Layer, ...]:
    """Return the layers, with what lies where in each direction of each, for what comes in from ``source``.

    Raises:
        UserError: if values of one are not finite, or no float32 scale suits them.
    """
    layers: list[Layer] = []
    for layer, weights, seen in zip(network.architecture.layers, network.layer_weights(), ranges, strict=True):
        for limits in (limits for lies in seen for limits in lies.seen.values()):
            finite(limits, "pre-activation")
        integers: Integers = cells.part(layer.cell, "integers")
        directions = tuple(
            integers.quantize(arrays, network.activation, lies, source)
            for arrays, lies in zip(weights, seen, strict=True)
        )
        layers.append(Layer(directions, layer.backwards, layer.repeats))
        source = Source(layers[-1].scales)
    return tuple(layers)
