"""An integer network as plain C99: a header, a source file, a self-test with golden vectors, and an example program.

No dependency but ``<stdint.h>``, no allocation; floating point only from values to codes and on to answers. Of a
network that reads forwards the caller keeps the state, so that samples can come one at a time; of any other the caller
provides the memory that a sequence takes.
``rnnexp.quantization.product`` and ``rnnexp.quantization.arithmetic`` have the arithmetic; the texts are in
``templates``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.c import example, listening, rows, selftest, statement
from rnnexp.formats.c.network import Program
from rnnexp.formats.c.passes import Passes
from rnnexp.formats.c.sound import golden
from rnnexp.formats.c.sound import program as sound_program
from rnnexp.formats.c.sound import section as sound
from rnnexp.formats.c.text import code_type, comment, identifier, indented, numbers, sentences, string
from rnnexp.formats.c.text import filled as _filled
from rnnexp.formats.c.values import section
from rnnexp.formats.c.values.interface import Interface
from rnnexp.quantization import tensors
from rnnexp.quantization.front import Words
from rnnexp.quantization.interpolation import SPACING
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.product import CODE_UNIT, RADIX

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
        main: an example program, from values to answers.
        constant_bytes: of flash, besides the code.
        state_bytes: of memory: the struct that the caller keeps for each stream of samples, or provides for a sequence.
        stack_bytes: of memory for arrays during a step.
        sound_bytes: of memory for what makes input codes of sound; 0 where nothing does.
    """

    header: str
    source: str
    test: str
    main: str
    constant_bytes: int
    state_bytes: int
    stack_bytes: int
    sound_bytes: int = 0


