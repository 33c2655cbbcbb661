"""The numbers of a front end: from 16-bit samples to a network's input codes, in 32-bit integers.

A frame is made as loud as 16 bits hold, and windowed; its real Fourier transform is a complex one of half the length.
Of that, the first stage takes 4 or 8 numbers at once, and leaves out those that are zero; the others take 4. Each stage
splits ``x**length - exp(-2j pi t)`` into factors of a quarter of the length, whose ``t`` is ``(t + q) / 4``: places
come to be in the order of reversed bits, and the factors of all stages are the first ones of one table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnexp.preprocessing.input_map import SpectralSound
from rnnexp.quantization.scales import Affine

# Bits behind the point: of what turns numbers between stages (a product's upper half is a quarter), of what turns a
# spectrum's parts (its half), of weights of bands, of logarithms (to base 2), of the cosine transform.
TURN_BITS, SPLIT_BITS, WEIGHT_BITS, LOG_BITS, COSINE_BITS = 30, 31, 16, 16, 16
# Places of the tables of roots and of logarithms, and bits behind the point of the latter's numbers.
ROOT_PLACES, LOG_PLACES, LOG_TABLE_BITS = 512, 64, 15
# How large a feature's multiplier may be, the shift behind it, and what is added in between.
MULTIPLIER_BITS, LARGEST_SHIFT, BIAS_BITS = 31, 46, 62
# With fewer, there is nothing behind the first stage.
LEAST_FFT, MOST_FFT = 32, 8192
MOST_BANDS = 512
# Less than the first is too coarse in units of a sum, and more than the second is beyond all of them.
OFFSETS = (2**7, 2**44)


class NoFrontEndError(ValueError):
    """There is none in integers for these features; the message says why."""


@dataclass(frozen=True)
class FrontEnd:
    """All numbers of one.

    Attributes:
        frames: that a clip has.
        frame_length: samples.
        frame_step: samples.
        points: complex numbers of the Fourier transform, half the real one's.
        first: how many of them the first stage takes at once, 4 or 8.
        window: what samples are multiplied with, ``2**-window_bits``; of an odd number, there is a 0 behind.
        window_bits: behind the point.
        turns: cosines and sines of one, two and three times each block's angle, ``[blocks, 3, 2]``.
        split: those that turn a spectrum's parts, of places 2, 4 and 5, 8 to 11, and so on, ``[points / 2 - 1, 2]``.
        counts: bins from each edge of the bands to the next, ``[bands + 1]``.
        places: where each of these bins is, ``[bins]``.
        weights: its share of the band that begins at the edge, ``[bins]``; the rest is that of the band before.
        offset: added ahead of the logarithm, for a frame that is as loud as 16 bits hold.
        cosines: of the cepstral coefficients, ``[coefficients, bands]``; None for bands themselves.
        multipliers: of each feature.
        biases: of each feature.
        shift: of all: a code is ``(multiplier * feature + bias) / 2**shift``, rounded down.
        codes: of the network's input.
    """

    frames: int
    frame_length: int
    frame_step: int
    points: int
    first: int
    window: np.ndarray
    window_bits: int
    turns: np.ndarray
    split: np.ndarray
    counts: np.ndarray
    places: np.ndarray
    weights: np.ndarray
    offset: int
    cosines: np.ndarray | None
    multipliers: np.ndarray
    biases: np.ndarray
    shift: int
    codes: Affine

    @property
    def bands(self) -> int:
        """How many mel bands there are."""
        return len(self.counts) - 1

    @property
    def features(self) -> int:
        """How many numbers a frame becomes."""
        return len(self.multipliers)

    @property
    def spacing(self) -> int:
        """Places from one number of the first stage to the next."""
        return self.points // self.first

    @property
    def rows(self) -> int:
        """How many of its numbers are not zero, at most."""
        return -(-len(self.window) // (2 * self.spacing))


def of(sound: SpectralSound, codes: Affine) -> FrontEnd:
    """Return the front end of a network's inputs.

    Args:
        sound: how they are made.
        codes: of the network's input.

    Raises:
        NoFrontEndError: if integers cannot do it.
    """
    points = sound.fft_length // 2
    if sound.fft_length != 2 * points or points & (points - 1) or not LEAST_FFT <= sound.fft_length <= MOST_FFT:
        raise NoFrontEndError(f"an FFT of {sound.fft_length} samples is no power of two from {LEAST_FFT} to {MOST_FFT}")
    if not 2 <= sound.frame_length <= sound.fft_length:
        raise NoFrontEndError(f"frames of {sound.frame_length} samples are of one alone, or longer than their FFT")
    if sound.mel_bands > MOST_BANDS:
        raise NoFrontEndError(f"{sound.mel_bands} bands are more than {MOST_BANDS}")
    if (sound.frames - 1) * sound.frame_step + sound.frame_length > sound.clip_samples:
        raise NoFrontEndError(f"a clip has fewer than {sound.frames} frames")
    first = 4 if points.bit_length() % 2 else 8
    window, window_bits = _window(sound.frame_length, points, first)
    # What a magnitude counts that a full-scale frame's has in real numbers.
    unit = sound.full_scale * 2.0**15 * 2.0 ** (window_bits - 31) * first / points
    offset = sound.log_offset * unit * 2**WEIGHT_BITS
    if not OFFSETS[0] <= offset < OFFSETS[1]:
        raise NoFrontEndError(f"a logarithm's offset of {sound.log_offset:g} is too small or too large")
    counts, places, weights = _bands(sound, points)
    cosines = _cosines(sound) if sound.kind == "mfcc" else None
    multipliers, biases, shift = _scaling(sound, codes, unit, cosines)
    return FrontEnd(
        frames=sound.frames,
        frame_length=sound.frame_length,
        frame_step=sound.frame_step,
        points=points,
        first=first,
        window=window,
        window_bits=window_bits,
        turns=_turns(points),
        split=_split(points),
        counts=counts,
        places=places,
        weights=weights,
        offset=round(offset),
        cosines=cosines,
        multipliers=multipliers,
        biases=biases,
        shift=shift,
        codes=codes,
    )


def reversed_bits(count: int) -> np.ndarray:
    """Return the numbers below a power of two, each with its bits in the opposite order."""
    found = np.zeros(1, np.int64)
    while len(found) < count:
        found = np.concatenate([2 * found, 2 * found + 1])
    return found


def roots() -> np.ndarray:
    """Return square roots of ``2**22`` times each place, of 16 bits, and what is missing to the next one, 16 bits more.

    Numbers are 0, or of a place from ``ROOT_PLACES / 8`` on.
    """
    exact = np.rint(np.sqrt(np.arange(ROOT_PLACES + 2) * 2.0**22)).astype(np.int64)
    exact[: ROOT_PLACES // 8] = 0
    return exact[:-1] * 2**16 + np.where(exact[:-1] > 0, np.diff(exact), 0)


def logarithms() -> np.ndarray:
    """Return the logarithms of numbers from 1 to 2, to base 2, at ``LOG_PLACES`` places and behind the last."""
    return np.rint(np.log2(1 + np.arange(LOG_PLACES + 1) / LOG_PLACES) * 2**LOG_TABLE_BITS).astype(np.int64)


def _window(length: int, points: int, first: int) -> tuple[np.ndarray, int]:
    """Return the periodic Hann window, and its bits, with which nothing overflows."""
    # TensorFlow's, which training sees, is periodic where the length is even, and symmetric else.
    period = max(length - length % 2, 1)
    values = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / period)
    rows = np.pad(values, (0, 2 * points - length)).reshape(first, -1)
    # The first stage adds up to so many samples, in two parts; a spectrum adds up all of them, and is divided by 4 in
    # each of the other stages. What follows adds up two numbers.
    sums, total = np.sqrt(2) * rows.sum(axis=0).max(), values.sum() * first / points
    bits = math.floor(math.log2(min(2.0**30 / sums, 2.0**31 / total) * 0.9999)) + 1
    return np.rint(np.pad(values, (0, length % 2)) * 2.0**bits).astype(np.int64), bits


def _turns(points: int) -> np.ndarray:
    """Return the factors of the stages that take 4 numbers: the last one has the most blocks."""
    blocks = points // 4
    angles = 2 * np.pi * reversed_bits(blocks) / blocks / 4
    multiples = angles[:, None] * np.arange(1, 4)
    return np.rint(np.stack([np.cos(multiples), np.sin(multiples)], axis=-1) * 2.0**TURN_BITS).astype(np.int64)


def _split(points: int) -> np.ndarray:
    """Return cosine and sine for one of each two places whose numbers make two bins of the real transform."""
    places = np.concatenate([np.arange(size, size + size // 2) for size in 2 ** np.arange(1, points.bit_length() - 1)])
    angles = np.pi * reversed_bits(points)[places] / points
    found = np.rint(np.stack([np.cos(angles), np.sin(angles)], axis=-1) * 2.0**SPLIT_BITS)
    return np.minimum(found, 2**31 - 1).astype(np.int64)


def _bands(sound: SpectralSound, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many bins are between the edges of mel bands, where each is, and its share of the next band.

    Bands are triangles from edge to edge on the mel scale, so that shares of two bands add up to 1.
    """
    if not 0 <= sound.mel_hz[0] < sound.mel_hz[1] <= sound.sample_rate / 2:
        raise NoFrontEndError(f"bands from {sound.mel_hz[0]:g} to {sound.mel_hz[1]:g} Hz are none of this sound")
    low, high = (1127 * math.log1p(hertz / 700) for hertz in sound.mel_hz)
    # Neither the constant part nor the highest frequency has a weight.
    bins = np.arange(1, points)
    edges = (1127 * np.log1p(bins * sound.sample_rate / sound.fft_length / 700) - low) / (high - low)
    edges *= sound.mel_bands + 1
    inside = (edges >= 0) & (edges < sound.mel_bands + 1)
    bins, edges = bins[inside], edges[inside]
    counts = np.bincount(edges.astype(np.int64), minlength=sound.mel_bands + 1)
    weights = np.minimum(np.rint(edges % 1 * 2.0**WEIGHT_BITS), 2**WEIGHT_BITS - 1)
    return counts, reversed_bits(points)[bins], weights.astype(np.int64)


