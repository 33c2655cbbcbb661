"""Running .tflite files."""

import numpy as np
import pytest

from rnnexp.errors import UserError
from rnnexp.runtimes.tflite import TFLiteModel, dequantize, quantize


def test_quantising_rounds_and_clips():
    values = np.array([-100.0, -0.26, -0.24, 0.0, 0.25, 0.75, 0.76, 63.5, 1e9])
    codes = quantize(values, 0.5, -3, np.int8)
    # To nearest, ties to even, never wrapping: -200.., -0.52, -0.48, 0, 0.5, 1.5, 1.52, 127, then the zero point.
    assert codes.tolist() == [-128, -4, -3, -3, -3, -1, -1, 124, 127]
    assert codes.dtype == np.int8
    np.testing.assert_array_equal(dequantize(codes[1:7], 0.5, -3), np.float32([-0.5, 0, 0, 0, 1, 1]))


def test_dequantising_does_not_overflow():
    assert dequantize(np.array([-128, 127], np.int8), 0.1, 127).tolist() == pytest.approx([-25.5, 0.0])


def test_files_and_their_content_give_the_same(memory_run):
    x = np.random.default_rng(0).uniform(-1, 1, (7, 12, 1)).astype(np.float32)
    by_path = TFLiteModel(memory_run.model).predict(x)
    by_content = TFLiteModel(memory_run.model.read_bytes()).predict(x)
    reference = TFLiteModel(memory_run.model, kernels="reference").predict(x)
    assert by_path.shape == (7, 1)
    assert by_path.std() > 0
    np.testing.assert_array_equal(by_path, by_content)
    np.testing.assert_allclose(reference, by_path, rtol=1e-5, atol=1e-6)


def test_samples_do_not_depend_on_the_ones_before_them(memory_run):
    x = np.random.default_rng(0).uniform(-1, 1, (7, 12, 1)).astype(np.float32)
    forwards, backwards = (TFLiteModel(memory_run.model).predict(rows) for rows in (x, x[::-1]))
    np.testing.assert_array_equal(forwards, backwards[::-1])


def test_the_time_of_an_inference_is_positive(memory_run):
    assert TFLiteModel(memory_run.model).latency_us(np.zeros((12, 1)), runs=5) > 0


@pytest.mark.parametrize("content", [b"", b"not a model at all, whatever its name says"])
def test_what_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "broken.tflite"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.tflite cannot be loaded as a TensorFlow Lite model"):
        TFLiteModel(path)
    with pytest.raises(UserError, match="the model cannot be loaded"):
        TFLiteModel(content)
