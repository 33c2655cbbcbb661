"""Memory and seconds an epoch on a data set as large as Speech Commands: 85,000 raw clips of 1600 samples.

    python benchmarks/speech_commands.py                   prints a table and writes benchmarks/results
    python benchmarks/speech_commands.py --clips 5000      quicker

The clips are made up, in the official folder layout: 1000 different wav files of a second, each under many names (hard
links), so that they take little space, and come from the system's file cache. Each part runs in a process of its own:
decoding all clips into the cache; a whole run of ``run_classification.py``, export and evaluation included; this
trainer; and Keras' ``fit`` with its own ``SimpleRNN``, on the same arrays, in float32, as it takes them. For the last
two, 10 tanh units, Adam, the same batches, and the first epoch, which compiles, left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "speech_commands.json"
HIDDEN, BATCH = 10, 32
DIFFERENT_CLIPS = 1000
TEN_WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
OTHER_WORDS = tuple(f"other{number}" for number in range(25))
# Shares of the clips, as in Speech Commands.
VALIDATION_SHARE, TEST_SHARE = 0.1, 0.05


def write_clip(path: Path, samples: np.ndarray) -> None:
    """Write samples to a wav file of 16 bits and 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())


def make_folder(path: Path, train_clips: int) -> None:
    """Make a folder in the official layout: a tone of its own for each word, in noise."""
    words = TEN_WORDS + OTHER_WORDS
    clips = round(train_clips / (1 - VALIDATION_SHARE - TEST_SHARE))
    random, time_axis = np.random.default_rng(0), np.arange(16000) / 16000
    lists: dict[str, list[str]] = {"validation_list.txt": [], "testing_list.txt": []}
    originals: dict[str, list[Path]] = {word: [] for word in words}
    for number in range(clips):
        word = words[number % len(words)]
        folder = path / word
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{number:06}_nohash_0.wav"
        known = originals[word]
        if len(known) < DIFFERENT_CLIPS // len(words):
            tone = 2000 * np.sin(2 * np.pi * (100 + 40 * words.index(word)) * time_axis)
            write_clip(file, tone + random.normal(0, 500, 16000))
            known.append(file)
        else:
            os.link(known[int(random.integers(len(known)))], file)
        share = random.random()
        if share < VALIDATION_SHARE + TEST_SHARE:
            part = "validation_list.txt" if share < VALIDATION_SHARE else "testing_list.txt"
            lists[part].append(f"{word}/{file.name}")
    noise = path / "_background_noise_"
    noise.mkdir()
    for name in ("running_tap", "white_noise"):
        write_clip(noise / f"{name}.wav", random.normal(0, 500, 60 * 16000))
    for name, lines in lists.items():
        (path / name).write_text("\n".join(lines) + "\n")


def load(work: Path) -> Any:
    """Return the data set, from the cache if it was decoded before."""
    from rnnexp import datasets
    from rnnexp.config import ClassificationConfig

    return datasets.load(ClassificationConfig(data_dir=work / "clips", cache_dir=work / "cache", quiet=True))


def measure_decoding(work: Path) -> dict[str, Any]:
    """Decode all clips into the cache."""
    start = time.perf_counter()
    dataset = load(work)
    seconds = time.perf_counter() - start
    size = sum(path.stat().st_size for path in (work / "cache").rglob("*.npy"))
    return {"seconds": seconds, "train_clips": len(dataset.train), "cache_bytes": size}


def measure_run(work: Path) -> dict[str, Any]:
    """Run the script from beginning to end, two epochs."""
    from rnnexp.report.file import read_report

    start = time.perf_counter()
    command = [
        sys.executable,
        ROOT / "run_classification.py",
        "--data-dir",
        work / "clips",
        "--cache-dir",
        work / "cache",
    ]
    folders = ["--output-dir", work / "out", "--runs-dir", work / "runs"]
    subprocess.run([*command, "--epochs", "2", "--activation", "tanh", *folders], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    report = read_report(work / "out" / "speech_commands-tanh-report.json")
    steps = report.data.train // report.config["batch_size"]
    return {
        "seconds": seconds,
        "training_seconds": report.training.seconds,
        "seconds_an_epoch": steps / report.training.steps_per_second,
    }


def model(recurrent: Any) -> Any:
    """Return the network that both trainers train."""
    import keras

    return keras.Sequential([keras.Input((1600, 1)), recurrent, keras.layers.Dense(12, activation="softmax")])


def measure_rnnexp(work: Path) -> dict[str, Any]:
    """Train with this project's trainer: two epochs after the one that compiles."""
    import keras

    from rnnexp.cells.simple.layer import SimpleRNN
    from rnnexp.training.trainer import Trainer

    dataset = load(work)
    trainer = Trainer(
        model(SimpleRNN(HIDDEN)),
        keras.losses.SparseCategoricalCrossentropy(),
        keras.optimizers.Adam(),
        batch_size=BATCH,
        seed=0,
        stored_scale=dataset.input_scale,
    )
    some = dataset.validation.x[:BATCH], dataset.validation.y[:BATCH]
    epochs = trainer.fit(dataset.train.x, dataset.train.y, *some, epochs=3).epochs
    return {"seconds_an_epoch": (epochs[-1].seconds - epochs[0].seconds) / 2}


def measure_keras(work: Path) -> dict[str, Any]:
    """Train with Keras alone: an epoch after a few steps that compile."""
    import keras

    dataset = load(work)
    network = model(keras.layers.SimpleRNN(HIDDEN))
    network.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy")
    x, y = dataset.train.x.astype(np.float32) / np.float32(dataset.input_scale), dataset.train.y
    network.fit(x[: 4 * BATCH], y[: 4 * BATCH], batch_size=BATCH, epochs=1, verbose=0)
    start = time.perf_counter()
    network.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
    return {"seconds_an_epoch": time.perf_counter() - start}


MEASURES = {
    "decoding": measure_decoding,
    "run_classification.py": measure_run,
    "rnnexp trainer": measure_rnnexp,
    "keras fit": measure_keras,
}


def in_child(name: str, work: Path) -> dict[str, Any]:
    """Measure one part in a process of its own, and the most memory that it, or its own child, had."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, "--part", name, "--work", str(work)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def peak_bytes() -> int:
    """Return the most memory that this process, or one that it has waited for, had at once."""
    import resource

    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(peaks) * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Measure all parts, and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=85_000, help="in the training part (default: 85000)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    parser.add_argument("--part", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        found = MEASURES[arguments.part](arguments.work)
        print(json.dumps({**found, "peak_bytes": peak_bytes()}))
        return
    parts = {}
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        print("making the clips", file=sys.stderr)
        make_folder(Path(folder) / "clips", arguments.clips)
        for name in MEASURES:
            print(name, file=sys.stderr)
            parts[name] = in_child(name, Path(folder))
    ours = parts["rnnexp trainer"]["seconds_an_epoch"]
    print(f"| {parts['decoding']['train_clips']:,} clips | peak memory, GB | seconds | seconds an epoch | times ours |")
    print("|" + " --- |" * 5)
    for name, found in parts.items():
        epoch = found.get("seconds_an_epoch")
        cells = [
            f"{found['peak_bytes'] / 1e9:.2f}",
            f"{found['seconds']:.1f}" if "seconds" in found else "",
            f"{epoch:.1f}" if epoch else "",
            f"{epoch / ours:.1f}" if epoch else "",
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    settings = {"hidden": HIDDEN, "batch": BATCH, "cores": os.cpu_count(), "python": platform.python_version()}
    arguments.output.write_text(json.dumps({**settings, "parts": parts}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
