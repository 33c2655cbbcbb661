"""The integer network as plain C99: a header, a source file, and a self-test with golden vectors.

No dependency but ``<stdint.h>``, no allocation, no floating point. The caller keeps the state, so samples can come one
at a time. ``rnnexp.quantization.network`` has the arithmetic; the texts are in ``templates``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from rnnexp.quantization import reference
from rnnexp.quantization.network import CODE_UNIT, RADIX, IntegerNetwork, Product, split

TEMPLATES = Path(__file__).parent / "templates"
NUMBERS_PER_LINE = 20
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
        state_bytes: of memory, kept by the caller for each stream of samples.
        stack_bytes: of memory for arrays during a step.
    """

    header: str
    source: str
    test: str
    constant_bytes: int
    state_bytes: int
    stack_bytes: int


def to_c(network: IntegerNetwork, name: str, about: Mapping[str, Any], codes: np.ndarray) -> CFiles:
    """Return the network as C.

    Args:
        network: the integers.
        name: of the files, without suffix; all public C names begin with it, as ``identifier`` spells it.
        about: what ``rnnexp.export.metadata.describe`` says of the run: for the comments and the classes' names.
        codes: int8 ``[n, time, features]`` to test with; some of them are taken.
    """
    features, units, outputs = network.features, network.hidden_size, network.outputs
    prefix = identifier(name)
    few = min(len(codes), TEST_SEQUENCES, max(TEST_NUMBERS // codes[0].size, 1))
    codes = codes[np.linspace(0, len(codes) - 1, few).astype(int)]
    last_states = reference.states(network, codes)[:, -1]
    cell, layer = network.cell, network.output_layer
    values = {
        "name": name,
        "p": prefix,
        "P": prefix.upper(),
        "about": _comment(about),
        "results": "logits" if network.softmax else "outputs",
        "steps": network.sequence_length,
        "features": features,
        "units": units,
        "outputs": outputs,
        "input_scale": network.input.scale,
        "input_zero_point": network.input.zero_point,
        "output_scale": network.output.scale,
        "output_zero_point": network.output.zero_point,
        "state_scale": network.state_scale,
        "code_unit": CODE_UNIT,
        "radix": RADIX,
        "radix_bits": RADIX.bit_length() - 1,
        "accumulator": "int32_t" if max(_largest_sum(network, part) for part in (cell, layer)) < 2**31 else "int64_t",
        "cell_kernel": _numbers(_interleaved(cell)),
        "cell_bias": _numbers(cell.bias),
        "cell_shift": cell.shift,
        "table": _numbers(network.table),
        "last_entry": len(network.table) - 1,
        "output_kernel": _numbers(_interleaved(layer)),
        "output_bias": _numbers(layer.bias),
        "output_shift": layer.shift,
        "sequences": len(codes),
        "inputs": _numbers(codes.reshape(len(codes), -1)),
        "last_states": _numbers(last_states),
        "last_outputs": _numbers(reference.output(network, last_states)),
        "class_names": ",\n".join(f"    {_string(str(text))}" for text in about.get("classes", range(outputs))),
    }
    for key, template in (("class_declarations", "classes.h"), ("class_definitions", "classes.c")):
        values[key] = _filled(template, values) if network.softmax else ""
    inputs = features + units
    return CFiles(
        header=_filled("network.h", values),
        source=_filled("network.c", values),
        test=_filled("test.c", values),
        constant_bytes=2 * units * (inputs + outputs) + 4 * (units + outputs) + 2 * len(network.table),
        state_bytes=2 * units,
        stack_bytes=4 * inputs,
    )


def identifier(name: str) -> str:
    """Return what all C names of a model begin with: lower-case letters, digits and underscores.

    Raises:
        ValueError: if nothing of the name can be used.
    """
    found = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not found:
        raise ValueError(f"no C identifier can be made of {name!r}")
    return f"rnn_{found}" if found[0].isdigit() else found


def _largest_sum(network: IntegerNetwork, product: Product) -> int:
    """Return a bound on a product's sums, rounding included, over all inputs and states that there can be."""
    features = product.high.shape[1] - network.hidden_size
    state = int(np.abs(network.table.astype(np.int64)).max())
    values = np.concatenate([np.full(features, 128 * RADIX), np.full(network.hidden_size, state)])
    sums = np.abs(product.high.astype(np.int64)) @ (CODE_UNIT * values) + np.abs(product.bias)
    if product.low is not None:
        upper = np.maximum(np.abs(split(values)[0]), np.abs(split(-values)[0]))
        sums = sums + np.abs(product.low.astype(np.int64)) @ (CODE_UNIT * upper)
    return int(sums.max()) + (1 << (product.shift - 1))


def _interleaved(product: Product) -> np.ndarray:
    """Return the weights ``[units, 2 * inputs]``, both parts of each side by side."""
    low = np.zeros_like(product.high) if product.low is None else product.low
    return np.stack([product.high, low], axis=2).reshape(len(product.high), -1)


def _numbers(values: np.ndarray, indent: str = "    ") -> str:
    """Return the inside of an array's initialiser."""
    if values.ndim > 1:
        return ",\n".join(f"{indent}{{\n{_numbers(row, 2 * indent)}\n{indent}}}" for row in values)
    texts = [str(value) for value in values.tolist()]
    lines = [", ".join(texts[i : i + NUMBERS_PER_LINE]) for i in range(0, len(texts), NUMBERS_PER_LINE)]
    return ",\n".join(indent + line for line in lines)


def _string(text: str) -> str:
    """Return a string literal: everything but plain ASCII in octal."""
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def _comment(about: Mapping[str, Any]) -> str:
    """Return the description of a model as lines inside a comment."""
    lines = (f"{key}: {value}".replace("*/", "* /").replace("\n", " ") for key, value in about.items())
    return "\n".join(f" *   {line}" for line in lines)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)
    return text if template.startswith("classes") else text.rstrip("\n") + "\n"
