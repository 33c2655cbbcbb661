"""An integer network as plain C99: a header, a source file, and a self-test with golden vectors.

No dependency but ``<stdint.h>``, no allocation, no floating point. Of a network that reads forwards the caller keeps
the state, so that samples can come one at a time; of any other the caller provides the memory that a sequence takes.
``rnnexp.quantization.product`` and ``rnnexp.quantization.arithmetic`` have the arithmetic; the texts are in
``templates``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.c import encoding
from rnnexp.formats.c.cell import bias_bytes, bias_type, interleaved
from rnnexp.formats.c.network import Program
from rnnexp.formats.c.text import array, comment, identifier, indented, numbers, string
from rnnexp.network.lengths import clamped
from rnnexp.quantization import reference, tensors
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.front import IntegerConvolution, IntegerEmbedding, Words
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product

TEMPLATES = Path(__file__).parent / "templates"
# Numbers that are compiled into a self-test, at most (but always one sequence).
TEST_NUMBERS = 8192
TEST_SEQUENCES = 16


@dataclass(frozen=True)
class CFiles:
    """The texts, and what the network takes on the target.

    Attributes:
        header: the ``.h``.
        source: the ``.c``.
        test: a program with the golden vectors.
        constant_bytes: of flash, besides the code.
        state_bytes: of memory: the struct that the caller keeps for each stream of samples, or provides for a sequence.
        stack_bytes: of memory for arrays during a step.
    """

    header: str
    source: str
    test: str
    constant_bytes: int
    state_bytes: int
    stack_bytes: int


def to_c(
    network: IntegerNetwork, name: str, about: About, codes: np.ndarray, lengths: np.ndarray | None = None
) -> CFiles:
    """Return the network as C.

    Args:
        network: the integers.
        name: of the files, without suffix; all public C names begin with it, as ``identifier`` spells it.
        about: what the model says of itself: for the comments and the classes' names.
        codes: int8 ``[n, time, features]``, or words, int32 ``[n, time]``, to test with; some of them are taken.
        lengths: real steps of each, ``[n]``, before the padding; None: all.
    """
    few = min(len(codes), TEST_SEQUENCES, max(TEST_NUMBERS // codes[0].size, 1))
    rows = np.linspace(0, len(codes) - 1, few).astype(int)
    codes, lengths = codes[rows], _test_lengths(network, rows, lengths)
    prefix = identifier(name)
    macro, layer = prefix.upper(), network.output_layer
    program = Program(network, macro)
    run = program.stream() if network.streams else program.sequence()
    cells = program.cells()
    columns = "2 * (VALUES + WINDOW)" if network.path_inputs else "2 * VALUES"
    classes = about.classes or range(max(network.outputs, 2))
    what = "logits" if network.softmax else "outputs"
    results = f"{program.output_steps} * {macro}_OUTPUTS" if network.every_step else f"{macro}_OUTPUTS"
    values = {
        "name": name,
        "p": prefix,
        "P": macro,
        "about": comment(about.to_json()),
        "scales": comment({tensor.name: tensor.scale for tensor in tensors.describe(network, {})}),
        "what": what,
        "whole": f"{what} after every step" if network.every_step else f"last {what}",
        "steps": network.sequence_length,
        "features": network.features,
        "outputs": network.outputs,
        "results": results,
        "sizes": "\n".join(f"#define {size} {count}" for size, count in program.sizes.items()),
        "input_scale": network.input.scale,
        "input_zero_point": network.input.zero_point,
        "output_scale": network.output.scale,
        "output_zero_point": network.output.zero_point,
        "state_scales": _state_scales(network, macro),
        "memory": program.memory,
        "columns": columns,
        "fields": indented(kept.field for kept in program.kept),
        **_path(network, macro),
        "accumulator": "int32_t" if program.largest_sum() < 2**31 else "int64_t",
        "code_unit": CODE_UNIT,
        "radix": RADIX,
        "radix_bits": RADIX.bit_length() - 1,
        "cells": cells,
        "values": program.inputs,
        "output": program.output() if network.streams else "",
        "output_kernel": array("int8_t", "output_kernel", [f"{macro}_OUTPUTS", columns], interleaved(layer)),
        "output_bias": array(bias_type(layer), "output_bias", [f"{macro}_OUTPUTS"], layer.bias),
        "output_shift": layer.shift,
        "step_values": len(network.back_sources[-1].scale),
        "start": indented(program.start()),
        "step": indented(program.step()) if network.streams else "",
        **_around(network, prefix, macro),
        "run": indented(run),
        "sequences": len(codes),
        "inputs": numbers(codes.reshape(len(codes), -1)),
        "expected": numbers(_expected(network, codes, lengths).reshape(len(codes), -1)),
        "classes": len(classes),
        "class_names": ",\n".join(f"    {string(str(text))}" for text in classes),
    }
    kind = "stream" if network.streams else "sequence"
    values |= _lengths(network, macro, lengths)
    if network.streams:
        values |= _last_states(network, program, codes, lengths)
    values["class_function"] = _filled("largest.c" if network.outputs > 1 else "likelier.c", values)
    for key, template in (("class_declarations", "classes.h"), ("class_definitions", "classes.c")):
        values[key] = _filled(template, values) if network.softmax else ""
    encoded = encoding.values(about.input_map, network.input)
    for key, template in (("encode_declaration", "encode.h"), ("encode_definition", "encode.c")):
        values[key] = _filled(template, values | encoded) if encoded else ""
    values["saturated"] = _filled("saturated.c", values) if "saturated(" in cells else ""
    values["multiply"] = _filled("multiply.c", values) if "multiply(" in cells or not network.flattened else ""
    values["output_function"] = _filled(f"output-layer{'-of-steps' if network.flattened else ''}.c", values)
    values["look_up"] = _filled("look-up.c", values) if "look_up(" in cells else ""
    on_codes = "input_codes(" in cells or network.path_inputs
    values["input_codes"] = _filled("input-codes.c", values) if on_codes else ""
    values["clear"] = _filled("clear.c", values) if network.layers else ""
    values["window"] = _filled("window.c", values) if program.window else ""
    arriving = "arrives(" in cells
    copy = _filled("copy.c", values) if program.sequences or arriving else ""
    values["copy"] = copy + (_filled("arrives.c", values) if arriving else "")
    for key in ("declarations", "definitions", "check"):
        values[key] = _filled(f"{kind}-{key}.{'h' if key == 'declarations' else 'c'}", values)
    products, tables = _constants(network)
    around = sum(isinstance(layer, IntegerConvolution) for layer in (*network.front, *network.back))
    unit = 4 if any(kept.kind == "int32_t" for kept in program.kept) else 2
    return CFiles(
        header=_filled("network.h", values).rstrip("\n") + "\n",
        source=_filled("network.c", values).rstrip("\n") + "\n",
        test=_filled("test.c", values).rstrip("\n") + "\n",
        constant_bytes=sum(2 * product.high.size + bias_bytes(product) for product in products)
        + sum(2 * len(table) for table in tables)
        + encoding.constant_bytes(about.input_map),
        # The largest number in a struct, of which those come first, is what its size is a multiple of.
        state_bytes=-(-sum(kept.bytes for kept in program.kept) // unit) * unit,
        stack_bytes=max(
            max([4 * product.high.shape[1] for product in products[around:-1]], default=0) + program.front.stack_bytes,
            program.back.stack_bytes,
            _stack_of_output(network),
        ),
    )


def _constants(network: IntegerNetwork) -> tuple[list[Product], list[np.ndarray]]:
    """Return all products and tables of a network, each once."""
    cells = [cell for layer in network.layers for cell in layer.cells]
    products = {id(block.product): block.product for cell in cells for block in cell.blocks}
    around = (*network.front, *network.back)
    convolutions = [layer for layer in around if isinstance(layer, IntegerConvolution)]
    tables = [table.values for cell in cells for table in cell.tables]
    tables += [layer.activation.values for layer in convolutions]
    tables += [layer.embeddings.reshape(-1) for layer in around if isinstance(layer, IntegerEmbedding)]
    return [*(layer.sums for layer in convolutions), *products.values(), network.output_layer], tables


def _stack_of_output(network: IntegerNetwork) -> int:
    """Return what the output layer takes of the stack; the values of all steps it takes step by step."""
    if not network.flattened:
        return 4 * network.output_layer.high.shape[1]
    return 4 * len(network.back_sources[-1].scale) + 8 * network.outputs


def _around(network: IntegerNetwork, prefix: str, macro: str) -> dict[str, str]:
    """Return what depends on what is ahead of the recurrent layers: the input, and which one makes a step."""
    words = isinstance(network.input, Words)
    code = (
        f"The code of an input value is value / {macro}_INPUT_SCALE + {macro}_INPUT_ZERO_POINT, rounded to nearest and "
        "clipped to\n * -128..127; input_map says how values are made of the data."
    )
    word = "An input is the number of a word; one that is out of range counts as the nearest in it."
    step = f"{prefix}_step(&state, inputs[sequence] + time * {macro}_FEATURES)"
    output = f"        {prefix}_output(&state, stepped"
    place = f" + time * {macro}_OUTPUTS" if network.every_step else ""
    stepwise = f"        {step};\n{output}{place});"
    if network.front:
        made = f" + made++ * {macro}_OUTPUTS" if network.every_step else ""
        stepwise = f"        if ({step}) {{\n    {output}{made});\n        }}"
    return {
        "input_type": "int32_t" if words else "int8_t",
        "input_what": "words" if words else "input codes",
        "input_meaning": word if words else code,
        "step_type": "int" if network.front else "void",
        "step_meaning": " Returns whether it was one for\n * the recurrent layers: only then there is another output."
        if network.front
        else "",
        "stepwise": stepwise,
        "made_definition": "    int made = 0;\n" if network.front and network.every_step else "",
    }


def _path(network: IntegerNetwork, macro: str) -> dict[str, str]:
    """Return what the output layer has for a linear path."""
    if not network.path_inputs:
        return dict.fromkeys(("window_size", "window_parameter", "window_codes", "window_meaning"), "")
    return {
        "window_size": f"#define WINDOW ({macro}_TIME_STEPS * {macro}_FEATURES)\n",
        "window_parameter": " const int8_t window[WINDOW],",
        "window_codes": "    input_codes(window, WINDOW, codes + 2 * VALUES);\n",
        "window_meaning": "\n * Its window has the input codes of the last samples: outputs are right once there were\n"
        f" * {macro}_TIME_STEPS of them.",
    }


def _state_scales(network: IntegerNetwork, macro: str) -> str:
    """Return the definitions of the scales of everything that is kept from step to step."""
    found = [
        f"#define {macro}_{(scope + state.name).replace('/', '_').upper()}_SCALE {state.scale}"
        for layer, scopes in zip(network.layers, network.scopes, strict=True)
        for cell, scope in zip(layer.cells, scopes, strict=True)
        for state in cell.states
    ]
    return "\n".join(found)


def _test_lengths(network: IntegerNetwork, rows: np.ndarray, lengths: np.ndarray | None) -> np.ndarray | None:
    """Return the lengths of the self-test's sequences, the shortest and the longest that there can be among them."""
    if not network.variable_length:
        return None
    steps = network.sequence_length
    found = np.full(len(rows), steps) if lengths is None else clamped(lengths[rows], steps)
    found[[0, -1]] = 1, steps
    return found


