"""What any model must beat, by hand."""

import numpy as np
import pytest

from rnnexp.datasets.support.baselines import majority_class
from rnnexp.report import metrics


def test_the_majority_class_by_hand():
    rows = majority_class(np.array([1, 1, 0, 1]), rows=5, classes=3)
    np.testing.assert_array_equal(rows, [[0.25, 0.75, 0.0]] * 5)
    assert metrics.accuracy(np.array([1, 1, 0, 2, 1]), rows) == pytest.approx(0.6)
