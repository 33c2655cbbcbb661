"""How the settings make inputs of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.preprocessing.features import FULL_SCALE, SEGMENTS, chunks, spectral, spectral_of_all
from rnnexp.preprocessing.frames import Frames
from rnnexp.preprocessing.input_map import RawSound, Sound, SpectralSound, Spectrum
from rnnexp.preprocessing.wav import CLIP_SAMPLES, SAMPLE_RATE

# frames a clip -> milliseconds of a frame, and from one to the next
FRAMES_MS = {49: (40, 20), 98: (25, 10)}
MEL_BANDS = 40
MEL_HZ = (20.0, 7600.0)
LOG_OFFSET = 1e-6
COEFFICIENTS = 10
# Samples are clipped to the smallest power of two, 128 at least, that this share of the training part's is within.
WITHIN_LIMIT = 0.99


@dataclass(frozen=True)
class Statistics:
    """What inputs are normalised by.

    Attributes:
        limit: of raw samples, see ``sample_range``.
        mean: of each feature.
        deviation: the same.
    """

    limit: int = 0
    mean: Sequence[float] = ()
    deviation: Sequence[float] = ()


@dataclass(frozen=True)
class Recipe:
    """How inputs are made of clips.

    Attributes:
        features: ``raw``, ``log-mel`` or ``mfcc``.
        segment: of raw samples, which.
        length: time steps, at most.
        frames: of features, how many a second has.
        samples: of a clip, or of a stream.
    """

    features: Literal["raw", "log-mel", "mfcc"]
    segment: Literal["first", "loudest", "decimate"]
    length: int
    frames: Literal[49, 98]
    samples: int = CLIP_SAMPLES

    @classmethod
    def of(cls, config: ClassificationConfig) -> Recipe:
        """Return what the settings ask for; settings that make no difference to it are the same in all."""
        if config.features == "raw":
            length = min(config.max_sequence_length, CLIP_SAMPLES)
            return cls("raw", config.segment if length < CLIP_SAMPLES else "first", length, 49)
        if config.stream_seconds is not None:
            samples = round(config.stream_seconds * SAMPLE_RATE)
            return cls(config.features, "first", framing(config.frames).count(samples), config.frames, samples)
        return cls(config.features, "first", min(config.max_sequence_length, config.frames), config.frames)

    @property
    def framing(self) -> Frames:
        """How sound is cut into frames."""
        return framing(self.frames)

    @property
    def row_bytes(self) -> int:
        """Bytes that the input of one clip, or stream, takes."""
        width = {"raw": 1, "log-mel": MEL_BANDS, "mfcc": COEFFICIENTS}[self.features]
        return 2 * self.length * width

    def apply(self, clips: np.ndarray) -> np.ndarray:
        """Return the inputs of clips int16 ``[n, samples]``.

        ``[n, time, 1]`` int16 if raw, else ``[n, time, features]`` float16; not yet normalised.
        """
        if self.features == "raw":
            return SEGMENTS[self.segment](clips, self.length)[:, :, None]
        return spectral(clips, self._spectrum()).astype(np.float16)

    def whole(self, samples: np.ndarray) -> np.ndarray:
        """Return the features of sound of any length, int16 ``[samples]``, as ``[time, features]`` float16."""
        return spectral_of_all(samples, self._spectrum()).astype(np.float16)

    def statistics(self, train: np.ndarray) -> Statistics:
        """Return what ``normalize`` needs, from the inputs of the training part."""
        if self.features == "raw":
            counts = np.zeros(FULL_SCALE + 1, np.int64)
            for rows in chunks(train):
                counts += np.bincount(np.abs(rows.astype(np.int32)).ravel(), minlength=len(counts))
            enough = int(np.searchsorted(np.cumsum(counts), WITHIN_LIMIT * counts.sum()))
            return Statistics(limit=max(1 << max(enough - 1, 0).bit_length(), 128))
        total = np.zeros((2, train.shape[2]))
        for rows in chunks(train):
            values = rows.astype(np.float64)
            total += values.sum(axis=(0, 1)), np.square(values).sum(axis=(0, 1))
        mean, square = total / (train.shape[0] * train.shape[1])
        deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
        return Statistics(mean=mean.tolist(), deviation=np.where(deviation > 0, deviation, 1.0).tolist())

    def normalize(self, inputs: np.ndarray, statistics: Statistics) -> None:
        """Normalise inputs in place: clip samples, or make each feature's mean 0 and its deviation 1."""
        for rows in chunks(inputs):
            if self.features == "raw":
                low, high = sample_range(statistics.limit)
                np.clip(rows, low, high, out=rows)
            else:
                rows[...] = (rows - np.asarray(statistics.mean)) / np.asarray(statistics.deviation)

    def input_scale(self, statistics: Statistics) -> float:
        """Return what inputs are divided by to be about 1 at most."""
        return float(statistics.limit) if self.features == "raw" else 1.0

    def input_map(self, statistics: Statistics) -> Sound:
        """Return how inputs are made, for programs."""
        if self.features != "raw":
            return SpectralSound(
                **self._spectrum().to_json(), mean=tuple(statistics.mean), deviation=tuple(statistics.deviation)
            )
        low, high = sample_range(statistics.limit)
        return RawSound(
            sample_rate=SAMPLE_RATE,
            clip_samples=CLIP_SAMPLES,
            segment=self.segment,
            samples=self.length,
            minimum=low,
            maximum=high,
        )

    def _spectrum(self) -> Spectrum:
        """Return all that ``features.spectral`` needs to know."""
        assert self.features != "raw"
        frames = self.framing
        cepstral = self.features == "mfcc"
        return Spectrum(
            kind=self.features,
            sample_rate=SAMPLE_RATE,
            clip_samples=self.samples,
            full_scale=FULL_SCALE,
            frames=self.length,
            frame_length=frames.length,
            frame_step=frames.step,
            fft_length=1 << (frames.length - 1).bit_length(),
            window="hann, periodic",
            mel_bands=MEL_BANDS,
            mel_hz=MEL_HZ,
            mel_scale="1127 * ln(1 + hertz / 700)",
            log_offset=LOG_OFFSET,
            coefficients=COEFFICIENTS if cepstral else None,
            dct="type II, divided by sqrt(2 * mel_bands)" if cepstral else None,
        )

    def normalization(self, statistics: Statistics) -> str:
        """Return how inputs are made, for people."""
        if self.features != "raw":
            return (
                f"{self.features} of {self.frames} frames, each feature to mean 0 and deviation 1 of the training part"
            )
        low, high = sample_range(statistics.limit)
        kind = {
            "first": f"the first {self.length} samples",
            "loudest": f"the {self.length} samples with the most energy",
            "decimate": f"the whole clip at {SAMPLE_RATE * self.length / CLIP_SAMPLES:g} samples a second",
        }[self.segment]
        return (
            f"{kind}, 16-bit numbers as they are, clipped to {low} to {high}, which {WITHIN_LIMIT:.0%} of the training "
            "part's are within"
        )

    def key(self) -> dict[str, Any]:
        """Return all that the inputs depend on, but the clips."""
        constants = [FRAMES_MS[self.frames], MEL_BANDS, MEL_HZ, LOG_OFFSET, COEFFICIENTS, WITHIN_LIMIT]
        found = asdict(self)
        if self.samples == CLIP_SAMPLES:
            del found["samples"]  # as it was before there were streams: what is in the cache is still right
        return found | {"constants": constants}


def framing(frames: Literal[49, 98]) -> Frames:
    """Return how sound is cut, for so many frames a second."""
    return Frames(*(ms * SAMPLE_RATE // 1000 for ms in FRAMES_MS[frames]))


def sample_range(limit: int) -> tuple[int, int]:
    """Return the smallest and the largest sample for a limit: what 256 steps of ``limit / 128`` reach."""
    return -limit, limit - limit // 128
