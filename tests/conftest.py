"""What many tests share: a folder of their own to run in, and one finished run of each script."""

import dataclasses
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import pytest
from foreign import foreign_models
from hypothesis import HealthCheck, settings

from rnnexp import experiment
from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig, Settings

PROJECT = Path(__file__).resolve().parents[1]

# The tests' lane draws the same examples every time, and few of them; `make fuzz` draws others, and many.
COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("lane", derandomize=True, max_examples=100, **COMMON)
settings.register_profile("fuzz", derandomize=False, max_examples=300, print_blob=True, **COMMON)
settings.load_profile("lane")  # --hypothesis-profile comes later, and decides


def examples(count, **options):
    """Return settings for so many examples in the tests' lane; under `make fuzz` for three times as many."""
    return settings(max_examples=count * settings.default.max_examples // 100, **options)


def pytest_configure(config):
    # Keras' own, at every saving of a model.
    config.addinivalue_line(
        "filterwarnings", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    )


@dataclasses.dataclass(frozen=True)
class Finished:
    """A run that has ended: its settings, exit code, and where its files are."""

    config: Settings
    code: int
    folder: Path

    @property
    def model(self):
        return self.config.output_dir / f"{self.config.stem}-float32.tflite"

    @property
    def report_file(self):
        return self.config.output_dir / f"{self.config.stem}-report.json"

    @property
    def report(self):
        return json.loads(self.report_file.read_text())


def wave(count=90):
    """A series with a trend and a season, to two digits."""
    t = np.arange(count)
    return np.round(50 + 0.3 * t + 8 * np.sin(t / 3), 2)


def write_series(folder, name, lines, header="data"):
    """Write ``data/<name>.csv`` below ``folder``."""
    path = folder / "data" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *(str(line) for line in lines)]) + "\n")
    return path


def run(config):
    """Run an experiment and return what it came to."""
    code = experiment.run(config)
    return Finished(config, code, max(config.runs_dir.iterdir(), key=lambda path: path.stat().st_mtime_ns))


def folders(path):
    return {"output_dir": path / "out", "runs_dir": path / "runs"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A fresh current folder, where ``data/``, ``tflite_models/`` and ``runs/`` are the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def regression_settings():
    return {"dataset_name": "wave", "epochs": 4, "hidden_size": 5, "sequence_length": 6, "batch_size": 8}


@pytest.fixture(scope="session")
def regression_run(tmp_path_factory, regression_settings):
    """A series of one's own, custom activation, TensorBoard on."""
    path = tmp_path_factory.mktemp("regression")
    write_series(path, "wave", wave())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        return run(RegressionConfig(**regression_settings, tensorboard=True, **folders(path)))


@pytest.fixture(scope="session")
def memory_run(tmp_path_factory):
    """The memory task, tanh, with the shortest training there is."""
    path = tmp_path_factory.mktemp("memory")
    return run(MemoryConfig(memory_signal_length=200, memory_n=12, memory_k=-2, epochs=1, **folders(path)))


@pytest.fixture(scope="session")
def iris_run(tmp_path_factory):
    """Iris with early stopping, and so with a test part of its own."""
    path = tmp_path_factory.mktemp("iris")
    return run(ClassificationConfig(dataset_name="iris", epochs=30, early_stopping=8, **folders(path)))


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    """Name -> content of files that TensorFlow's converter made."""
    return foreign_models(tmp_path_factory.mktemp("saved"))