def _expected(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
    """Return the output codes; in C there is no padding, and real steps come first."""
    return reference.run(replace(network, padding="end"), codes, lengths)


def _lengths(network: IntegerNetwork, macro: str, lengths: np.ndarray | None) -> dict[str, str]:
    """Return what only the C of sequences of different lengths has, and its self-test."""
    if lengths is None:
        names = ("length", "length_line", "length_comment", "steps_definition", "test_length", "test_lengths")
        return {**dict.fromkeys(names, ""), "test_results": "RESULTS", "test_steps": f"{macro}_TIME_STEPS"}
    most = f"{macro}_TIME_STEPS"
    return {
        "length": "int32_t length, ",
        "length_line": "\n    int32_t length,",
        "length_comment": f"\n * It has length samples, without any padding. A length below 1 counts as 1, and one "
        f"beyond\n * {most} as that.",
        "steps_definition": f"\n    const int32_t steps = length < 1 ? 1 : length > {most} ? {most} : length;",
        "test_length": "lengths[sequence], ",
        "test_lengths": f"static const int32_t lengths[SEQUENCES] = {{\n{numbers(lengths)}\n}};\n\n",
        "test_results": f"lengths[sequence] * {macro}_OUTPUTS" if network.answers_each_step else "RESULTS",
        "test_steps": "lengths[sequence]",
    }


def _last_states(
    network: IntegerNetwork, program: Program, codes: np.ndarray, lengths: np.ndarray | None
) -> dict[str, str]:
    """Return the self-test's arrays of all states after the last step, and its comparisons with them."""
    arithmetic = Numbers()
    cells = [layer.cells[0] for layer in network.layers]
    states = [tuple(np.zeros((len(codes), cell.units), np.int64) for _ in cell.states) for cell in cells]
    for time, inputs in enumerate(reference.inputs(network, codes).transpose(1, 0, 2)):
        values, there = inputs, np.full((len(codes), 1), True) if lengths is None else lengths[:, None] > time
        for number, cell in enumerate(cells):
            after = cell.step(arithmetic, [values], states[number])
            states[number] = tuple(np.where(there, *pair) for pair in zip(after, states[number], strict=True))
            values = states[number][0]
    found = zip(program.states, (state for kept in states for state in kept), strict=True)
    definitions, comparisons = [], []
    for kept, values in found:
        (size,) = kept.sizes
        definitions.append(array("int16_t", f"last_{kept.name}", ["SEQUENCES", size], values))
        comparisons.append(f"same_values(state.{kept.name}, last_{kept.name}[sequence], {size})")
    if program.window:
        comparisons.append(f"same_codes(state.window, inputs[sequence], {program.window.sizes[0]})")
    return {"last_states": "\n\n".join(definitions), "same_states": "\n        && ".join(comparisons)}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)
