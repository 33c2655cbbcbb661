"""A network that listens without a break: the threshold that words are heard from, and what it finds by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets import Dataset
from rnnexp.datasets.listening import Listening as Heard
from rnnexp.datasets.listening import Minutes
from rnnexp.network.network import Network
from rnnexp.preprocessing.detector import Detector
from rnnexp.report import evaluation
from rnnexp.report.listening import Detections, Listening, Threshold
from rnnexp.runtimes.tflite import TFLiteStepModel

THRESHOLDS = tuple(round(0.05 * number, 2) for number in range(4, 20))
# False alarms an hour that are bearable, in noise of the training part's recordings and of any colour.
LIMIT = 2.0
# Seconds after a word's end within which it must be heard.
LATEST = 0.75
# Parts of a long stream that are run side by side, where it is not about the state.
LANES = 16


@dataclass(frozen=True)
class Chosen:
    """When words are heard.

    Attributes:
        detector: with the threshold that was chosen.
        thresholds: that it was chosen from.
    """

    detector: Detector
    thresholds: list[Threshold]


def choose(dataset: Dataset, network: Network) -> Chosen | None:
    """Choose a threshold by what the trained network finds in the validation part; None: there is nothing to hear."""
    heard = dataset.listening
    if heard is None:
        return None
    seen = (_probabilities(network, values) for values in (heard.validation.speech, heard.validation.noise))
    in_speech, in_noise = seen
    tried = []
    for threshold in THRESHOLDS:
        detector = Detector.of(threshold, heard.steps_a_second, heard.background, heard.others)
        found = _judge(detector, heard, heard.validation, in_speech, in_noise)
        tried.append(Threshold(threshold=threshold, detections=found))
    quiet = [each for each in tried if each.detections.false_alarms_per_hour <= LIMIT] or tried[-1:]
    most = max(each.detections.found for each in quiet)
    # Of equals the one in the middle, the farthest from where it changes.
    equals = [each for each in quiet if each.detections.found == most]
    best = equals[len(equals) // 2]
    detector = Detector.of(best.threshold, heard.steps_a_second, heard.background, heard.others)
    return Chosen(detector, tried)


def _probabilities(network: Network, values: np.ndarray) -> np.ndarray:
    """Return the probabilities at every step of ``[time, features]``, in lanes of which each begins in silence."""
    length = -(-len(values) // LANES)
    lanes = np.resize(values, (LANES * length, values.shape[1])).reshape(LANES, length, -1)
    made = evaluation.probabilities(network.run(lanes)).reshape(LANES * length, -1)
    return evaluation.class_probabilities(made[: len(values)])


def judge(dataset: Dataset, chosen: Chosen | None, steps: Mapping[str, bytes]) -> Listening | None:
    """Return what each model finds in the evaluation part, its state carried from beginning to end.

    Args:
        dataset: the data.
        chosen: when words are heard.
        steps: kind of model -> the exported file of one time step.
    """
    heard = dataset.listening
    if heard is None or chosen is None:
        return None
    part, models = heard.evaluation, {}
    for kind, content in steps.items():
        made = evaluation.class_probabilities(
            TFLiteStepModel(content).listen(np.concatenate([part.speech, part.noise]))
        )
        models[kind] = _judge(chosen.detector, heard, part, made[: len(part.speech)], made[len(part.speech) :])
    others = int((part.words[:, 0] == heard.others).sum())
    minute = 60 * heard.steps_a_second
    return Listening(
        threshold=chosen.detector.threshold,
        limit=LIMIT,
        words=len(part.words) - others,
        other_words=others,
        speech_minutes=len(part.speech) / minute,
        noise_minutes=len(part.noise) / minute,
        models=models,
        thresholds=chosen.thresholds,
    )


def _judge(detector: Detector, heard: Heard, part: Minutes, in_speech: np.ndarray, in_noise: np.ndarray) -> Detections:
    """Return what a detector makes of probabilities."""
    detections = detector.detect(in_speech)
    latest = round(LATEST * heard.steps_a_second)
    unused = list(detections)
    counts = dict.fromkeys(("words", "found", "confused", "others", "taken"), 0)
    for number, begin, end in part.words:
        own = {each.number for each in unused if begin <= each.step <= end + latest}
        unused = [each for each in unused if not begin <= each.step <= end + latest]
        if number == heard.others:
            counts["others"] += 1
            counts["taken"] += bool(own - {heard.others})
        else:
            counts["words"] += 1
            counts["found"] += number in own
            counts["confused"] += bool(own - {number, heard.others})
    hour = 3600 * heard.steps_a_second
    false = sum(each.number != heard.others for each in unused)
    return Detections(
        found=counts["found"] / max(counts["words"], 1),
        confused=counts["confused"] / max(counts["words"], 1),
        others_taken=counts["taken"] / counts["others"] if counts["others"] else None,
        false_alarms_in_pauses=false * hour / len(in_speech),
        false_alarms_per_hour=len(detector.words(in_noise)) * hour / len(in_noise),
    )
