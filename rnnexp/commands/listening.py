"""``rnnexp run`` on sound of any length: the words that are heard, and when."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.preprocessing import features
from rnnexp.preprocessing.detector import Detection, Detector
from rnnexp.preprocessing.input_map import SpectralSound
from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_RATE
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import Kernels, TFLiteStepModel

# A model of clips hears windows of a second, so many in one; where the mean probability of some of them passes the
# threshold, it is a word.
WINDOWS_A_SECOND = 10
THRESHOLD = 0.6
# A word is in the windows of more than a second: what is heard again within this is the same one. Seconds.
SAME_WORD = 1.5
# Recordings are listened to where they are longer than this, and else taken for a clip.
LONGEST_CLIP = CLIP_SAMPLES + CLIP_SAMPLES // 50
# Names of classes that are no words.
SILENCE, UNKNOWN = "_silence_", "_unknown_"
# Windows that are run at once.
CHUNK = 4096


def slide(samples: np.ndarray, about: About, predict: Callable[[np.ndarray], np.ndarray]) -> str:
    """Return what a model of clips hears in a recording, second by second, as CSV.

    Args:
        samples: int16 ``[n]``, a clip or more.
        about: what the model says of itself.
        predict: the model: clips, int16 ``[n, samples]``, to probabilities ``[n, classes]``.
    """
    # What is at the very beginning or end is in as many windows as all else.
    around = np.pad(samples, CLIP_SAMPLES // 2)
    windows = np.lib.stride_tricks.sliding_window_view(around, CLIP_SAMPLES)[:: SAMPLE_RATE // WINDOWS_A_SECOND]
    made = [predict(windows[begin : begin + CHUNK]) for begin in range(0, len(windows), CHUNK)]
    background, others = (about.classes.index(name) if name in about.classes else None for name in (SILENCE, UNKNOWN))
    detector = Detector.of(THRESHOLD, float(WINDOWS_A_SECOND), background, others)
    found = _once(_heard(detector, np.concatenate(made)), SAME_WORD * WINDOWS_A_SECOND)
    # What a window says is of its middle, which is as far from its beginning as that of the recording.
    return _to_csv(found, about, detector.steps_a_second)


def carry(samples: np.ndarray, about: About, detector: Detector, listen: Callable[[np.ndarray], np.ndarray]) -> str:
    """Return what a model that listens without a break hears in a recording, as CSV.

    Args:
        samples: int16 ``[n]``.
        about: what the model says of itself.
        detector: when it has heard a word.
        listen: the model: sound, int16 ``[n]``, to probabilities ``[time, classes]``.
    """
    # Behind the end there is silence, in which the last word is heard.
    behind = np.zeros(SAMPLE_RATE, samples.dtype)
    found = _heard(detector, listen(np.concatenate([samples, behind])))
    return _to_csv(found, about, detector.steps_a_second)


def step_file(path: Path) -> Path:
    """Return the file of one time step that belongs to a file of sequences.

    Raises:
        UserError: if it is not there.
    """
    for kind in ("int8", "float32"):
        ending = f"-{kind}.tflite"
        if path.name.endswith(f"-step{ending}"):
            return path
        if path.name.endswith(ending):
            found = path.with_name(f"{path.name.removesuffix(ending)}-step{ending}")
            if found.is_file():
                return found
            raise UserError(
                f"{path} listens without a break, for which its state must be carried on: {found.name}, the file of "
                "one time step that the run wrote, must be beside it; or take --runtime numpy or c"
            )
    raise UserError(f"{path} listens without a break: its name must end as the run named it, -int8.tflite")


def listen_by_steps(path: Path, sound: SpectralSound, kernels: Kernels, samples: np.ndarray) -> np.ndarray:
    """Return the probabilities after every step, ``[time, classes]``, by the file of one time step.

    Args:
        path: of the file of sequences, or of that of one time step itself.
        sound: how inputs are made.
        kernels: whose arithmetic.
        samples: int16 ``[n]``.

    Raises:
        UserError: if it cannot be run.
    """
    inputs = features.stream_from_map(samples, sound)
    try:
        return TFLiteStepModel(step_file(path), kernels=kernels).listen(inputs)
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{path} cannot be run: {error}") from None


def _heard(detector: Detector, probabilities: np.ndarray) -> list[Detection]:
    return detector.words(evaluation.class_probabilities(probabilities))


def _once(found: Sequence[Detection], steps: float) -> list[Detection]:
    """Return what is not the same word within so many steps of the one before that is returned."""
    last: dict[int, int] = {}
    kept = []
    for each in found:
        if each.number not in last or each.step - last[each.number] > steps:
            kept.append(each)
            last[each.number] = each.step
    return kept


def _to_csv(found: Sequence[Detection], about: About, steps_a_second: float) -> str:
    """Return a row for each word: when, which, and its probability."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["seconds", "word", "probability"])
    for each in found:
        seconds = each.step / steps_a_second
        writer.writerow([f"{seconds:.2f}", about.classes[each.number], f"{each.probability:.4f}"])
    return text.getvalue()
