"""The front end of a network of sound in C: from 16-bit samples, as they come, to its input codes, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.formats.c.text import code_type, filled, numbers, remark
from rnnexp.preprocessing.front_end import tables
from rnnexp.preprocessing.front_end.tables import LOG_BITS, FrontEnd, NoFrontEndError, logarithms, roots
from rnnexp.preprocessing.input_map import InputMap, SpectralSound
from rnnexp.quantization.front import Words
from rnnexp.quantization.network import IntegerNetwork

# Bytes of a number of each type.
BYTES = {"uint8_t": 1, "int16_t": 2, "uint16_t": 2, "uint32_t": 4, "int32_t": 4, "int64_t": 8, "part": 4}


@dataclass(frozen=True)
class Section:
    """The texts, and what it takes on the target.

    Attributes:
        sound: how inputs are made; None where there is no front end.
        front_end: its numbers, likewise.
        declarations: of the header.
        definitions: of the source.
        constant_bytes: of flash, besides the code.
        state_bytes: of the struct that listens.
        stack_bytes: of memory for arrays while a frame is computed.
    """

    sound: SpectralSound | None = None
    front_end: FrontEnd | None = None
    declarations: str = ""
    definitions: str = ""
    constant_bytes: int = 0
    state_bytes: int = 0
    stack_bytes: int = 0


def of(network: IntegerNetwork, prefix: str, input_map: InputMap) -> Section:
    """Return the C of a network's front end; of another input there is none, and of one that cannot be it says why.

    Args:
        network: the integers.
        prefix: what C names begin with.
        input_map: how its inputs are made.
    """
    if not isinstance(input_map, SpectralSound) or isinstance(network.input, Words):
        return Section()
    try:
        own = tables.of(input_map, network.input)
        if (own.frames, own.features) != (network.sequence_length, network.features):
            raise NoFrontEndError(f"{own.features} features of {own.frames} frames do not fit the network")
    except NoFrontEndError as error:
        return Section(declarations=f"\n{remark(f'There is no C from sound to input codes: {error}.')}\n")
    return _written(own, prefix, input_map)


def _written(own: FrontEnd, prefix: str, sound: SpectralSound) -> Section:
    """Return the texts."""
    cepstral = own.cosines is not None
    both, whole = Arrays(), Arrays()
    both.add("part", "window", own.window)
    both.add("part", "turns", own.turns.reshape(-1))
    both.add("part", "parting", own.split.reshape(-1))
    both.add("uint8_t" if own.counts.max() < 256 else "uint16_t", "counts", own.counts)
    both.add("uint16_t", "places", own.places)
    both.add("uint16_t", "weights", own.weights)
    both.add("int32_t", "multipliers", own.multipliers)
    both.add("int64_t", "biases", own.biases)
    if own.cosines is not None:
        both.add("int16_t" if np.abs(own.cosines).max() < 2**15 else "int32_t", "cosines", own.cosines)
    whole.add("uint32_t", "roots", roots())
    whole.add("uint16_t", "logarithms", logarithms())
    samples = len(own.window)
    parts = 2 * own.points
    # Two counts come first.
    state = sum([8, 4 * parts, 2 * samples])
    constants, stack = both.bytes + whole.bytes, 4 * (own.bands + (own.features if cepstral else 0))
    values = {
        "p": prefix,
        "P": prefix.upper(),
        "sample_rate": sound.sample_rate,
        "clip_samples": sound.clip_samples,
        "frame_length": own.frame_length,
        "frame_step": own.frame_step,
        "features": own.features,
        "about": remark(
            f"Sound: 16-bit samples in, {sound.sample_rate} a second, and the input codes of a frame of "
            f"{own.frame_length} samples every {own.frame_step} out. Whole numbers alone make them, the same on every "
            f"chip. It takes {state} bytes for as long as it listens, {stack} of the stack for arrays, and {constants} "
            f"of flash for its numbers. Define {prefix.upper()}_FLOAT_SOUND, for all files alike, for float in their "
            "place, which takes <math.h>."
        ),
        "parts": parts,
        "samples": samples,
        "input_type": code_type(own.codes),
        "lowest_input": own.codes.lowest,
        "highest_input": own.codes.highest,
        "points": own.points,
        "first": own.first,
        "rows": own.rows,
        "last": samples - (own.rows - 1) * 2 * own.spacing,
        "bands": own.bands,
        "constants": both.text,
        "tables": whole.text,
        "offset": own.offset,
        "shift": own.shift,
        "shift_unit": 1 << own.shift,
        "log_unit": f"{2**LOG_BITS / np.log(2):.9g}",
    }
    values["first_stage"] = filled(f"sound/first-{own.first}.c", values)
    overlap = own.frame_step < own.frame_length
    values["next"] = filled("sound/next.c", values).rstrip("\n") if overlap else "    sound->used = 0;"
    values["arithmetic"] = filled("sound/arithmetic.c", values)
    values["coefficient_array"] = filled("sound/coefficient-array.c", values) if cepstral else ""
    values["coefficients"] = filled("sound/coefficients.c", values) if cepstral else ""
    values["feature"] = "coefficients[i]" if cepstral else "features[i]"
    return Section(
        sound, own, filled("sound/sound.h", values), filled("sound/sound.c", values), constants, state, stack
    )


class Arrays:
    """Definitions of constant arrays, and the bytes that they take."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.bytes = 0

    @property
    def text(self) -> str:
        """The definitions."""
        return "\n\n".join(self._texts)

    def add(self, kind: str, name: str, values: np.ndarray) -> None:
        """Define one of a type; of a ``part`` the numbers are factors."""
        inside = numbers(values)
        if kind == "part":
            inside = "\n".join(
                "    " + ", ".join(f"FACTOR({number})" for number in line.strip(" ,").split(", ")) + ","
                for line in inside.splitlines()
            ).rstrip(",")
        sizes = "".join(f"[{size}]" for size in values.shape)
        self._texts.append(f"static const {kind} FLASH {name}{sizes} = {{\n{inside}\n}};")
        self.bytes += BYTES[kind] * values.size
