"""From a second of sound to what a network sees: samples, log-mel bands, or cepstral coefficients."""

from __future__ import annotations

import numpy as np

from rnnexp import stderr
from rnnexp.preprocessing.frames import Frames
from rnnexp.preprocessing.input_map import RawSound, Sound, SpectralSound, Spectrum
from rnnexp.preprocessing.wav import SAMPLE_RATE

# Of 16 bits.
FULL_SCALE = 32768
# Clips at once: more of their frames would not fit in the processor's cache.
CHUNK = 128
# Of sound of any length, frames at once.
FRAMES_AT_ONCE = 4096


def first(clips: np.ndarray, length: int) -> np.ndarray:
    """Return the first ``length`` samples of each clip."""
    return clips[:, :length]


def loudest(clips: np.ndarray, length: int) -> np.ndarray:
    """Return the ``length`` samples in a row with the largest sum of squares of each clip, the earliest of equals."""
    energy = np.cumsum(np.square(clips, dtype=np.int64), axis=1)
    windows = energy[:, length - 1 :].copy()
    windows[:, 1:] -= energy[:, :-length]
    start = windows.argmax(axis=1)
    return np.take_along_axis(clips, start[:, None] + np.arange(length), axis=1)


def decimate(clips: np.ndarray, length: int) -> np.ndarray:
    """Return clips resampled to ``length`` samples, what is above half the new rate filtered out first."""
    from scipy.signal import resample_poly

    # A zero-phase FIR low-pass with a Kaiser window, which is SciPy's default.
    resampled = resample_poly(clips.astype(np.float32), length, clips.shape[1], axis=1)[:, :length]
    return np.clip(np.rint(resampled), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


SEGMENTS = {"first": first, "loudest": loudest, "decimate": decimate}


def spectral(clips: np.ndarray, spectrum: Spectrum) -> np.ndarray:
    """Return log-mel bands, or cepstral coefficients, float32 ``[n, frames, features]``, by ``tf.signal``.

    The logarithm of (magnitudes of a short-time Fourier transform, summed in triangular mel bands, plus an offset);
    for coefficients, the first ones of its discrete cosine transform, scaled as HTK does.

    Args:
        clips: int16 ``[n, samples]``.
        spectrum: the numbers.
    """
    with stderr.silenced():
        import tensorflow as tf

        tf.config.list_logical_devices()

    points = spectrum.fft_length
    to_mel = tf.signal.linear_to_mel_weight_matrix(spectrum.mel_bands, points // 2 + 1, SAMPLE_RATE, *spectrum.mel_hz)
    found = []
    for rows in chunks(clips):
        signal = tf.cast(rows, tf.float32) / spectrum.full_scale
        frames = tf.signal.stft(signal, spectrum.frame_length, spectrum.frame_step, points)
        values = tf.math.log(tf.tensordot(tf.abs(frames[:, : spectrum.frames]), to_mel, 1) + spectrum.log_offset)
        if spectrum.kind == "mfcc":
            values = tf.signal.mfccs_from_log_mel_spectrograms(values)[..., : spectrum.coefficients]
        found.append(values.numpy())
    return np.concatenate(found)


def spectral_of_all(samples: np.ndarray, spectrum: Spectrum) -> np.ndarray:
    """Return the features of sound of any length, int16 ``[samples]``, as float32 ``[time, features]``.

    Args:
        samples: of whatever is shorter than a frame there are none.
        spectrum: the numbers, but for how many frames there are.
    """
    frames = Frames(spectrum.frame_length, spectrum.frame_step)
    count, found = frames.count(len(samples)), []
    for begin in range(0, count, FRAMES_AT_ONCE):
        some = min(FRAMES_AT_ONCE, count - begin)
        start = begin * frames.step
        piece = samples[start : start + (some - 1) * frames.step + frames.length]
        found.append(spectral(piece[None], spectrum.model_copy(update={"frames": some}))[0])
    width = spectrum.coefficients or spectrum.mel_bands
    return np.concatenate(found) if found else np.zeros((0, width), np.float32)


def stream_from_map(samples: np.ndarray, input_map: SpectralSound) -> np.ndarray:
    """Return what a network that listens sees of sound of any length, float32 ``[time, features]``.

    Args:
        samples: int16 ``[n]``.
        input_map: whose numbers are used, but for the length of a clip.

    Raises:
        ValueError: if it is for another rate.
    """
    if input_map.sample_rate != SAMPLE_RATE:
        raise ValueError(f"sound is not of {SAMPLE_RATE} samples a second")
    values = spectral_of_all(samples, input_map)
    return ((values - np.asarray(input_map.mean)) / np.asarray(input_map.deviation)).astype(np.float32)


def from_map(clips: np.ndarray, input_map: Sound) -> np.ndarray:
    """Return what a network sees of clips, float32 ``[n, time, features]``, by the numbers of its input map alone.

    Args:
        clips: int16 ``[n, clip samples]``.
        input_map: of sound.

    Raises:
        ValueError: if it is for other clips.
    """
    check(input_map, clips.shape[1])
    if isinstance(input_map, RawSound):
        chosen = SEGMENTS[input_map.segment](clips, input_map.samples)
        return np.clip(chosen, input_map.minimum, input_map.maximum)[:, :, None].astype(np.float32)
    values = spectral(clips, input_map)
    return ((values - np.asarray(input_map.mean)) / np.asarray(input_map.deviation)).astype(np.float32)


def check(input_map: Sound, samples: int) -> None:
    """Refuse an input map that is for other clips than those of so many samples.

    Raises:
        ValueError: if it is.
    """
    if (input_map.sample_rate, input_map.clip_samples) != (SAMPLE_RATE, samples):
        raise ValueError(f"clips are not of {samples} samples, {SAMPLE_RATE} a second")


def chunks(values: np.ndarray) -> list[np.ndarray]:
    """Cut an array into views of a size that is quickly worked on."""
    return [values[begin : begin + CHUNK] for begin in range(0, len(values), CHUNK)]
