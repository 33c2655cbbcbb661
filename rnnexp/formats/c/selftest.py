"""The self-test of a network's C: what goes in, what has to come out, and the states after the last step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.formats.c.network import Program
from rnnexp.formats.c.text import array
from rnnexp.network.lengths import clamped
from rnnexp.network.taps import INPUT
from rnnexp.quantization import reference
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.cell import width_of
from rnnexp.quantization.network import IntegerNetwork


def lengths_of(network: IntegerNetwork, rows: np.ndarray, lengths: np.ndarray | None) -> np.ndarray | None:
    """Return the lengths of the self-test's sequences, the shortest and the longest that there can be among them."""
    if not network.variable_length:
        return None
    steps = network.sequence_length
    found = np.full(len(rows), steps) if lengths is None else clamped(lengths[rows], steps)
    found[[0, -1]] = 1, steps
    return found


def expected(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Return the output codes; in C there is no padding, and real steps come first."""
    return reference.run(replace(network, padding="end"), codes, lengths)


def lengths_array(lengths: np.ndarray | None) -> str:
    """Return the definition of the real steps of sequences, if they can be shorter."""
    return "" if lengths is None else array("int32_t", "lengths", ["SEQUENCES"], lengths) + "\n\n"


def stepwise(network: IntegerNetwork, prefix: str, macro: str) -> dict[str, str]:
    """Return the statements for a sample: its step, and the output where it made one."""
    step = f"{prefix}_step(&state, given + time * {macro}_FEATURES)"
    output = f"        {prefix}_output(&state, stepped"
    if not network.front:
        place = f" + time * {macro}_OUTPUTS" if network.every_step else ""
        return {"stepwise": f"        {step};\n{output}{place});", "made_definition": ""}
    place = f" + made++ * {macro}_OUTPUTS" if network.every_step else ""
    return {
        "stepwise": f"        if ({step}) {{\n    {output}{place});\n        }}",
        "made_definition": "    int made = 0;\n" if network.every_step else "",
    }


def last_states(
    network: IntegerNetwork, program: Program, codes: np.ndarray, lengths: np.ndarray | None
) -> dict[str, str]:
    """Return the self-test's arrays of all states after the last step, and its comparisons with them."""
    arithmetic = Numbers()
    cells = [layer.cells[0] for layer in network.layers]
    states = [tuple(np.zeros((len(codes), width_of(cell, state)), np.int64) for state in cell.states) for cell in cells]
    for time, inputs in enumerate(reference.inputs(network, codes).transpose(1, 0, 2)):
        given, there = {INPUT: inputs}, np.full((len(codes), 1), True) if lengths is None else lengths[:, None] > time
        for number, cell in enumerate(cells):
            after = cell.step(arithmetic, [given[made] for made in network.reads[number]], states[number])
            states[number] = tuple(np.where(there, *pair) for pair in zip(after, states[number], strict=True))
            given[number] = states[number][0]
    found = zip(program.states, (state for kept in states for state in kept), strict=True)
    definitions, comparisons = [], []
    for kept, values in found:
        (size,) = kept.sizes
        definitions.append(array("int16_t", f"last_{kept.name}", ["SEQUENCES", size], values))
        comparisons.append(f"same_values(state.{kept.name}, last_{kept.name}[sequence], {size})")
    if program.window:
        comparisons.append(f"same_inputs(state.window, inputs[sequence], {program.window.sizes[0]})")
    return {"last_states": "\n\n".join(definitions), "same_states": "\n        && ".join(comparisons)}
