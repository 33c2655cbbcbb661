"""Minutes of sound that a network listens to without a break, to see which words it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.datasets.speech_commands.streams.background import noise
from rnnexp.datasets.speech_commands.streams.mixing import (
    QUIETEST,
    WITHOUT_WORDS,
    Material,
    add,
    to_samples,
)
from rnnexp.datasets.speech_commands.streams.speech import spoken
from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_RATE

# Words are said one every second and this, and the background changes every so many words.
PAUSE, WORDS = (0.2, 1.2), 30
# Noise is another one every so many seconds; how often it is made, since recordings that are held out are short.
PIECE, MADE = 10, 0.5
# How loud the background of words is, in decibels as ``mixing`` has them: up to recordings of noise as they are.
LOUDNESS = (-10.0, 15.0)
# Clips that are listened to, at most: some 30 minutes.
MOST_CLIPS = 1000


@dataclass(frozen=True)
class Heard:
    """A piece of sound, and the words in it.

    Attributes:
        samples: int16 ``[n]``.
        words: ``[k, 3]``: class, and the samples that the word begins and ends at.
    """

    samples: np.ndarray
    words: np.ndarray


def words(material: Material, random: np.random.Generator) -> list[Heard]:
    """Return pieces of sound in which every clip with a word, or some of very many, is heard once, undistorted."""
    found = random.permutation(np.flatnonzero(material.labels != material.silence))[:MOST_CLIPS]
    pieces, recorded = [], material.noise
    for begin in range(0, len(found), WORDS):
        rows = found[begin : begin + WORDS]
        pauses = (random.uniform(*PAUSE, len(rows) + 1) * SAMPLE_RATE).astype(int)
        places = np.cumsum(pauses[:-1]) + CLIP_SAMPLES * np.arange(len(rows))
        stream = np.zeros(int(places[-1]) + CLIP_SAMPLES + int(pauses[-1]), np.float32)
        clips = material.clips[rows]
        first, last = spoken(clips)
        for clip, place, *edges in zip(clips, places.tolist(), first.tolist(), last.tolist(), strict=True):
            add(stream, clip, place, *edges)
        loudness = QUIETEST * 10.0 ** (random.uniform(*LOUDNESS) / 20)
        stream += noise(len(stream), recorded, random) * loudness
        own = np.stack([material.labels[rows], places + first, places + last], axis=1)
        pieces.append(Heard(to_samples(stream), own.astype(np.int64)))
    return pieces


def without_words(recorded: np.ndarray, minutes: float, random: np.random.Generator) -> list[Heard]:
    """Return pieces of noise, recorded and made, of any loudness.

    Args:
        recorded: clips without words, int16 ``[n, CLIP_SAMPLES]``; there may be none.
        minutes: how long it takes in all.
        random: draws it.
    """
    samples = PIECE * SAMPLE_RATE
    return [
        Heard(
            to_samples(
                noise(samples, recorded, random, MADE) * QUIETEST * 10.0 ** (random.uniform(*WITHOUT_WORDS) / 20)
            ),
            np.zeros((0, 3), np.int64),
        )
        for _ in range(round(60 * minutes / PIECE))
    ]
