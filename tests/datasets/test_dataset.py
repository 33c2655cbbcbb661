"""What every data set says of its answers, against its arrays."""

import struct

import numpy as np
import pytest
from helpers.clips import write_folder
from helpers.runs import wave, write_series

from rnnexp import datasets
from rnnexp.config import CONFIGS
from rnnexp.datasets.mnist import files as mnist_files
from rnnexp.experiment import build

# Those that do not answer once.
ANSWERS = {"binary-addition": "every step", "addition": "after the sequence"}
NAMES = [(task, name) for task, loaders in datasets.LOADERS.items() for name in loaders]


def write_mnist(folder):
    """Write three images of each digit to learn from, and one to test on."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for names, count in ((mnist_files.TRAIN, 30), (mnist_files.TEST, 10)):
        arrays = random.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 10
        for name, array in zip(names, arrays, strict=True):
            sizes = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            (folder / name).write_bytes(sizes + array.tobytes())
    return folder


@pytest.fixture(scope="module")
def needed(tmp_path_factory):
    """Data set -> settings, for those that need some."""
    path = tmp_path_factory.mktemp("data")
    own = {"quiet": True, "cache_dir": path / "cache"}
    return {
        "sequence": {"sequence_length": 5},
        "mnist": {**own, "data_dir": write_mnist(path / "mnist"), "validation_share": 0.4},
        "speech_commands": {**own, "data_dir": write_folder(path / "clips"), "features": "mfcc"},
    }


def load(task, name, **settings):
    config = CONFIGS[task](dataset_name=name, **settings)
    return config, datasets.load(config)


def check(config, dataset, answers):
    """The arrays of every part, and the network for it, are as the answers are said to be."""
    classes, steps = dataset.task == "classification", dataset.train.x.shape[1]
    assert dataset.answers == answers
    for part in (dataset.train, dataset.validation, dataset.evaluation):
        assert part.x.shape[1:] == (steps, dataset.train.x.shape[2])
        assert part.y.dtype == (np.int32 if classes else np.float32)
        if classes:
            assert 0 <= part.y.min() <= part.y.max() < len(dataset.class_names)
        places = {
            "once": () if classes else (dataset.outputs,),
            "every step": (steps,),
            "after the sequence": (dataset.answer_steps,),
        }[answers]
        assert part.y.shape == (len(part.x), *places)
    assert dataset.every_step == (answers != "once")
    assert (dataset.answer_steps > 0) == (answers == "after the sequence")
    # A single output is the probability of the second of two classes.
    assert dataset.outputs == ((1 if len(dataset.class_names) == 2 else len(dataset.class_names)) if classes else 1)
    # Baselines have an answer wherever there is one.
    shape = dataset.evaluation.y.shape
    for values in dataset.baselines.values():
        assert values.shape == ((*shape, len(dataset.class_names)) if classes else shape)
    architecture = build.architecture(config, dataset)
    assert (architecture.sequence_length, architecture.features) == dataset.train.x.shape[1:]
    assert architecture.output_steps == (shape[1] if dataset.every_step else 1)
    assert (architecture.outputs, architecture.softmax) == (dataset.outputs, classes)
    assert bool(architecture.encoder) == (answers == "after the sequence")


@pytest.mark.parametrize(("task", "name"), NAMES)
def test_answers_agree_with_the_arrays(needed, task, name):
    check(*load(task, name, **needed.get(name, {})), ANSWERS.get(name, "once"))


@pytest.mark.parametrize(("task", "name"), [(task, name) for task, name in NAMES if task != "memory"])
def test_they_do_with_a_test_part_too(needed, task, name):
    """The memory task has no split."""
    check(*load(task, name, **needed.get(name, {}), early_stopping=1), ANSWERS.get(name, "once"))


@pytest.mark.parametrize("normalization", ["none", "window", "train"])
def test_a_series_of_ones_own_answers_once(here, normalization):
    write_series(here, "wave", wave())
    check(*load("regression", "wave", sequence_length=6, normalization=normalization), "once")


def test_features_and_raw_samples_answer_once(needed):
    for settings in ({"features": "log-mel"}, {"features": "raw", "max_sequence_length": 100}, {"augmentation": 1.0}):
        check(*load("classification", "speech_commands", **{**needed["speech_commands"], **settings}), "once")
