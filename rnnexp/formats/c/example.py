"""An example program in C: a few sequences from values to answers, beside what these should be."""

from __future__ import annotations

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.c import selftest
from rnnexp.formats.c.text import filled, numbers
from rnnexp.formats.c.values.interface import Interface
from rnnexp.formats.c.values.section import Section
from rnnexp.network.activations import sigmoid

# Sequences in it, and their numbers, at most (but always one sequence).
SEQUENCES, NUMBERS = 4, 2048
# Digits of values that are made of codes, and of answers, which may differ by a share of the largest.
DIGITS, EXPECTED_DIGITS, TOLERANCE = 7, 9, 1e-6


def write(
    interface: Interface,
    name: str,
    about: About,
    section: Section,
    codes: np.ndarray,
    lengths: np.ndarray | None = None,
    samples: np.ndarray | None = None,
) -> str:
    """Return the program.

    Args:
        interface: of the network.
        name: of the files, without suffix.
        about: what the model says of itself.
        section: the C of values.
        codes: input codes, of the network's type.
        lengths: real steps of each.
        samples: other sequences, of all steps, in the data's own units ``[n, time, features]``; None: values are made
            of codes, where these say what values they may be of.
    """
    network, few = interface.network, min(SEQUENCES, max(NUMBERS // codes[0].size, 1))
    codes, lengths = codes[:few], None if lengths is None else lengths[:few]
    values = None
    if section.predicts and not interface.words:
        if samples is not None and lengths is None:
            values = np.asarray(samples[:few], np.float64)
        elif section.encodes:
            values = _values(about, network.input.decode(codes))
    if values is not None:
        offset, scale = about.input_map.scaling(values)
        codes = network.input.encode(((values - offset) / scale).astype(np.float32))
    made = selftest.expected(network, codes, lengths)
    if values is None and not (section.predicts and interface.words):
        return _program(interface, name, codes, made, lengths, predicts=False)
    answers = network.output.decode(made).astype(np.float32).astype(np.float64)
    if interface.classes:
        answers = _probabilities(answers)
    elif about.task == "regression" and values is not None:
        offset, scale = (
            part.reshape(len(part), *[1] * (answers.ndim - 2), -1)
            for part in about.input_map.target_scaling(values, network.outputs)
        )
        answers = offset + scale * answers
    answers = _shortened(answers, EXPECTED_DIGITS)
    return _program(interface, name, codes if values is None else values, answers, lengths, predicts=True)


def _values(about: About, inputs: np.ndarray) -> np.ndarray:
    """Return values in the data's own units that have these inputs, but for their last digits."""
    offset, scale = about.input_map.scaling(inputs)
    return _shortened(offset + scale * inputs, DIGITS)


def _shortened(values: np.ndarray, digits: int) -> np.ndarray:
    return np.vectorize(lambda value: float(f"{value:.{digits}g}"), otypes=[np.float64])(values)


def _probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the probability of every class."""
    if logits.shape[-1] == 1:
        return np.concatenate([sigmoid(-logits), sigmoid(logits)], axis=-1)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _program(
    interface: Interface, name: str, given: np.ndarray, made: np.ndarray, lengths: np.ndarray | None, *, predicts: bool
) -> str:
    """Return a program that goes from values or words to answers, or from input codes to output codes."""
    network, p = interface.network, interface.prefix
    classes = interface.classes if predicts else 0
    width = "CLASSES" if classes else f"{interface.macro}_OUTPUTS"
    real = given.dtype.kind == "f"
    arguments = [] if network.streams else ["&buffers"]
    arguments += ["window"] if lengths is None else ["window", "length"]
    made_type = f"{p}_real" if predicts else interface.output_type
    values = {
        "name": name,
        "p": p,
        "P": interface.macro,
        "what": "values" if real else "words" if interface.words else "codes",
        "sequences": len(given),
        "classes": f"#define CLASSES {classes}\n" if classes else "",
        "answers": interface.each(width),
        "given_type": "double" if real else interface.input_type,
        "window_type": f"{p}_real" if real else interface.input_type,
        "given": numbers(given.reshape(len(given), -1)),
        "expected_type": "double" if predicts else interface.output_type,
        "expected": numbers(made.reshape(len(made), -1)),
        "made_type": made_type,
        "count": f"(int)length * {width}" if lengths is not None and network.answers_each_step else "ANSWERS",
        "tolerance": TOLERANCE * float(np.abs(made).max() or 1.0) if predicts else 0,
        "buffers": "" if network.streams else f"    static {p}_buffers buffers;\n",
        "call": f"{p}_{'predict' if predicts else 'run'}({', '.join([*arguments, 'made'])});",
        "lengths": "",
        "length": "",
        "fetch_length": "",
    }
    if lengths is not None:
        values["lengths"] = filled("example-lengths.c", {"numbers": numbers(lengths)})
        values["length"] = "    int32_t length;\n"
        values["fetch_length"] = "\n    FETCH(&length, &lengths[sequence], sizeof length);"
    values["index"] = "    int i;\n" if real else ""
    values["fetch"] = filled(f"example-{'values' if real else 'codes'}.c", values)
    values["print"] = filled(f"example-{'class' if classes else 'number'}.c", values)
    return filled("example.c", values).rstrip("\n") + "\n"