def _cosines(sound: SpectralSound) -> np.ndarray:
    """Return the discrete cosine transform of type II, scaled as HTK does, ``[coefficients, bands]``."""
    bands = sound.mel_bands
    coefficients = min(sound.coefficients or bands, bands)
    angles = np.pi / bands * np.outer(np.arange(coefficients), np.arange(bands) + 0.5)
    return np.rint(np.cos(angles) * np.sqrt(2 / bands) * 2.0**COSINE_BITS).astype(np.int64)


def _scaling(
    sound: SpectralSound, codes: Affine, unit: float, cosines: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return multipliers, biases and the shift from features to codes."""
    features = sound.mel_bands if cosines is None else len(cosines)
    mean, deviation = (np.asarray(numbers, np.float64) for numbers in (sound.mean, sound.deviation))
    if not mean.shape == deviation.shape == (features,):
        raise NoFrontEndError(f"there are {features} features, and other numbers of means and deviations")
    # Logarithms to base 2 are of numbers that count so much.
    level = -math.log(unit) - WEIGHT_BITS * math.log(2)
    levels = np.full(features, level) if cosines is None else level * cosines.sum(axis=1) / 2.0**COSINE_BITS
    steps = deviation * codes.scale
    ratios = math.log(2) / 2.0**LOG_BITS / steps
    shift = min(MULTIPLIER_BITS - math.frexp(ratios.max())[1], LARGEST_SHIFT)
    biases = np.rint(((levels - mean) / steps + codes.zero_point + 0.5) * 2.0**shift)
    if shift < 1 or np.abs(biases).max() >= 2.0**BIAS_BITS:
        raise NoFrontEndError("means or deviations are out of the range of integers")
    return np.rint(ratios * 2.0**shift).astype(np.int64), biases.astype(np.int64), shift
