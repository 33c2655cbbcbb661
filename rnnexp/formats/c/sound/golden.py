"""What the C of sound is tested with: made-up sounds, and the codes that the NumPy reference has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnexp.formats.c.text import code_type, filled, numbers
from rnnexp.preprocessing.front_end import reference
from rnnexp.preprocessing.front_end.tables import FrontEnd

# Frames of the self-test.
FRAMES = 8
# How far codes of 8 and 16 bits may be off with float.
APART = {8: 1, 16: 16}


def test(front_end: FrontEnd, values: Mapping[str, Any]) -> str:
    """Return the part of the self-test that is about sound.

    Args:
        front_end: the numbers.
        values: of the network's own self-test.
    """
    frames = min(FRAMES, front_end.frames)
    sound = _kinds((frames - 1) * front_end.frame_step + front_end.frame_length)
    places = np.arange(frames)[:, None] * front_end.frame_step + np.arange(front_end.frame_length)
    codes = reference.of_frames(sound[places], front_end)
    own = {
        "apart": APART[front_end.codes.bits],
        "input_type": code_type(front_end.codes),
        "test_samples": len(sound),
        "test_frames": frames,
        "test_sound": numbers(sound),
        "test_codes": numbers(codes.reshape(-1)),
    }
    return filled("sound/test.c", {**values, **own})


def made_up(count: int) -> np.ndarray:
    """Return the sound that the example program makes without a file, int16: a rising tone and some noise."""
    noise, found = 1, np.empty(count, np.int64)
    for place in range(count):
        noise = noise if place == 0 else (noise * 1664525 + 1013904223) % 2**32
        found[place] = (noise >> 24) - 128
    steps = 300 + np.arange(count) // 8
    steps[:1] = 0
    phase = np.cumsum(steps) % 2**16
    return (found + np.where(phase < 2**15, phase // 4 - 4096, 12287 - phase // 4)).astype(np.int16)


def _kinds(count: int) -> np.ndarray:
    """Return sound of several kinds, int16: silence, noise of a step, a tone that gets louder, a square, clicks."""
    time, random = np.arange(count), np.random.default_rng(0)
    kinds = [
        np.zeros(count),
        random.integers(-1, 2, count),
        np.minimum(2.0 ** (8 * time / count + 7), 32767) * np.sin(0.05 * time + 3e-5 * time**2)
        + random.normal(size=count) * 20,
        np.where(time % 50 < 25, 32767, -32768) - random.integers(0, 2, count) * np.where(time % 50 < 25, 1, -1),
        20000 * (time % 997 == 0) + random.integers(-2, 3, count),
    ]
    shares = np.repeat(np.arange(len(kinds)), -(-count // len(kinds)))[:count]
    return np.clip(np.choose(shares, kinds), -32768, 32767).astype(np.int16)
