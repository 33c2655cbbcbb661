"""An integer network on a tape: what ``rnnexp.quantization.reference`` computes, with gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnexp.network.lengths import clamped, placed, reverse
from rnnexp.network.taps import INPUT
from rnnexp.network.windows import by_group
from rnnexp.quantization.cell import IntegerCell, width_of
from rnnexp.quantization.cut import activated
from rnnexp.quantization.front import LOWEST, IntegerConvolution, IntegerFrontLayer, IntegerPooling
from rnnexp.quantization.network import IntegerNetwork, Layer
from rnnexp.quantization.product import RADIX
from rnnexp.quantization.tuning.tape import Number, Tape


def outputs(network: IntegerNetwork, tape: Tape, codes: np.ndarray, lengths: np.ndarray | None = None) -> list[Number]:
    """Return the outputs at each step that has some, before they are rounded, in steps of them without zero point.

    Args:
        network: the integers, in whose products' place the tape has weights.
        tape: what computes.
        codes: inputs ``[n, time, ...]``, padded at their end.
        lengths: real steps of each, ``[n]``; None: all.
    """
    values = Number(network.input.values(codes).astype(np.float64))
    given = {INPUT: tape.steps(_parallel(network.front, tape, values, network.front_sources[0].zero_point))}
    own = lengths
    waits = network.every_step or network.waits
    steps = given[INPUT]
    for number, layer in enumerate(network.layers):
        read = [given[made] for made in network.reads[number]]
        last = bool(layer.repeats) or (number == len(network.layers) - 1 and not waits)
        steps = _layer(layer, tape, [tape.joined(parts) for parts in zip(*read, strict=True)], own, last=last)
        steps = steps * layer.repeats if layer.repeats else steps
        own = None if layer.repeats else own
        given[number] = steps
    tape.counted = None
    if network.back:
        steps = tape.steps(_parallel(network.back, tape, tape.sequence(steps), network.sources[-1].zero_point))
    if network.flattened:
        steps = [tape.reshaped(tape.sequence(steps), (len(codes), -1))]
    elif not network.every_step:
        steps = steps[-1:]
    if network.path_inputs:
        path = network.input.values(placed(codes, lengths, network.padding)).reshape(len(codes), -1)
        steps = [tape.joined([*steps, Number(path.astype(np.float64))])]
    return [tape.sums(network.output_layer, values) for values in steps]


def _layer(
    layer: Layer, tape: Tape, steps: Sequence[Number], lengths: np.ndarray | None, *, last: bool
) -> list[Number]:
    """Return the values after every step, or after the ``last`` one alone."""
    first, *second = layer.cells
    found = _cell(first, tape, _reversed(tape, steps, lengths) if layer.backwards else steps, lengths)
    if last:
        found = found[-1:]
    if not second:
        return found
    others = _cell(second[0], tape, _reversed(tape, steps, lengths), lengths)
    others = others[-1:] if last else list(_reversed(tape, others, lengths))
    return [tape.joined(both) for both in zip(found, others, strict=True)]


def _cell(cell: IntegerCell, tape: Tape, steps: Sequence[Number], lengths: np.ndarray | None) -> list[Number]:
    """Return a cell's own values after every step."""
    rows = len(steps[0].value)
    states = [Number(np.zeros((rows, width_of(cell, state)))) for state in cell.states]
    found = []
    for time, inputs in enumerate(steps):
        goes_on = None if lengths is None else clamped(lengths, len(steps)) > time
        tape.counted = goes_on
        after = cell.step(tape, [inputs], states)
        if goes_on is None or goes_on.all():
            states = list(after)
        else:
            states = [tape.held(new, old, goes_on[:, None]) for new, old in zip(after, states, strict=True)]
        found.append(states[0])
    return found


def _reversed(tape: Tape, steps: Sequence[Number], lengths: np.ndarray | None) -> Sequence[Number]:
    if lengths is None:
        return steps[::-1]
    places = np.broadcast_to(np.arange(len(steps)), (len(lengths), len(steps)))
    return tape.steps(tape.moved(tape.sequence(steps), reverse(places, lengths)))


def _parallel(layers: Sequence[IntegerFrontLayer], tape: Tape, values: Number, zero_point: Any) -> Number:
    """Return what layers that are parallel in time make of sequences."""
    for layer in layers:
        match layer:
            case IntegerConvolution():
                values = _convolution(layer, tape, values, RADIX * float(zero_point))
            case IntegerPooling():
                places = layer.of(_places(values), -1)[0]
                steps, width = layer.extent(*values.value.shape[1:])
                most = tape.largest(tape.picked(values, places, LOWEST), (3, 4))
                values = tape.reshaped(most, (len(values.value), steps, width))
                continue
            case _:
                # An embedding is only read: its vectors stay as they are.
                values = Number(layer.run(values.value.astype(np.int64), 0).astype(np.float64))
        zero_point = 0
    return values


def _convolution(layer: IntegerConvolution, tape: Tape, values: Number, zero: float) -> Number:
    rows = len(values.value)
    steps, width = layer.extent(*values.value.shape[1:])
    columns, found, each = by_group(layer.of(_places(values), -1), layer.groups), [], layer.filters // layer.groups
    for group, places in enumerate(columns):
        window = tape.reshaped(tape.picked(values, places, zero), (-1, layer.window))
        found.append(tape.sums(layer.sums, window, slice(group * each, (group + 1) * each)))
    made = activated(tape, layer.activation, tape.rounded(tape.joined(found)), "values")
    return tape.reshaped(made, (rows, steps, width))


def _places(values: Number) -> np.ndarray:
    """Return the number of each place in a sequence."""
    _, steps, width = values.value.shape
    return np.arange(steps * width).reshape(1, steps, width)
