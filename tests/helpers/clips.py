"""Small Speech Commands folders for tests."""

import wave

import numpy as np

TEN = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
# All of the ten, and another one.
WORDS = (*TEN, "bird")
SPEAKERS = ("a", "b", "c", "d")
# Clips of two of the speakers.
LISTED = {"validation_list.txt": "b", "testing_list.txt": "c"}


def write_wav(path, samples, *, channels=1, width=2, rate=16000):
    """Write samples, int16, to a wav file; other widths take their upper bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.asarray(samples, "<i2")
    raw = {1: (data // 256 + 128).astype(np.uint8), 2: data, 3: np.stack([data * 0, data], -1)}[width]
    content = raw.tobytes() if width < 3 else raw.astype("<i2").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate, 0, "NONE", "not compressed"))
        file.writeframes(content)
    return path


def tone(hertz, count=16000, amplitude=2000.0, seed=None):
    """A sine, with some noise if there is a seed, int16."""
    values = amplitude * np.sin(2 * np.pi * hertz * np.arange(count) / 16000)
    if seed is not None:
        values += np.random.default_rng(seed).normal(0, amplitude / 10, count)
    return values.astype(np.int16)


def spoken_tone(hertz, begin, end, amplitude=2000.0, count=16000):
    """A sine from one sample to another, and silence around it, int16."""
    values = np.zeros(count, np.int16)
    values[begin:end] = tone(hertz, end - begin, amplitude)
    return values


def write_folder(path, *, words=WORDS, noise_seconds=2.6):
    """Write a folder in the official layout: a clip of each word by each speaker, and two recordings of noise."""
    for number, word in enumerate(words):
        for speaker, name in enumerate(SPEAKERS):
            length = 16000 - 1500 * speaker
            write_wav(
                path / word / f"{name}_nohash_0.wav", tone(200 + 150 * number, length, seed=10 * number + speaker)
            )
    for number, name in enumerate(("running_tap", "white_noise")):
        noise = np.random.default_rng(number).normal(0, 500, int(noise_seconds * 16000)).astype(np.int16)
        write_wav(path / "_background_noise_" / f"{name}.wav", noise)
    for name, speaker in LISTED.items():
        (path / name).write_text("".join(f"{word}/{speaker}_nohash_0.wav\n" for word in words), encoding="utf-8")
    return path


# What makes a file that is no clip, and what is said of it.
BROKEN = {
    "stereo": (lambda path: write_wav(path, tone(100, 3000), channels=2), "2 channels, not 1"),
    "8-bit": (lambda path: write_wav(path, tone(100), width=1), "8 bits a sample, not 16"),
    "24-bit": (lambda path: write_wav(path, tone(100), width=3), "24 bits a sample, not 16"),
    "44.1 kHz": (lambda path: write_wav(path, tone(100), rate=44100), "44100 samples a second, not 16000"),
    "no samples": (lambda path: write_wav(path, []), "no samples"),
    "empty": (lambda path: path.write_bytes(b""), "not a wav file, or cut off in its header"),
    "text": (lambda path: path.write_text("RIFF of the week, but nothing else"), "not a PCM wav file"),
    "cut off": (
        lambda path: path.write_bytes(write_wav(path, tone(100)).read_bytes()[:1044]),
        "cut off: 500 of 16000 samples are there",
    ),
    "float": (
        lambda path: path.write_bytes(
            write_wav(path, tone(100)).read_bytes().replace(b"\x10\0\0\0\1\0", b"\x10\0\0\0\3\0")
        ),
        "not a PCM wav file (float)",
    ),
}
