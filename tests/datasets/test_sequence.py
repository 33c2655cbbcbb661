"""Four windows of the numbers from 0.1 to 0.9, and the question for the next one."""

import dataclasses

import numpy as np

from rnnexp import datasets
from rnnexp.config import RegressionConfig
from rnnexp.experiment import build
from rnnexp.experiment.quantize import Calibration
from rnnexp.network.network import Network
from rnnexp.quantization import reference


def test_four_windows_and_a_question():
    dataset = datasets.load(RegressionConfig(preset="sequence"))
    expected = [
        [0.1, 0.2, 0.3, 0.4, 0.5],
        [0.2, 0.3, 0.4, 0.5, 0.6],
        [0.3, 0.4, 0.5, 0.6, 0.7],
        [0.4, 0.5, 0.6, 0.7, 0.8],
    ]
    np.testing.assert_allclose(dataset.train.x[:, :, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(dataset.train.y[:, 0], [0.6, 0.7, 0.8, 0.9], rtol=1e-6)
    np.testing.assert_allclose(dataset.evaluation.x[:, :, 0], [[0.5, 0.6, 0.7, 0.8, 0.9]], rtol=1e-6)
    np.testing.assert_allclose(dataset.evaluation.y, [[1.0]], rtol=1e-6)
    # Nothing of the answer is in the scale that the network trains at.
    assert dataset.input_scale == dataset.output_scale == 0.9


def test_int8_covers_the_question():
    """Without its window, the codes end at 0.8, the largest input in training, and the answer is far off."""
    dataset = datasets.load(RegressionConfig(preset="sequence"))
    config = RegressionConfig(preset="sequence", activation="relu", hidden_size=1)
    # A unit that adds 0.1 to the last input.
    weights = [np.array(values) for values in ([[1.0]], [[0.0]], [0.1], [[1.0]], [0.0])]
    network = Network.of(build.architecture(config, dataset), weights)
    for given, expected in ((dataset, 1.0), (dataclasses.replace(dataset, calibration=None), 0.9)):
        made = reference.outputs(Calibration.of(given).quantize(network), dataset.evaluation.x)
        np.testing.assert_allclose(made, [[expected]], atol=0.02)
    np.testing.assert_array_equal(dataset.calibration, dataset.evaluation.x)
    assert "ranges of int8" in dataset.notes[0]
