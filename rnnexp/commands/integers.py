"""Running the integers that a file holds without a TensorFlow Lite runtime: in NumPy, or as the exported C."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from rnnexp.errors import UserError
from rnnexp.preprocessing import features
from rnnexp.preprocessing.frames import Frames
from rnnexp.preprocessing.input_map import Sound, SpectralSound
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.report import evaluation

# Whose arithmetic.
Integers = Literal["numpy", "c"]


def outputs(content: bytes, x: np.ndarray, runtime: Integers, name: str, lengths: np.ndarray | None) -> np.ndarray:
    """Return a model's outputs for inputs ``[n, time, features]``, or words ``[n, time]``, as the network sees them.

    Args:
        content: of the .tflite file.
        x: the inputs.
        runtime: whose arithmetic.
        name: of the file, for messages.
        lengths: real steps of each sequence; None: all.

    Raises:
        UserError: if the file has no integers, or none that fit.
    """
    from rnnexp.quantization import reference
    from rnnexp.quantization.front import Words
    from rnnexp.runtimes.c import CompiledNetwork

    network = _network(content, runtime, name)
    width = () if isinstance(network.input, Words) else (network.features,)
    if x.shape[1:] != (network.sequence_length, *width):
        raise UserError(f"{name}: what it says of its integers does not fit its graph; export it again")
    # In C and in NumPy, padding is at the end wherever the file has it.
    network = dataclasses.replace(network, padding="end" if network.padding else "")
    codes = network.input.encode(x)
    made = CompiledNetwork(network).run(codes, lengths) if runtime == "c" else reference.run(network, codes, lengths)
    found = network.output.decode(made).astype(np.float32)
    return evaluation.probabilities(found) if network.softmax else found


def heard(content: bytes, name: str, clips: np.ndarray, sound: Sound) -> np.ndarray:
    """Return a model's inputs of clips: those that stand for the codes that the exported C makes of them.

    Where it makes none, they are those of the other runtimes.

    Raises:
        ValueError: if the input map is for other clips.
        UserError: if the file has no integers.
    """
    from rnnexp.runtimes.c import CompiledNetwork

    features.check(sound, clips.shape[1])
    network = _network(content, "c", name)
    compiled = CompiledNetwork(network, sound)
    if compiled.listens:
        return network.input.decode(compiled.hear(clips)).astype(np.float32)
    return features.from_map(clips, sound)


def listen(content: bytes, sound: SpectralSound, runtime: Integers, name: str, samples: np.ndarray) -> np.ndarray:
    """Return the probabilities after every step, ``[time, classes]``, of sound of any length, int16 ``[samples]``.

    Raises:
        UserError: if the file has no integers.
    """
    from rnnexp.quantization import reference
    from rnnexp.runtimes.c import CompiledNetwork

    network = _network(content, runtime, name)
    if runtime == "c":
        compiled = CompiledNetwork(network, sound)
        frames = Frames(sound.frame_length, sound.frame_step).count(len(samples))
        codes = (
            compiled.hear(samples[None], frames)[0]
            if compiled.listens
            else network.input.encode(features.stream_from_map(samples, sound))
        )
        made = compiled.listen(codes)
    else:
        codes = network.input.encode(features.stream_from_map(samples, sound))
        made = reference.run(network, codes[None])[0]
    return evaluation.probabilities(network.output.decode(made).astype(np.float32))


def _network(content: bytes, runtime: Integers, name: str) -> IntegerNetwork:
    """Return the integers that a file of ours holds.

    Raises:
        UserError: if it holds none.
    """
    from rnnexp.formats.tflite.int8.reader import from_tflite

    try:
        return from_tflite(content)
    except ValueError:
        raise UserError(
            f"{name}: --runtime {runtime} runs only int8 sequence models of rnnexp, and this is none"
        ) from None
