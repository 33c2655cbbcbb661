"""What a front end computes, in NumPy: the specification of every bit of the C."""

from __future__ import annotations

import numpy as np

from rnnexp.preprocessing.front_end.tables import (
    COSINE_BITS,
    LOG_BITS,
    LOG_PLACES,
    LOG_TABLE_BITS,
    WEIGHT_BITS,
    FrontEnd,
    logarithms,
    roots,
)


def codes(clips: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return the input codes of clips, ``[n, frames, features]``, of the input's type.

    Args:
        clips: int16 ``[n, samples]``; what lacks of the last frames is 0.
        front_end: the numbers.
    """
    length, step = front_end.frame_length, front_end.frame_step
    needed = (front_end.frames - 1) * step + length
    padded = np.pad(clips, ((0, 0), (0, max(needed - clips.shape[1], 0))))
    places = np.arange(front_end.frames)[:, None] * step + np.arange(length)
    return np.stack([of_frames(clip[places], front_end) for clip in padded])


def of_frames(frames: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return the codes ``[n, features]`` of frames, int16 ``[n, frame_length]``."""
    samples = frames.astype(np.int64)
    # As loud as 16 bits hold.
    peaks = np.bitwise_or.reduce(samples ^ (samples >> 15), axis=1)
    louder = 15 - _bits(peaks)
    spectrum = transform(samples << louder[:, None], front_end)
    bands = _sums(_magnitudes(spectrum), front_end) + (front_end.offset << louder)[:, None]
    features = _logarithms(bands) - (louder << LOG_BITS)[:, None]
    if front_end.cosines is not None:
        features = (features @ front_end.cosines.T) >> COSINE_BITS
    scaled = features * front_end.multipliers + front_end.biases
    return front_end.codes.clip(scaled >> front_end.shift)


def transform(samples: np.ndarray, front_end: FrontEnd) -> list[np.ndarray]:
    """Return real and imaginary parts of a frame's spectrum, each ``[n, points]``, at the places of reversed bits."""
    windowed = ((samples << 16) * front_end.window[: samples.shape[1]]) >> 32
    padded = np.pad(windowed, ((0, 0), (0, 2 * front_end.points - samples.shape[1])))
    rows = padded.reshape(len(samples), front_end.first, -1)
    real, imaginary = _first([rows[..., 0::2], rows[..., 1::2]])
    blocks = front_end.first
    while blocks < front_end.points:
        # [n, blocks, 4, a quarter of a block]
        parts = [values.reshape(len(samples), blocks, 4, -1) for values in (real, imaginary)]
        turned = [[values[:, :, 0] >> 2 for values in parts]]
        for number, turn in enumerate(front_end.turns[:blocks].transpose(1, 2, 0), 1):
            a, b = (values[:, :, number] for values in parts)
            cosine, sine = turn[:, :, None]
            turned.append([_high(a, cosine) + _high(b, sine), _high(b, cosine) + _high(a, -sine)])
        real, imaginary = (np.stack(values, 2).reshape(len(samples), -1) for values in _of_4(turned))
        blocks *= 4
    return _parts(real, imaginary, front_end)


def _first(rows: list[np.ndarray]) -> list[np.ndarray]:
    """Return the first stage: of each 4 or 8 rows, whose factors are simple."""
    real, imaginary = rows
    if real.shape[1] == 4:
        return [np.stack(v, 1).reshape(len(real), -1) for v in _of_4([[real[:, i], imaginary[:, i]] for i in range(4)])]
    sums = [[values[:, i] + values[:, i + 4] for values in rows] for i in range(4)]
    a, b, c, d = ([values[:, i] - values[:, i + 4] for values in rows] for i in range(4))
    # Turned by an eighth, a quarter, and three eighths.
    b = [_root_of_half(b[0] + b[1]), _root_of_half(b[1] - b[0])]
    c = [c[1], -c[0]]
    d = [_root_of_half(d[1] - d[0]), _root_of_half(-d[0] - d[1])]
    both = zip(_of_4(sums), _of_4([a, b, c, d]), strict=True)
    return [np.stack([*even, *odd], 1).reshape(len(real), -1) for even, odd in both]


def _of_4(numbers: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """Return the Fourier transform of 4 complex numbers, in the order of reversed bits: all real parts, the others."""
    (ar, ai), (br, bi), (cr, ci), (dr, di) = numbers
    even, odd = ar + cr, br + dr
    real = [even + odd, even - odd, (ar - cr) + (bi - di), (ar - cr) - (bi - di)]
    even, odd = ai + ci, bi + di
    return [real, [even + odd, even - odd, (ai - ci) - (br - dr), (ai - ci) + (br - dr)]]


def _parts(real: np.ndarray, imaginary: np.ndarray, front_end: FrontEnd) -> list[np.ndarray]:
    """Return the bins of the real transform, of the complex one of even and odd samples; all but the constant part."""
    made = [real.copy(), imaginary.copy()]
    start, size = 0, 2
    while size < front_end.points:
        half = size // 2
        cosine, sine = front_end.split[start : start + half].T
        near, far = np.arange(size, size + half), np.arange(2 * size - 1, size + half - 1, -1)
        sums = real[:, near] + real[:, far], imaginary[:, near] + imaginary[:, far]
        differences = real[:, near] - real[:, far], imaginary[:, near] - imaginary[:, far]
        across = _high(sums[1], cosine) + _high(differences[0], -sine)
        along = _high(differences[0], cosine) + _high(sums[1], sine)
        made[0][:, near], made[1][:, near] = (sums[0] >> 1) + across, (differences[1] >> 1) - along
        made[0][:, far], made[1][:, far] = (sums[0] >> 1) - across, (differences[1] >> 1) + along
        start, size = start + half, 2 * size
    return made


def _magnitudes(spectrum: list[np.ndarray]) -> np.ndarray:
    """Return the magnitudes of complex numbers."""
    larger = 31 - _bits(np.bitwise_or(*(values ^ (values >> 31) for values in spectrum)) | 1)
    square = sum(_high(values << larger, values << larger) for values in spectrum)
    root = roots()[square >> 22]
    return (root + (root & 0xFFFF) * (square >> 6 & 0xFFFF)) >> larger


def _sums(magnitudes: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return the sums of magnitudes in bands, ``[n, bands]``."""
    rising, falling, start = [], [], 0
    for count in front_end.counts.tolist():
        bins = magnitudes[:, front_end.places[start : start + count]]
        rising.append(bins @ front_end.weights[start : start + count])
        falling.append((bins.sum(axis=1) << WEIGHT_BITS) - rising[-1])
        start += count
    return np.stack(rising[:-1], axis=1) + np.stack(falling[1:], axis=1)


def _logarithms(values: np.ndarray) -> np.ndarray:
    """Return logarithms to base 2 of whole numbers above 0."""
    bits = _bits(values)
    mantissa = np.where(bits > 32, values >> np.maximum(bits - 32, 0), values << np.maximum(32 - bits, 0))
    table, place = logarithms(), (mantissa >> 25) % LOG_PLACES
    more = ((table[place + 1] - table[place]) * (mantissa >> 9 & 0xFFFF)) >> LOG_TABLE_BITS
    return ((bits - 1) << LOG_BITS) + (table[place] << LOG_BITS - LOG_TABLE_BITS) + more


def _high(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the upper half of products of 32-bit numbers."""
    return (a * b) >> 32


def _root_of_half(values: np.ndarray) -> np.ndarray:
    """Return values by the square root of 2."""
    return 2 * _high(values, np.int64(1518500250))


def _bits(values: np.ndarray) -> np.ndarray:
    """Return how many bits whole numbers have."""
    # Up to 2**53, float64 has them exactly; beyond, a number just below a power of two is rounded up to it.
    exponents = np.frexp(values.astype(np.float64))[1].astype(np.int64)
    return exponents - (values < np.int64(1) << np.maximum(exponents - 1, 0))
