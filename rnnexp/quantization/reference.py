"""The integer network in NumPy: the specification for whoever builds it in hardware or in C."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from rnnexp.network.front import most_numbers
from rnnexp.network.lengths import at_the_start, placed, real
from rnnexp.network.network import batches, repeated, stepped, through
from rnnexp.quantization import front
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.front import Words
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import RADIX


def outputs(network: IntegerNetwork, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return what an integer network makes of real inputs, before any softmax, in real numbers.

    Padding is at the end of the inputs, and of outputs at every step, wherever the exported model has it.
    """
    codes = run(network, placed(network.input.encode(x), lengths, network.padding), lengths)
    if network.answers_each_step:
        codes = at_the_start(codes, lengths, network.padding)
    return network.output.decode(codes)


def run(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return the output codes, before any softmax.

    Args:
        network: the integers.
        codes: int8 ``[n, time, features]``; or words, int32 ``[n, time]``.
        lengths: real steps of each sequence, ``[n]``, at the end of it that ``padding`` leaves; None: all. One below 1
            counts as 1, and one beyond ``time`` as that.

    Returns:
        int8 ``[n, outputs]``, or ``[n, time, outputs]``, with the zero point at steps of padding.
    """
    found, begin = [], 0
    for part in batches(codes, _most_numbers(network, codes.shape[1])):
        found.append(_run(network, part, lengths if lengths is None else lengths[begin : begin + len(part)]))
        begin += len(part)
    return np.concatenate(found)


def states(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None = None) -> list[np.ndarray]:
    """Return the values of each layer after every step that it takes, int64 ``[n, time, units]``.

    After the real steps, of which there are ``lengths``, nothing changes any more.
    """
    values, found = inputs(network, at_the_start(codes, lengths, network.padding)), []
    for layer in network.layers:
        found.append(_run_layer(layer, values, lengths))
        values, lengths = repeated(found[-1], layer.repeats), None if layer.repeats else lengths
    return found


def context(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
    """Return what an encoder-decoder's encoder hands over, int64 ``[n, values]``."""
    return states(network, codes, lengths)[len(network.encoder) - 1][:, -1]


def _most_numbers(network: IntegerNetwork, steps: int) -> int:
    """Return how many numbers there are at once of one step of a sequence, on the average."""
    widths = [len(source.scale) for source in network.sources]
    most = max(
        most_numbers(network.front, steps, network.features),
        most_numbers(network.back, network.front_steps, widths[-1]),
    )
    return max(*widths, -(-most // steps))


def inputs(network: IntegerNetwork, codes: np.ndarray) -> np.ndarray:
    """Return what the recurrent layers read of codes that are padded at their end, int64 ``[n, time, width]``."""
    given = network.front_sources[0]
    values = codes.astype(np.int64)
    return front.run(network.front, values if isinstance(network.input, Words) else values * RADIX, given)


def _run(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    values = inputs(network, at_the_start(codes, lengths, network.padding))
    waits = network.every_step or network.waits
    for number, layer in enumerate(network.layers, 1):
        values = _run_layer(layer, values, lengths, last=number == len(network.layers) and not waits)
        values, lengths = repeated(values, layer.repeats), None if layer.repeats else lengths
    values = front.run(network.back, values, network.sources[-1])
    if network.flattened:
        values = values.reshape(len(values), 1, -1)
    if not network.every_step:
        values = values[:, -1:]
    values = values.reshape(-1, values.shape[2])
    if network.path_inputs:
        values = np.concatenate([values, RADIX * codes.reshape(len(codes), -1).astype(np.int64)], axis=1)
    sums = network.output_layer.multiply(values)
    found = np.clip(sums + network.output.zero_point, -128, 127).astype(np.int8)
    if not network.every_step:
        return found
    found = found.reshape(len(codes), -1, network.outputs)
    if lengths is None:
        return found
    found[~real(lengths, found.shape[1])] = network.output.zero_point
    return placed(found, lengths, network.padding)


def _run_layer(
    layer: Layer, values: np.ndarray, lengths: np.ndarray | None = None, *, last: bool = False
) -> np.ndarray:
    """Return the values after every step, int64 ``[n, time, units]``; with ``last``, only the last ones count."""
    directions = [partial(_values, cell) for cell in layer.cells]
    return through(directions, values, lengths, backwards=layer.backwards, last=last or bool(layer.repeats))[0]


def _values(cell: IntegerCell, values: np.ndarray, lengths: np.ndarray | None) -> list[np.ndarray]:
    """Return a cell's own values for those that come in, ``[n, time, ...]``, after every step."""
    numbers = Numbers()

    def step(inputs: np.ndarray, states: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        return cell.step(numbers, [inputs], states)

    start = [np.zeros((len(values), cell.units), np.int64)] * len(cell.states)
    return [np.stack([own for own, *_ in stepped(step, values, start, lengths)], axis=1)]
