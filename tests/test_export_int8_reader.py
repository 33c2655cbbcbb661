"""Integer networks come back from the files that they were written into."""

import dataclasses

import numpy as np
import pytest
from random_networks import float_network, inputs

from rnnexp.export.int8 import to_step_tflite, to_tflite
from rnnexp.export.int8_reader import from_tflite


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize(
    ("activation", "features", "outputs", "softmax"),
    [("tanh", 1, 1, False), ("custom", 3, 4, True), ("relu", 28, 2, False)],
)
def test_everything_comes_back(activation, features, outputs, softmax, parts):
    x = inputs(5, 30, features)
    network = float_network(7, features=features, outputs=outputs, activation=activation).quantize(
        x, softmax=softmax, parts=parts
    )
    found = from_tflite(to_tflite(network, {"rnnexp": "{}"}))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))


def test_a_file_of_another_kind_is_refused(regression_run):
    network = float_network(3).quantize(inputs(5, 30))
    for content in (to_step_tflite(network), regression_run.model.read_bytes()):
        with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
            from_tflite(content)
