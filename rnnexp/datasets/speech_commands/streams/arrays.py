"""The streams of a data set as arrays in the cache, and from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.datasets.listening import Listening, Minutes
from rnnexp.datasets.speech_commands.division import PARTS
from rnnexp.datasets.speech_commands.recipe import Recipe, Statistics
from rnnexp.datasets.speech_commands.streams import listening as pieces
from rnnexp.datasets.speech_commands.streams.layout import Layout
from rnnexp.datasets.speech_commands.streams.listening import Heard
from rnnexp.datasets.speech_commands.streams.mixing import Material, mixed
from rnnexp.datasets.speech_commands.words import SILENCE, UNKNOWN, Classes
from rnnexp.datasets.support.cache import Entry, Writer
from rnnexp.errors import UserError
from rnnexp.preprocessing.wav import SAMPLE_RATE

# Change this when the same clips come to other streams.
VERSION = 5
# Of noise without words, which part listens to so many minutes, and whose noise it is: a threshold must not be chosen
# by what judges it, and the validation part often has the test part's.
MINUTES = {"validation": (30, "train"), "test": (30, "test")}


def check(config: ClassificationConfig) -> None:
    """See that settings go together with streams.

    Raises:
        UserError: if not.
    """
    if config.stream_seconds is None:
        return
    if config.features == "raw":
        raise UserError(
            'STREAM_SECONDS is for features of sound: set FEATURES to "log-mel" or "mfcc" (--features log-mel)'
        )
    if config.bidirectional or config.go_backwards:
        name = "BIDIRECTIONAL" if config.bidirectional else "GO_BACKWARDS"
        raise UserError(f"STREAM_SECONDS is for a stream, which has no end to read from: set {name} to False")


def clips_of(part: str) -> str:
    """Return the name of the array of a part's clips."""
    return f"{part}-clips"


def classes_of(part: str) -> str:
    """Return the name of the array of their classes."""
    return f"{part}-classes"


def fill(writer: Writer, recipe: Recipe, classes: Classes) -> dict[str, Any]:
    """Make streams of the clips that the cache has, and return what is known of them.

    Each part gets inputs and labels as other data sets have them, and, but for the training part, what to listen to.
    """
    random, counts = np.random.default_rng(0), {}
    materials = {part: _material(writer, part, classes) for part in PARTS}
    for part, material in materials.items():
        layout = Layout.draw(material.words, recipe.samples, random)
        counts[part] = layout.streams
        writer.append(f"{part}-words", layout.words)
        writer.append(f"{part}-labels", layout.labels(recipe.framing, material.silence))
        for streams in mixed(layout, material, 0.0, random):
            writer.append(f"{part}-inputs", recipe.apply(streams))
    for part, (minutes, noise_of) in MINUTES.items():
        _append(writer, f"{part}-speech", pieces.words(materials[part], random), recipe)
        recorded = materials[noise_of].noise
        _append(writer, f"{part}-noise", pieces.without_words(recorded, minutes, random), recipe)
    return {"streams": counts}


def _material(writer: Writer, part: str, classes: Classes) -> Material:
    return Material(writer.array(clips_of(part)), np.array(writer.array(classes_of(part))), _silence(classes))


def _silence(classes: Classes) -> int:
    return classes.names.index(SILENCE)


def _append(writer: Writer, name: str, heard: Sequence[Heard], recipe: Recipe) -> None:
    """Write what is heard, one piece after the other, and where the words are, in steps."""
    frames, begin = recipe.framing, 0
    for piece in heard:
        features = recipe.whole(piece.samples)
        writer.append(name, features)
        words = piece.words.copy()
        words[:, 1:] = begin + np.clip(-(-(words[:, 1:] - frames.length) // frames.step), 0, len(features) - 1)
        writer.append(f"{name}-words", words)
        begin += len(features)


def normalize(writer: Writer, recipe: Recipe, statistics: Statistics) -> None:
    """Normalise what is listened to, in place."""
    for part in MINUTES:
        for kind in ("speech", "noise"):
            recipe.normalize(writer.array(f"{part}-{kind}"), statistics)


@dataclass(frozen=True)
class Streams:
    """The streams that the cache has.

    Attributes:
        config: the settings.
        recipe: how inputs are made.
        classes: with silence.
        entry: of the cache.
    """

    config: ClassificationConfig
    recipe: Recipe
    classes: Classes
    entry: Entry

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the results must know."""
        count, words = self.entry.facts["streams"]["train"], len(self.entry.arrays["train-words"])
        return (
            f"Sequences are streams of {self.config.stream_seconds:g} seconds with {words} words in the training "
            f"part's {count}; while a word is spoken, any answer is right.",
        )

    @cached_property
    def _train(self) -> tuple[Layout, Material, Statistics]:
        arrays, facts = self.entry.arrays, self.entry.facts
        layout = Layout(facts["streams"]["train"], self.recipe.samples, np.array(arrays["train-words"]))
        material = Material(arrays[clips_of("train")], np.array(arrays[classes_of("train")]), _silence(self.classes))
        return layout, material, Statistics(**facts["statistics"])

    def augment(self, random: np.random.Generator) -> np.ndarray:
        """Return the training part's inputs, of other clips of the same words, distorted, before other noise."""
        layout, material, statistics = self._train
        made = mixed(layout, material, self.config.augmentation, random)
        inputs = np.concatenate([self.recipe.apply(streams) for streams in made])
        self.recipe.normalize(inputs, statistics)
        return inputs

    def listening(self) -> Listening:
        """Return what a network is to listen to."""
        names = self.classes.names
        return Listening(
            validation=_minutes(self.entry.arrays, "validation"),
            evaluation=_minutes(self.entry.arrays, "test"),
            steps_a_second=SAMPLE_RATE / self.recipe.framing.step,
            background=_silence(self.classes),
            others=names.index(UNKNOWN) if UNKNOWN in names else None,
        )


def _minutes(arrays: Mapping[str, np.ndarray], part: str) -> Minutes:
    return Minutes(arrays[f"{part}-speech"], np.array(arrays[f"{part}-speech-words"]), arrays[f"{part}-noise"])
