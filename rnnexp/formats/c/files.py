"""An integer network as plain C99: a header, a source file, and a self-test with golden vectors.

No dependency but ``<stdint.h>``, no allocation, no floating point. Of a network that reads forwards the caller keeps
the state, so that samples can come one at a time; of any other the caller provides the memory that a sequence takes.
``rnnexp.quantization.product`` and ``rnnexp.quantization.arithmetic`` have the arithmetic; the texts are in
``templates``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.c import encoding
from rnnexp.formats.c.cell import bias_bytes, bias_type, interleaved
from rnnexp.formats.c.network import Program
from rnnexp.formats.c.text import array, comment, identifier, indented, numbers, string
from rnnexp.quantization import reference, tensors
from rnnexp.quantization.arithmetic import Numbers
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


def to_c(network: IntegerNetwork, name: str, about: About, codes: np.ndarray) -> CFiles:
    """Return the network as C.

    Args:
        network: the integers.
        name: of the files, without suffix; all public C names begin with it, as ``identifier`` spells it.
        about: what the model says of itself: for the comments and the classes' names.
        codes: int8 ``[n, time, features]`` to test with; some of them are taken.
    """
    few = min(len(codes), TEST_SEQUENCES, max(TEST_NUMBERS // codes[0].size, 1))
    codes = codes[np.linspace(0, len(codes) - 1, few).astype(int)]
    prefix = identifier(name)
    macro, layer = prefix.upper(), network.output_layer
    program = Program(network, macro)
    cells, run = program.cells(), program.stream() if network.forward else program.sequence()
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
        "place": f" + time * {macro}_OUTPUTS" if network.every_step else "",
        "sizes": "\n".join(f"#define {size} {count}" for size, count in program.sizes.items()),
        "input_scale": network.input.scale,
        "input_zero_point": network.input.zero_point,
        "output_scale": network.output.scale,
        "output_zero_point": network.output.zero_point,
        "state_scales": _state_scales(network, macro),
        "memory": program.memory,
        "fields": "\n".join(
            f"    int16_t {kept.name}{''.join(f'[{size}]' for size in kept.sizes)};"
            for kept in (*program.states, *program.sequences)
        ),
        "accumulator": "int32_t" if program.largest_sum() < 2**31 else "int64_t",
        "code_unit": CODE_UNIT,
        "radix": RADIX,
        "radix_bits": RADIX.bit_length() - 1,
        "cells": cells,
        "values": program.inputs,
        "last_values": program.last_values,
        "output_kernel": array("int8_t", "output_kernel", [f"{macro}_OUTPUTS", "2 * VALUES"], interleaved(layer)),
        "output_bias": array(bias_type(layer), "output_bias", [f"{macro}_OUTPUTS"], layer.bias),
        "output_shift": layer.shift,
        "start": indented(program.start()),
        "step": indented(program.step()) if network.forward else "",
        "run": indented(run),
        "sequences": len(codes),
        "inputs": numbers(codes.reshape(len(codes), -1)),
        "expected": numbers(reference.run(network, codes).reshape(len(codes), -1)),
        "classes": len(classes),
        "class_names": ",\n".join(f"    {string(str(text))}" for text in classes),
    }
    kind = "stream" if network.forward else "sequence"
    if network.forward:
        values |= _last_states(network, program, codes)
    values["class_function"] = _filled("largest.c" if network.outputs > 1 else "likelier.c", values)
    for key, template in (("class_declarations", "classes.h"), ("class_definitions", "classes.c")):
        values[key] = _filled(template, values) if network.softmax else ""
    encoded = encoding.values(about.input_map, network.input)
    for key, template in (("encode_declaration", "encode.h"), ("encode_definition", "encode.c")):
        values[key] = _filled(template, values | encoded) if encoded else ""
    values["saturated"] = _filled("saturated.c", values) if "saturated(" in cells else ""
    values["copy"] = _filled("copy.c", values) if program.sequences else ""
    for key in ("declarations", "definitions", "check"):
        values[key] = _filled(f"{kind}-{key}.{'h' if key == 'declarations' else 'c'}", values)
    products, tables = _constants(network)
    return CFiles(
        header=_filled("network.h", values).rstrip("\n") + "\n",
        source=_filled("network.c", values).rstrip("\n") + "\n",
        test=_filled("test.c", values).rstrip("\n") + "\n",
        constant_bytes=sum(2 * product.high.size + bias_bytes(product) for product in products)
        + sum(2 * len(table) for table in tables)
        + encoding.constant_bytes(about.input_map),
        state_bytes=sum(2 * kept.count for kept in (*program.states, *program.sequences)),
        stack_bytes=max(4 * product.high.shape[1] for product in products),
    )


def _constants(network: IntegerNetwork) -> tuple[list[Product], list[np.ndarray]]:
    """Return all products and tables of a network, each once."""
    cells = [cell for layer in network.layers for cell in layer.cells]
    products = {id(block.product): block.product for cell in cells for block in cell.blocks}
    return [*products.values(), network.output_layer], [table.values for cell in cells for table in cell.tables]


def _state_scales(network: IntegerNetwork, macro: str) -> str:
    """Return the definitions of the scales of everything that is kept from step to step."""
    found = [
        f"#define {macro}_{(scope + state.name).replace('/', '_').upper()}_SCALE {state.scale}"
        for layer, scopes in zip(network.layers, network.scopes, strict=True)
        for cell, scope in zip(layer.cells, scopes, strict=True)
        for state in cell.states
    ]
    return "\n".join(found)


def _last_states(network: IntegerNetwork, program: Program, codes: np.ndarray) -> dict[str, str]:
    """Return the self-test's arrays of all states after the last step, and its comparisons with them."""
    arithmetic = Numbers()
    cells = [layer.cells[0] for layer in network.layers]
    states = [tuple(np.zeros((len(codes), cell.units), np.int64) for _ in cell.states) for cell in cells]
    for inputs in codes.transpose(1, 0, 2).astype(np.int64) * RADIX:
        values = inputs
        for number, cell in enumerate(cells):
            states[number] = cell.step(arithmetic, [values], states[number])
            values = states[number][0]
    found = zip(program.states, (state for kept in states for state in kept), strict=True)
    definitions, comparisons = [], []
    for kept, values in found:
        (size,) = kept.sizes
        definitions.append(array("int16_t", f"last_{kept.name}", ["SEQUENCES", size], values))
        comparisons.append(f"same_values(state.{kept.name}, last_{kept.name}[sequence], {size})")
    return {"last_states": "\n\n".join(definitions), "same_states": "\n        && ".join(comparisons)}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)
