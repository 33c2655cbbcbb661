"""Words in what never ends, in C: the detector, and an example that listens to a recording of any length."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnnexp.formats.c.sound.golden import made_up
from rnnexp.formats.c.text import filled, numbers
from rnnexp.preprocessing.detector import Detector
from rnnexp.preprocessing.front_end import reference
from rnnexp.preprocessing.front_end.tables import FrontEnd
from rnnexp.preprocessing.input_map import SpectralSound
from rnnexp.quantization import reference as network_reference
from rnnexp.quantization.network import IntegerNetwork

# Of 1, a probability's code.
CERTAIN = 32768
# As many steps are counted by int16, and sums of their codes by int32.
MOST_SMOOTHED = 2**15 - 1


@dataclass(frozen=True)
class Section:
    """The texts of the detector, and the memory that it takes.

    Attributes:
        declarations: of the header.
        definitions: of the source.
        state_bytes: of its struct.
    """

    declarations: str = ""
    definitions: str = ""
    state_bytes: int = 0


def of(network: IntegerNetwork, detector: Detector | None, values: Mapping[str, Any]) -> Section:
    """Return the detector's C; there is none for networks that do not go on for ever, with classes at every step.

    Args:
        network: the integers.
        detector: when a word was heard; None: nobody says.
        values: of the network's other files.
    """
    if detector is None or not listens(network, detector):
        return Section()
    own = {
        **values,
        "smoothed": detector.smoothed,
        "background": -1 if detector.background is None else detector.background,
        "others": -1 if detector.others is None else detector.others,
        "reached": reached(detector),
        "waited": detector.waited,
        "apart": max(detector.quiet, 1),
    }
    classes = int(values["classes"])
    state = 4 * 4 + 4 * classes + 2 * detector.smoothed * classes + 2 * 2 + 1 + 2 * classes
    return Section(filled("listening/detector.h", own), filled("listening/detector.c", own), -(-state // 4) * 4)


def listens(network: IntegerNetwork, detector: Detector | None) -> bool:
    """Tell whether there is a detector, and a network for it: that goes on for ever, with classes at every step."""
    if detector is None or detector.smoothed > MOST_SMOOTHED:
        return False
    return network.softmax and network.streams and network.every_step and not network.variable_length


def reached(detector: Detector) -> int:
    """Return the least sum of codes whose mean passes the threshold; of one near 1, that of the largest codes."""
    whole, most = CERTAIN * detector.smoothed, (CERTAIN - 1) * detector.smoothed
    least = math.ceil(detector.threshold * whole)
    # The product above has been rounded.
    found = next(sum_ for sum_ in (least - 1, least, least + 1) if sum_ / whole >= detector.threshold)
    return min(found, most)


def example(network: IntegerNetwork, front_end: FrontEnd, sound: SpectralSound, values: Mapping[str, Any]) -> str:
    """Return the program.

    Args:
        network: the integers.
        front_end: of its inputs.
        sound: how they are made.
        values: of the network's other files.
    """
    samples = front_end.frame_length + (network.sequence_length - 1) * front_end.frame_step
    codes = reference.codes(made_up(samples)[None], front_end)
    own = {
        "expected_output": numbers(network_reference.run(network, codes)[0, -1], ""),
        "sample_rate": sound.sample_rate,
        "wav": filled("sound/wav.c", values),
    }
    return filled("listening/main.c", {**values, **own})
