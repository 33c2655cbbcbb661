"""Choosing whose kernels run a file."""

import sys

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, simple

from rnnexp.errors import UserError
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.quantization import reference
from rnnexp.runtimes.tflite import TFLiteModel


def test_without_tensorflow_lite_micro_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    integer, _ = integers(simple(4, steps=5), inputs(2, 5))
    with pytest.raises(UserError, match="pip install --pre tflite-micro"):
        TFLiteModel(to_tflite(integer), kernels="micro")


@pytest.mark.parametrize("kernels", ["litert", "reference"])
def test_predict_quantises_and_dequantises(kernels):
    x = inputs(6, 15, 2)
    integer, codes = integers(simple(4, steps=15, features=2, outputs=2), x)
    model = TFLiteModel(to_tflite(integer), kernels=kernels)
    expected = integer.output.decode(reference.run(integer, codes))
    assert np.array_equal(reference.outputs(integer, x), expected)
    found = model.predict(x)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, rtol=1e-6)
    assert model.latency_us(x[0], runs=3) > 0


@pytest.mark.parametrize("kernels", ["litert", "reference"])
def test_what_is_not_a_model_is_refused(kernels, tmp_path):
    path = tmp_path / "x.tflite"
    path.write_bytes(b"not a model")
    with pytest.raises(UserError, match=r"x\.tflite cannot be loaded"):
        TFLiteModel(path, kernels=kernels)
