"""Streams of sound: clips where the layout has their words, and something in the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnnexp.datasets.speech_commands.augmentation import distort
from rnnexp.datasets.speech_commands.streams.background import noise
from rnnexp.datasets.speech_commands.streams.layout import Layout
from rnnexp.datasets.speech_commands.streams.speech import spoken
from rnnexp.preprocessing.wav import SAMPLE_RATE

# Clips begin and end by and by, in samples: no cut is heard.
FADE = SAMPLE_RATE // 100
UP = np.linspace(0.0, 1.0, FADE, dtype=np.float32)
# For how long the room that a clip was recorded in is heard ahead of it and behind it, in samples, and how much of it
# there must be.
ROOM, SHORTEST_ROOM = SAMPLE_RATE, SAMPLE_RATE // 20
# How loud the background is: decibels over a root mean square of 30 of 16-bit samples, behind words and without any.
QUIETEST = 30.0
BEHIND_WORDS, WITHOUT_WORDS = (-10.0, 20.0), (-10.0, 35.0)
# How often there is nothing at all, not even what a microphone has by itself: recordings that were cut and joined.
NOTHING = 0.1
# How often it swells, and by how many decibels at most.
SWELLING, SWELL = 0.5, 10.0
# How often other people are heard as well, and how loud at most, as a share of their own loudness.
VOICES, VOICES_LEVEL = 0.5, 0.3
# Clips distorted, and streams made at once.
CHUNK, STREAMS = 512, 256


@dataclass(frozen=True)
class Material:
    """What streams are made of.

    Attributes:
        clips: int16 ``[n, CLIP_SAMPLES]``.
        labels: the class of each, ``[n]``.
        silence: the class of those without words.
    """

    clips: np.ndarray
    labels: np.ndarray
    silence: int

    @cached_property
    def words(self) -> np.ndarray:
        """The classes of all clips with a word, a number for each clip."""
        return self.labels[self.labels != self.silence]

    @cached_property
    def noise(self) -> np.ndarray:
        """The clips without words."""
        return self.clips[self.labels == self.silence]


def mixed(layout: Layout, material: Material, strength: float, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield streams of sound, some at once, int16 ``[n, samples]``, of clips drawn for their words.

    Where there are as many words of a class as clips, each clip is drawn once.

    Args:
        layout: of the streams.
        material: what they are made of.
        strength: how far clips are distorted, as ``augmentation.distort`` has it.
        random: draws it all.
    """
    numbers = layout.words[:, 1]
    drawn = np.zeros(len(numbers), int)
    for number in np.unique(numbers):
        clips, own = np.flatnonzero(material.labels == number), numbers == number
        drawn[own] = np.resize(random.permutation(clips), own.sum())
    begin = 0
    for some in layout.chunks(STREAMS):
        end = begin + len(some.words)
        yield _mixed(some, drawn[begin:end], material, strength, random)
        begin = end


def _mixed(
    layout: Layout, drawn: np.ndarray, material: Material, strength: float, random: np.random.Generator
) -> np.ndarray:
    """Return the streams of a layout, of a clip for each of its words."""
    streams = np.zeros((layout.streams, layout.samples), np.float32)
    for begin in range(0, len(drawn), CHUNK):
        clips = material.clips[drawn[begin : begin + CHUNK]]
        if strength:
            clips = distort(clips, np.zeros_like(clips), strength, random)
        edges = zip(*spoken(clips), strict=True)
        for (stream, _, end), clip, (first, last) in zip(
            layout.words[begin : begin + CHUNK], clips, edges, strict=True
        ):
            add(streams[stream], clip, end - last, first, last)
    voices = VOICES_LEVEL * random.random(layout.streams) * (random.random(layout.streams) < VOICES)
    others = np.roll(streams, 1, axis=0)
    with_words = np.isin(np.arange(layout.streams), layout.words[:, 0])
    # One without words is silent in any case: every part has to know what that is.
    silent = int(np.argmin(with_words))
    for row, (stream, said, voice, other) in enumerate(zip(streams, with_words, voices, others, strict=True)):
        if said:
            stream += voice * np.roll(other, random.integers(layout.samples))
        made = background(layout.samples, material.noise, BEHIND_WORDS if said else WITHOUT_WORDS, random)
        if said or row != silent:
            stream += made
    return to_samples(streams)


def add(stream: np.ndarray, clip: np.ndarray, place: int, begin: int, end: int) -> None:
    """Add a clip to a stream, in place, with its room ahead of it and behind it; what is outside is left out.

    Args:
        stream: float ``[samples]``.
        clip: int16 ``[CLIP_SAMPLES]``.
        place: where it begins.
        begin: where in it speech begins, and
        end: where it has ended.
    """
    ahead, behind = _room(clip[:begin][::-1])[::-1], _room(clip[end:])
    values = np.concatenate([ahead, clip.astype(np.float32), behind])
    if not len(ahead):
        values[:FADE] *= UP
    if not len(behind):
        values[-FADE:] *= UP[::-1]
    place -= len(ahead)
    first, last = max(place, 0), min(place + len(values), len(stream))
    if first < last:
        stream[first:last] += values[first - place : last - place]


def _room(quiet: np.ndarray) -> np.ndarray:
    """Return what goes on behind a clip, dying away: its quiet end, to and fro; nothing, if that is too short.

    Otherwise a network hears by the end of a clip's own noise, and not by that of its word.
    """
    if len(quiet) < SHORTEST_ROOM:
        return np.zeros(0, np.float32)
    values = np.resize(np.concatenate([quiet[::-1], quiet]), ROOM).astype(np.float32)
    return values * np.linspace(1.0, 0.0, ROOM, dtype=np.float32)


def background(
    samples: int, recorded: np.ndarray, decibels: tuple[float, float], random: np.random.Generator
) -> np.ndarray:
    """Return noise of some loudness, that may swell, or nothing, float32 ``[samples]``."""
    if random.random() < NOTHING:
        return np.zeros(samples, np.float32)
    values = noise(samples, recorded, random)
    values *= np.float32(QUIETEST * 10.0 ** (random.uniform(*decibels) / 20))
    if random.random() < SWELLING:
        swell = 10.0 ** (random.uniform(-SWELL, SWELL, 5) / 20)
        values *= np.interp(np.arange(samples), np.linspace(0, samples, 5), swell).astype(np.float32)
    return values


def to_samples(values: np.ndarray) -> np.ndarray:
    """Return sound as 16-bit samples, which uses up ``values``; what is too loud is cut off."""
    limits = np.iinfo(np.int16)
    np.rint(values, out=values)
    np.clip(values, limits.min, limits.max, out=values)
    return values.astype(np.int16)
