"""What a run leaves besides the models themselves: the network as weights, as C, and in models of one time step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.formats.about import to_entries
from rnnexp.formats.c import files as c
from rnnexp.formats.npz import weights
from rnnexp.quantization.integer_network import LayeredNetwork, layered
from rnnexp.quantization.product import IntegerNetwork

# What each file's name adds to that of the model.
SUFFIXES = (
    "-weights.npz",
    ".h",
    ".c",
    "-test.c",
    "-step-int8.tflite",
    "-step-float32.tflite",
    "-encoder-int8.tflite",
    "-decoder-step-int8.tflite",
)


@dataclass(frozen=True)
class Takeaway:
    """The files, and what the report says of them.

    Attributes:
        files: suffix of the name -> content.
        sizes: what the network takes on a microcontroller; empty without integers.
        text: all weights, to read.
    """

    files: dict[str, bytes | str]
    sizes: dict[str, int]
    text: str


def make(
    name: str,
    about: dict[str, Any],
    float_weights: list[np.ndarray],
    *,
    network: IntegerNetwork | LayeredNetwork | None,
    x: np.ndarray,
    step_float32: bytes | None,
    weight_names: Sequence[str] = weights.KERAS_NAMES,
) -> Takeaway:
    """Return everything that can be made of a trained network.

    Args:
        name: of the files, without suffix.
        about: what ``rnnexp.formats.about.describe`` says of the run.
        float_weights: in Keras' order.
        network: its integers, if there are any.
        x: samples ``[n, time, features]`` for the C self-test.
        step_float32: the converted model of one time step, if there is one.
        weight_names: in the order of ``float_weights``.
    """
    # Imported here, like TensorFlow, so that bad settings answer at once.
    from rnnexp.formats.tflite.int8.writer import to_encoder_tflite, to_step_tflite

    arrays = weights.arrays(float_weights, network, about, weight_names)
    files: dict[str, bytes | str] = {"-weights.npz": weights.to_npz(arrays)}
    sizes = {}
    if network is not None:
        source = c.to_c(network, name, about, network.input.encode(x))
        files |= {".h": source.header, ".c": source.source, "-test.c": source.test}
        sizes = {
            "constant_bytes": source.constant_bytes,
            "state_bytes": source.state_bytes,
            "stack_bytes": source.stack_bytes,
        }
    if network is not None and layered(network).encoder:
        files["-encoder-int8.tflite"] = to_encoder_tflite(layered(network), to_entries(about))
        files["-decoder-step-int8.tflite"] = to_step_tflite(network, to_entries(about))
    elif network is not None and layered(network).forward:
        files["-step-int8.tflite"] = to_step_tflite(network, to_entries(about))
    if step_float32 is not None:
        files["-step-float32.tflite"] = step_float32
    return Takeaway(files, sizes, weights.to_text(arrays))
