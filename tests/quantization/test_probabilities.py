"""The sigmoid of int16 logits."""

import numpy as np
import pytest

from rnnexp.network.activations import sigmoid
from rnnexp.quantization.probabilities import SIZE, FineSigmoid, probability_codes
from rnnexp.quantization.scales import WordCodes


@pytest.mark.parametrize("scale", [1e-9, 1e-5, 2e-4, 1e-3, 0.02, 5.0])
def test_it_is_that_of_the_real_logits(scale):
    codes = WordCodes(scale, 0)
    logits = np.arange(-(2**15), 2**15, 7).astype(np.int16)
    made = probability_codes(16, 1).decode(FineSigmoid.of(codes).run(logits))
    # A place is off by half the distance of two, and there are as many of them as the sigmoid needs.
    distance = max(min(2**16 * scale, 22.0) * 2 / SIZE, 2 * scale)
    expected = sigmoid(codes.decode(logits))
    assert np.abs(made - expected).max() <= distance / 8 + 2.0**-14
    assert made.min() >= 0
    assert made.max() <= 1
    assert (np.diff(made) >= 0).all()
