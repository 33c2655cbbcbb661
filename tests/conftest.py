"""What many tests share: a folder of their own to run in, and one finished run of each script."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores already; read when NumPy and TensorFlow are imported.
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

from pathlib import Path

import pytest
from helpers import here as own_process
from helpers import properties
from helpers.classic import classic
from helpers.foreign import foreign_models
from helpers.runs import folders, once, run, wave, write_series

from rnnexp.config import ClassificationConfig, MemoryConfig
from rnnexp.conversion import export
from rnnexp.formats import child

TESTS = Path(__file__).parent
# With whole runs in them: first, so that no worker of pytest-xdist is left with one when the others have ended.
FIRST = ("experiment", "training", "docs", "datasets", "commands", "runs")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in FIRST)


def pytest_configure(config):
    properties.register()
    # Keras' own, at every saving of a model.
    config.addinivalue_line(
        "filterwarnings", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A fresh current folder, where ``data/``, ``tflite_models/`` and ``runs/`` are the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def in_this_process():
    """Frameworks compute, and TensorFlow converts, in the process of the tests: of many files, each would start one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "exchange", own_process.exchange)
        patch.setattr(export, "to_float32", own_process.to_float32)
        yield


@pytest.fixture(scope="session")
def regression_settings():
    return {"dataset_name": "wave", "epochs": 4, "hidden_size": 5, "sequence_length": 6, "batch_size": 8}


@pytest.fixture(scope="session")
def regression_run(tmp_path_factory, regression_settings):
    """A series of one's own, custom activation, TensorBoard on."""

    def make(path):
        write_series(path, "wave", wave())
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(path)
            return run(classic(**regression_settings, tensorboard=True, **folders(path)))

    return once(tmp_path_factory, "regression", make)


@pytest.fixture(scope="session")
def memory_run(tmp_path_factory):
    """The memory task, tanh, with the shortest training there is."""
    settings = {"memory_signal_length": 200, "memory_n": 12, "memory_k": -2, "epochs": 1}
    return once(tmp_path_factory, "memory", lambda path: run(MemoryConfig(**settings, **folders(path))))


@pytest.fixture(scope="session")
def iris_run(tmp_path_factory):
    """Iris with early stopping, and so with a test part of its own."""
    settings = {"dataset_name": "iris", "epochs": 30, "early_stopping": 8}
    return once(tmp_path_factory, "iris", lambda path: run(ClassificationConfig(**settings, **folders(path))))


@pytest.fixture(scope="session")
def foreign(tmp_path_factory):
    """Name -> content of files that TensorFlow's converter made."""
    return once(tmp_path_factory, "foreign", foreign_models)
