"""How much memory TensorFlow Lite Micro takes for a file: the least arena that is enough, found by trying."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

import numpy as np

from rnnexp.formats.child import ChildError, exchange

MISSING = "tflite-micro is not installed"
# Of all files of a run together; that is hundreds of times what they take.
SECONDS = 60.0


def least_arenas(contents: Mapping[str, bytes]) -> dict[str, int | str]:
    """Return how many bytes of arena each of some files needs, by name; why it is not known where it is not.

    Pointers have 64 bits on a machine with such, and 32 on microcontrollers, where it is less. A process of its own
    tries, since what is too small is up to native code to notice.
    """
    if importlib.util.find_spec("tflite_micro") is None:
        return dict.fromkeys(contents, MISSING)
    arrays = {str(place): np.frombuffer(content, np.uint8) for place, content in enumerate(contents.values())}
    try:
        found = exchange("rnnexp.runtimes.arena_child", None, arrays, SECONDS)
    except ChildError as error:
        return dict.fromkeys(contents, f"TensorFlow Lite Micro failed: {error}")
    refused = "TensorFlow Lite Micro does not run it"
    return {name: int(found[str(place)]) or refused for place, name in enumerate(contents)}
