"""The integer network in NumPy: the specification for whoever builds it in hardware or in C."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from rnnexp.network.front import most_numbers
from rnnexp.network.lengths import at_the_start, placed, real
from rnnexp.network.network import batches, repeated, stepped, through
from rnnexp.network.taps import Taps
from rnnexp.quantization import front
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.cell import IntegerCell, width_of
from rnnexp.quantization.network import IntegerNetwork, Layer


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
        codes: ``[n, time, features]``, of the input's type; or words, int32 ``[n, time]``.
        lengths: real steps of each sequence, ``[n]``, at the end of it that ``padding`` leaves; None: all. One below 1
            counts as 1, and one beyond ``time`` as that.

    Returns:
        ``[n, outputs]``, or ``[n, time, outputs]``, of the output's type, with the zero point at steps of padding.
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
    made = Taps(network.reads, values)
    for number, layer in enumerate(network.layers):
        found.append(_run_layer(layer, made.read(number), lengths))
        made.keep(number, repeated(found[-1], layer.repeats))
        lengths = None if layer.repeats else lengths
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
    return front.run(network.front, network.input.values(codes), network.front_sources[0])


def _run(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    values = inputs(network, at_the_start(codes, lengths, network.padding))
    made, waits = Taps(network.reads, values), network.every_step or network.waits
    for number, layer in enumerate(network.layers):
        last = number == len(network.layers) - 1 and not waits
        values = repeated(_run_layer(layer, made.read(number), lengths, last=last), layer.repeats)
        made.keep(number, values)
        lengths = None if layer.repeats else lengths
    values = front.run(network.back, values, network.sources[-1])
    if network.flattened:
        values = values.reshape(len(values), 1, -1)
    if not network.every_step:
        values = values[:, -1:]
    values = values.reshape(-1, values.shape[2])
    if network.path_inputs:
        values = np.concatenate([values, network.input.values(codes.reshape(len(codes), -1))], axis=1)
    sums = network.output_layer.multiply(values)
    found = network.output.clip(sums + network.output.zero_point)
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
    if lengths is None and all(state.fresh for state in cell.states):
        # All steps at once.
        made, *_ = cell.step(numbers, [values.reshape(-1, values.shape[2])], [None] * len(cell.states))
        return [made.reshape(*values.shape[:2], -1)]

    def step(inputs: np.ndarray, states: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        return cell.step(numbers, [inputs], states)

    start = [np.zeros((len(values), width_of(cell, state)), np.int64) for state in cell.states]
    return [np.stack([own for own, *_ in stepped(step, values, start, lengths)], axis=1)]
