"""A hash of every decoded integer over a matrix of networks and runs: what a refactoring must not change.

python benchmarks/integers.py              random networks of all cells, layers and directions: seconds
python benchmarks/integers.py --runs       also short runs of all data sets at hand, cells and activations: minutes

Run it before and after a change, on the same machine: other processors round float arithmetic in other ways. The last
line is the hash of all.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig, Settings
from rnnexp.formats.npz import integers
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.quantization.quantizer import quantize

# Named, so that a new cell leaves the random networks as they are.
CELLS = ("simple", "lstm", "gru")
NETWORKS = 300
LARGEST_UNITS, LARGEST_DEPTH = 12, 3


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return a hash of names, shapes and values; not of types, so that int32 and int64 are the same."""
    found = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        kind = {"f": np.float64, "i": np.int64, "u": np.int64, "b": np.int64}.get(values.dtype.kind)
        content = values.astype(kind).tobytes() if kind else str(values).encode()
        found.update(f"{name}{values.shape}".encode() + content)
    return found.hexdigest()[:16]


def random_networks() -> Iterator[tuple[str, str]]:
    """Yield the hashes of networks with random weights."""
    random = np.random.default_rng(0)
    for number in range(NETWORKS):
        layers = tuple(
            Layer(
                str(random.choice(CELLS)),
                int(random.integers(1, LARGEST_UNITS)),
                bidirectional=way == 1,
                backwards=way == 2,
            )
            for way in random.integers(0, 3, int(random.integers(1, LARGEST_DEPTH + 1)))
        )
        architecture = Architecture(
            sequence_length=int(random.integers(2, 20)),
            features=int(random.integers(1, 4)),
            layers=layers,
            every_step=bool(random.random() < 0.3),
            outputs=int(random.integers(1, 5)),
            activation=str(random.choice(list(ACTIVATIONS))),
        )
        weights = [random.normal(size=shape) / np.sqrt(shape[0]) for shape in architecture.shapes.values()]
        x = random.normal(size=(8, architecture.sequence_length, architecture.features)).cumsum(axis=1)
        yield f"random {number}", digest(integers.to_arrays(quantize(Network.of(architecture, weights), x)))


def settings() -> Iterator[Settings]:
    """Yield the settings of short runs."""
    for activation in ACTIVATIONS:
        yield RegressionConfig(dataset_name="SP500", activation=activation, epochs=3)
        yield RegressionConfig(dataset_name="airline-passengers", activation=activation, epochs=3)
        yield ClassificationConfig(dataset_name="iris", activation=activation, epochs=3)
        yield MemoryConfig(activation=activation, memory_k=-5, epochs=2)
    # A limit that fine-tuning always sees a need for.
    yield MemoryConfig(activation="custom", memory_k=-5, epochs=2, gap_limit=1e-9, qat_epochs=3)
    airline = {"dataset_name": "airline-passengers", "epochs": 3}
    yield RegressionConfig(**airline, activation="tanh", cell="lstm")
    yield RegressionConfig(**airline, activation="custom", cell="gru", num_layers=2)
    yield RegressionConfig(**airline, cell="lstm", bidirectional=True, dropout=0.1, recurrent_dropout=0.1)
    yield RegressionConfig(**airline, activation="relu", go_backwards=True, recurrent_initializer="identity")
    yield RegressionConfig(**airline, normalization="train", early_stopping=2)
    for preset in ("sine", "noisy-sine", "sequence"):
        yield RegressionConfig(preset=preset, epochs=2)
    yield RegressionConfig(preset="adding", sequence_length=10, epochs=1)
    for preset in ("digits", "binary-addition"):
        yield ClassificationConfig(preset=preset, epochs=1)
    yield ClassificationConfig(preset="addition", hidden_size=16, epochs=1)


def runs() -> Iterator[tuple[str, str]]:
    """Yield the hashes of what short runs export."""
    from rnnexp.experiment.run import run
    from rnnexp.formats.tflite.int8.reader import from_tflite

    for number, config in enumerate(settings()):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            run(config.model_copy(update={"output_dir": folder, "runs_dir": folder / "runs", "quiet": True}))
            content = (folder / f"{config.stem}-int8.tflite").read_bytes()
            yield f"run {number} {config.stem}", digest(integers.to_arrays(from_tflite(content)))


def main() -> None:
    """Print every hash, and that of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", action="store_true", help="also short runs")
    whole = hashlib.sha256()
    for found in (random_networks(), runs()) if parser.parse_args().runs else (random_networks(),):
        for name, value in found:
            print(value, name, flush=True)
            whole.update(f"{name} {value}\n".encode())
    print(whole.hexdigest())


if __name__ == "__main__":
    main()
