"""Sound of many kinds, how features are made of it, and networks that read them."""

import numpy as np
from helpers.random_networks import layered

from rnnexp.datasets.speech_commands.recipe import Recipe, Statistics
from rnnexp.formats.about import About
from rnnexp.preprocessing.wav import CLIP_SAMPLES
from rnnexp.quantization.quantizer import quantize

CLASSES = ("yes", "no", "上", "down")
TIME = np.arange(CLIP_SAMPLES) / 16000


def word(seed):
    """Return something like a spoken word, with silence around it and a quiet room behind: int16."""
    random = np.random.default_rng(seed)
    pitch = 2 * np.pi * np.cumsum(random.uniform(90, 220) * (1 + 0.2 * np.sin(7 * TIME + seed))) / 16000
    formants = random.uniform([300, 900, 2200], [800, 2000, 3200])
    voice = sum(
        np.exp(-(((number * 150 - formants[:, None]) / 200) ** 2)).sum() * np.sin(number * pitch)
        for number in range(1, 40)
    )
    loud = np.exp(-(((TIME - random.uniform(0.4, 0.6)) / 0.15) ** 2)) * random.uniform(300, 9000)
    hiss = random.normal(size=CLIP_SAMPLES) * (0.1 * loud + random.uniform(1, 30))
    return np.clip(voice * loud + hiss, -32768, 32767).astype(np.int16)


def natural():
    """Return clips as microphones have them, int16 ``[n, samples]``."""
    random = np.random.default_rng(0)
    quiet = [random.integers(-1, 2, CLIP_SAMPLES), random.normal(0, 3000, CLIP_SAMPLES)]
    click = 30000 * (np.arange(CLIP_SAMPLES) == 5000) + random.integers(-2, 3, CLIP_SAMPLES)
    return np.stack([*map(word, range(6)), *quiet, click]).astype(np.int16)


def artificial():
    """Return clips that no microphone makes, int16 ``[n, samples]``."""
    place = np.arange(CLIP_SAMPLES)
    square = np.where(place % 40 < 20, 32767, -32768)
    alone = 32767 * (place == 5000)
    sweep = np.where(np.sin(2e-4 * place**2) >= 0, 32767, -32768)
    clips = [0 * place, square, sweep, alone, 0 * place - 32768, 0 * place + 1, np.where(place % 2, 32767, -32768)]
    return np.stack([*clips, 32767 * np.sin(0.3 * place)]).astype(np.int16)


def sound_map(kind, frames, /, **changes):
    """Return how features are made, with means and deviations as of speech."""
    random = np.random.default_rng(1)
    width = 40 if kind == "log-mel" else 10
    level, spread = (-2.0, 3.0) if kind == "log-mel" else (np.r_[-15.0, np.zeros(9)], np.r_[16.0, np.full(9, 2.5)])
    means, deviations = level + random.normal(size=width) * 0.3, spread * random.uniform(0.9, 1.1, width)
    made = Recipe(kind, "first", frames, 49 if frames <= 49 else 98).input_map(
        Statistics(mean=means.tolist(), deviation=deviations.tolist())
    )
    return made.model_copy(update=changes)


def listener(kind="log-mel", frames=49, *, io_bits=8, cells=(("gru", 4),), detector=None, **changes):
    """Return a network with random weights that reads features, and what it says of itself.

    With a detector, it answers at every step.
    """
    input_map = sound_map(kind, frames, **changes)
    x = np.random.default_rng(2).normal(size=(8, frames, len(input_map.mean))).clip(-4, 4)
    own = {"every_step": True} if detector else {}
    real = layered(*cells, steps=frames, features=x.shape[2], outputs=len(CLASSES), softmax=True, **own)
    about = About(task="classification", input_map=input_map, classes=CLASSES, detector=detector)
    return quantize(real, x, io_bits=io_bits), about
