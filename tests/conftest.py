"""What many tests share: a folder of their own to run in, and one finished run of each script."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import pytest
from helpers.foreign import foreign_models
from helpers.runs import folders, run, wave, write_series

from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig


def pytest_configure(config):
    # Keras' own, at every saving of a model.
    config.addinivalue_line(
        "filterwarnings", "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
    )


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
