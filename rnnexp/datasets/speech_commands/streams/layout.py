"""Which words streams have, when they end, and so what is to be answered at every step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets.dataset import IGNORED
from rnnexp.preprocessing.frames import Frames
from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_RATE

# Seconds from where a clip could begin to where its word ends, and from there to the next one.
BEFORE, PAUSE = (0.75, 1.0), (0.15, 0.9)
# Of streams without any word, there are so many beside those with words.
WITHOUT_WORDS = 0.15
# The answer is the word from just before its end, when it can be told, for so long; seconds. While it is spoken, and
# just afterwards, any answer is right.
EARLY, HELD, AFTER = 0.04, 0.30, 0.25


@dataclass(frozen=True)
class Layout:
    """The words of streams.

    Attributes:
        streams: how many there are.
        samples: of each.
        words: ``[k, 3]``: of each word the stream, the class, and the sample that it ends at; stream by stream.
    """

    streams: int
    samples: int
    words: np.ndarray

    @classmethod
    def draw(cls, labels: np.ndarray, samples: int, random: np.random.Generator) -> Layout:
        """Return streams of so many samples in which there is a word for each label, in any order."""
        left, words, stream = list(random.permutation(labels)), [], 0
        while left:
            words += [(stream, int(left.pop()), end) for end in _ends(samples, random) if left]
            stream += 1
        # Those without words are among the others, wherever these are cut into batches or chunks.
        count = stream + math.ceil(WITHOUT_WORDS * stream)
        places = np.sort(random.permutation(count)[:stream])
        table = np.array(words, np.int32).reshape(-1, 3)
        table[:, 0] = places[table[:, 0]]
        return cls(count, samples, table)

    def labels(self, frames: Frames, silence: int) -> np.ndarray:
        """Return the class at every step, int32 ``[streams, frames]``; ``IGNORED`` where any answer is right."""
        heard = frames.ends(frames.count(self.samples))
        labels = np.full((self.streams, len(heard)), silence, np.int32)
        after = heard - self.words[:, 2:]
        rows = self.words[:, 0]
        around = (after > -CLIP_SAMPLES) & (after < (HELD + AFTER) * SAMPLE_RATE)
        said = (after >= -EARLY * SAMPLE_RATE) & (after < HELD * SAMPLE_RATE)
        for row, where in zip(rows, around, strict=True):
            labels[row][where] = IGNORED
        for (row, number, _), where in zip(self.words, said, strict=True):
            labels[row][where] = number
        return labels

    def chunks(self, most: int) -> Iterator[Layout]:
        """Yield parts of at most so many streams, in order."""
        for begin in range(0, self.streams, most):
            count = min(most, self.streams - begin)
            own = self.words[(self.words[:, 0] >= begin) & (self.words[:, 0] < begin + count)]
            yield Layout(count, self.samples, own - np.array([begin, 0, 0], np.int32))


def _ends(samples: int, random: np.random.Generator) -> Iterator[int]:
    """Yield where the words of one stream end."""
    begin = random.uniform(0.0, 0.7)
    while begin + 1.0 <= samples / SAMPLE_RATE:
        end = begin + random.uniform(*BEFORE)
        yield int(end * SAMPLE_RATE)
        begin = end + random.uniform(*PAUSE)