def to_c(
    network: IntegerNetwork,
    name: str,
    about: About,
    codes: np.ndarray,
    lengths: np.ndarray | None = None,
    samples: np.ndarray | None = None,
) -> CFiles:
    """Return the network as C.

    Args:
        network: the integers.
        name: of the files, without suffix; all public C names begin with it, as ``identifier`` spells it.
        about: what the model says of itself: for the comments and the classes' names.
        codes: ``[n, time, features]``, of the input's type, or words, int32 ``[n, time]``, to test with; some of them
            are taken.
        lengths: real steps of each, ``[n]``, before the padding; None: all.
        samples: a few sequences in the data's own units, ``[n, time, features]``, for the example program; None: none
            are known.
    """
    few = min(len(codes), TEST_SEQUENCES, max(TEST_NUMBERS // codes[0].size, 1))
    chosen = np.linspace(0, len(codes) - 1, few).astype(int)
    codes, lengths = codes[chosen], selftest.lengths_of(network, chosen, lengths)
    prefix = identifier(name)
    macro, layer = prefix.upper(), network.output_layer
    program = Program(network, macro)
    passes = Passes(program)
    run = passes.stream() if network.streams else passes.sequence()
    cells = program.cells()
    classes = about.classes or range(max(network.outputs, 2))
    what = "logits" if network.softmax else "outputs"
    results = f"{program.output_steps} * {macro}_OUTPUTS" if network.every_step else f"{macro}_OUTPUTS"
    values = {
        "name": name,
        "p": prefix,
        "P": macro,
        "about": sentences(statement.of(about)),
        "scales": comment({tensor.name: tensor.scale for tensor in tensors.describe(network, {})}),
        "what": what,
        "whole": f"{what} after every step" if network.every_step else f"last {what}",
        "steps": network.sequence_length,
        "features": network.features,
        "outputs": network.outputs,
        "results": results,
        "sizes": "\n".join(f"#define {size} {count}" for size, count in program.sizes.items()),
        "input_type": code_type(network.input),
        "output_type": code_type(network.output),
        "lowest_input": network.input.lowest,
        "highest_input": network.input.highest,
        "lowest_output": network.output.lowest,
        "highest_output": network.output.highest,
        "input_scale": network.input.scale,
        "input_zero_point": network.input.zero_point,
        "output_scale": network.output.scale,
        "output_zero_point": network.output.zero_point,
        "state_scales": _state_scales(network, macro),
        "memory": program.memory,
        "fields": indented(kept.field for kept in program.kept),
        **_path(network, macro),
        "accumulator": program.accumulator,
        "row_sum": program.row_sum,
        "flash": _filled("flash.h", {}),
        "code_unit": CODE_UNIT,
        "radix": RADIX,
        "radix_bits": RADIX.bit_length() - 1,
        "cells": cells,
        "values": program.inputs,
        "output": program.output() if network.streams else "",
        "output_constants": program.output_layer.constants,
        "output_shift": layer.shift,
        "step_values": len(network.back_sources[-1].scale),
        "start": indented(program.start()),
        "step": indented(program.step()) if network.streams else "",
        **_around(network, macro),
        "same_inputs": "",
        "run": indented(run),
        "sequences": len(codes),
        "inputs": numbers(codes.reshape(len(codes), -1)),
        "expected": numbers(selftest.expected(network, codes, lengths).reshape(len(codes), -1)),
        "classes": len(classes),
        "class_names": ",\n".join(f"    {string(str(text))}" for text in classes),
    }
    kind = "stream" if network.streams else "sequence"
    values |= _lengths(network, macro, lengths)
    if network.streams:
        values |= selftest.last_states(network, program, codes, lengths)
        values |= selftest.stepwise(network, prefix, macro)
    values["class_function"] = _filled("largest.c" if network.outputs > 1 else "likelier.c", values)
    for key, template in (("class_declarations", "classes.h"), ("class_definitions", "classes.c")):
        values[key] = _filled(template, values) if network.softmax else ""
    interface = Interface(network, prefix, macro, program.output_steps)
    of_values = section.of(interface, about)
    values |= {"value_declarations": of_values.declarations, "value_definitions": of_values.definitions}
    listens = sound.of(network, prefix, about.input_map)
    values |= {"sound_declarations": listens.declarations, "sound_definitions": listens.definitions}
    hears = listening.of(network, about.detector, values)
    values |= {"detector_declarations": hears.declarations, "detector_definitions": hears.definitions}
    values["sound_test"] = golden.test(listens.front_end, values) if listens.front_end else ""
    values["sound_check"] = _filled("sound/check.c", values) if listens.front_end else ""
    values["saturated"] = _filled("saturated.c", values) if "saturated(" in cells else ""
    values["multiply"] = _filled("multiply.c", values) if "multiply(" in cells else ""
    values["value_codes"] = _filled("value-codes.c", values) if "value_codes(" in cells or network.flattened else ""
    rounds = "round_shift(" in cells or values["multiply"] or values["value_codes"]
    values["round_shift"] = _filled("round-shift.c", values) if rounds else ""
    values["output_statements"] = "" if network.flattened else program.output_layer.statements
    reads = "codes_of_inputs(" in f"{cells}{values['output_statements']}"
    bits = network.input.bits if reads and not isinstance(network.input, Words) else None
    by_rows = "multiply_rows(" in cells or not network.flattened
    values["rows"] = rows.functions(program.row_sum, bits, values) if by_rows else ""
    values["output_function"] = _filled(f"output-layer{'-of-steps' if network.flattened else ''}.c", values)
    values["look_up"] = _filled("look-up.c", values) if "look_up(" in cells else ""
    lines = {"spacing": SPACING, "half": SPACING // 2, "bits": SPACING.bit_length() - 1}
    values["between"] = _filled("between.c", {**values, **lines}) if "between(" in cells else ""
    values["clear"] = _filled("clear.c", values) if network.layers else ""
    values["window"] = "".join(
        _filled("window.c", {**values, "place_type": place.kind, "last_values": program.last_values})
        for place in program.window_place
    )
    arriving = "arrives(" in cells
    copy = _filled("copy.c", values) if program.sequences or arriving else ""
    values["copy"] = copy + (_filled("arrives.c", values) if arriving else "")
    own = [("codes", values["output_type"]), ("values", "int16_t"), ("inputs", values["input_type"])]
    for what, of_type in own if program.window else own[:2]:
        values[f"same_{what}"] = _filled("same.c", {"function": f"same_{what}", "type": of_type})
    for key in ("declarations", "definitions", "check"):
        values[key] = _filled(f"{kind}-{key}.{'h' if key == 'declarations' else 'c'}", values)
    if listens.sound and listens.front_end and hears.declarations:
        main = listening.example(network, listens.front_end, listens.sound, values)
    elif listens.sound and listens.front_end and sound_program.fits(network):
        main = sound_program.write(network, listens.front_end, listens.sound, values)
    else:
        main = example.write(interface, name, about, of_values, codes, lengths, samples)
    unit = 4 if any(kept.kind == "int32_t" for kept in program.kept) else 2
    return CFiles(
        header=_filled("network.h", values).rstrip("\n") + "\n",
        source=_filled("network.c", values).rstrip("\n") + "\n",
        test=_filled("test.c", values).rstrip("\n") + "\n",
        main=main,
        constant_bytes=program.constant_bytes + of_values.constant_bytes,
        # The largest number in a struct, of which those come first, is what its size is a multiple of.
        state_bytes=-(-sum(kept.bytes for kept in program.kept) // unit) * unit,
        stack_bytes=program.stack_bytes,
        sound_bytes=listens.state_bytes + hears.state_bytes,
    )


def _around(network: IntegerNetwork, macro: str) -> dict[str, str]:
    """Return what depends on what is ahead of the recurrent layers: the input, and what a step says."""
    codes = network.input
    code = (
        f"The code of an input value is value / {macro}_INPUT_SCALE + {macro}_INPUT_ZERO_POINT, rounded to nearest and "
        f"clipped to\n * {codes.lowest}..{codes.highest}; how inputs are made of the data is said above."
    )
    word = "An input is the number of a word; one that is out of range counts as the nearest in it."
    said = " Returns whether it was one for\n * the recurrent layers: only then there is another output."
    words, front = isinstance(codes, Words), bool(network.front)
    return {
        "input_what": "words" if words else "input codes",
        "input_meaning": word if words else code,
        "step_type": "int" if front else "void",
        "step_meaning": said if front else "",
    }


def _path(network: IntegerNetwork, macro: str) -> dict[str, str]:
    """Return what the output layer has for a linear path."""
    if not network.path_inputs:
        return dict.fromkeys(("window_size", "window_parameter", "window_meaning"), "")
    return {
        "window_size": f"#define WINDOW ({macro}_TIME_STEPS * {macro}_FEATURES)\n",
        "window_parameter": f" const {code_type(network.input)} window[WINDOW],",
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
        "test_lengths": selftest.lengths_array(lengths),
        "test_results": f"lengths[sequence] * {macro}_OUTPUTS" if network.answers_each_step else "RESULTS",
        "test_steps": "lengths[sequence]",
    }
