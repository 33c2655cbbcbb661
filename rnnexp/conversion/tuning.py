"""Fine-tuning of a converted network, where there is something to repair and time for it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from rnnexp.conversion.candidates import Candidate
from rnnexp.conversion.samples import Samples
from rnnexp.quantization.products import without_exact
from rnnexp.quantization.tuning.descent import Sequences
from rnnexp.quantization.tuning.fine_tuning import EPOCHS, FEWEST_SEQUENCES, affordable_epochs, divided, fine_tune
from rnnexp.report.fine_tuning import FineTuning, Way

FineTune = Literal["auto", "full", "off"]
# Where the outputs are off by no more than this, times what rounding them costs, no tuning is worth its while.
NOTHING_TO_REPAIR = 1.25
# What ``auto`` does may take: about a second.
MOST_PRODUCTS = 5e8
MOST_STEPS = 1000


def tuned(candidate: Candidate, calibration: Samples, asked: FineTune) -> tuple[Candidate, FineTuning]:
    """Return a candidate that loses less, or the same one, and what the report says of it.

    Args:
        candidate: with what its integers were rounded from.
        calibration: the user's sequences.
        asked: whether to tune: ``full`` for as long as it takes.
    """
    integers = candidate.integers
    plain = replace(candidate, integers=without_exact(integers))
    if asked == "off":
        return plain, FineTuning(skipped="not asked for")
    ratio = candidate.error / integers.output.scale * math.sqrt(12.0)
    if asked == "auto" and ratio <= NOTHING_TO_REPAIR:
        return plain, FineTuning(
            skipped=f"nothing to repair: the outputs are off by {ratio:.2f} times what rounding them costs anyway"
        )
    count = len(calibration.x)
    if count < FEWEST_SEQUENCES:
        return plain, FineTuning(skipped=f"{count} sequences of calibration data are too few to learn from")
    given = Sequences(candidate.inputs(calibration.x), calibration.lengths)
    epochs = EPOCHS
    if asked == "auto":
        epochs = affordable_epochs(integers, len(divided(given)[0].x), MOST_PRODUCTS, MOST_STEPS)
    found = fine_tune(integers, candidate.network, given, epochs=epochs)
    report = FineTuning(
        tried=[Way(choice=way.name, error=way.error) for way in found.ways],
        chosen=found.kept.name,
        helped=found.helped,
        fitted=found.fitted,
        judged=found.judged,
        untrained="" if epochs else "training would take too long: --fine-tune full does it all the same",
    )
    return replace(plain, integers=found.kept.integers), report
