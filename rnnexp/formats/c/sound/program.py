"""The example program of a network of sound in C: from a wav file, or a made-up sound, to the most probable classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnnexp.formats.c.sound.golden import made_up
from rnnexp.formats.c.text import filled, numbers
from rnnexp.preprocessing.front_end import reference
from rnnexp.preprocessing.front_end.tables import FrontEnd
from rnnexp.preprocessing.input_map import SpectralSound
from rnnexp.quantization import reference as network_reference
from rnnexp.quantization.network import IntegerNetwork

# Classes that the answer names, as ``rnnexp run`` does.
MOST_PROBABLE = 3


def fits(network: IntegerNetwork) -> bool:
    """Tell whether the program is one for a network: it answers once, with classes, after a whole clip."""
    return network.softmax and not network.every_step and not network.variable_length


def write(network: IntegerNetwork, front_end: FrontEnd, sound: SpectralSound, values: Mapping[str, Any]) -> str:
    """Return the program.

    Args:
        network: the integers.
        front_end: of its inputs.
        sound: how they are made.
        values: of the network's other files.
    """
    codes = reference.codes(made_up(sound.clip_samples)[None], front_end)
    p, macro, kind = values["p"], values["P"], values["input_type"]
    size = f"{macro}_TIME_STEPS * {macro}_FEATURES"
    if network.streams:
        # As on a chip: a step as soon as there is a frame.
        own = {
            "memory": f"    static {p}_state state;\n    {kind} codes[{macro}_FEATURES];\n",
            "begin": f"    {p}_init(&state);\n",
            "codes": "codes",
            "frame": f"            {p}_step(&state, codes);\n",
            "answer": f"    {p}_output(&state, output);\n",
        }
    else:
        own = {
            "memory": f"    static {p}_buffers buffers;\n    static {kind} codes[{size}];\n",
            "begin": "",
            "codes": f"codes + frames * {macro}_FEATURES",
            "frame": "",
            "answer": f"    {p}_run(&buffers, codes, output);\n",
        }
    own["expected_output"] = numbers(network_reference.run(network, codes)[0], "")
    own["wav"] = filled("sound/wav.c", values)
    return filled("sound/main.c", {**values, **own, "most_probable": MOST_PROBABLE, "sample_rate": sound.sample_rate})
