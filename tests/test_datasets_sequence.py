"""Four windows of the numbers from 0.1 to 0.9, and the question for the next one."""

import numpy as np

from rnnexp import datasets
from rnnexp.config import RegressionConfig


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
