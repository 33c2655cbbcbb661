"""The int8 model of one time step: at every step what the sequence model would give, bit for bit."""

import dataclasses

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered, simple

from rnnexp.errors import UserError
from rnnexp.formats.tflite.int8.writer import check_integer, to_step_tflite, to_tflite
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS
from rnnexp.quantization import reference
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel


@pytest.fixture(scope="module", params=["litert", "reference", "micro"])
def kernels(request):
    if request.param == "micro":
        pytest.importorskip(
            "tflite_micro", reason="TensorFlow Lite Micro is not installed (pip install --pre tflite-micro)"
        )
    return request.param


def quantized(hidden=10, features=1, outputs=1, activation="custom", steps=40, **options):
    network = simple(hidden, steps=steps, features=features, outputs=outputs, activation=activation, **options)
    return integers(network, inputs(4, steps, features))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("hidden", "features", "outputs"), [(1, 1, 1), (10, 1, 1), (64, 28, 12)])
def test_every_step_has_the_references_bits(kernels, hidden, features, outputs, activation):
    network, codes = quantized(hidden, features, outputs, activation)
    made, (states,) = TFLiteStepModel(to_step_tflite(network), kernels=kernels).run_codes(codes)
    (expected,) = reference.states(network, codes)
    assert (states == expected).all()
    assert (made == reference.run(dataclasses.replace(network, every_step=True), codes)).all()
    assert (made[:, -1] == reference.run(network, codes)).all()


def test_every_step_has_the_bits_of_a_sequence_model_of_that_length(kernels):
    network, codes = quantized(features=2, outputs=3)
    made, _ = TFLiteStepModel(to_step_tflite(network), kernels=kernels).run_codes(codes)
    for length in range(1, codes.shape[1] + 1):
        shorter = dataclasses.replace(network, sequence_length=length)
        sequence = TFLiteModel(to_tflite(shorter), kernels=kernels).run_codes(codes[:, :length])
        assert (made[:, length - 1] == sequence).all()


def test_state_goes_in_and_comes_out_in_the_same_codes(kernels):
    network, _ = quantized(features=3, outputs=2)
    model = TFLiteStepModel(to_step_tflite(network), kernels=kernels)
    assert (model.input.shape, model.input.dtype) == ((1, 3), np.int8)
    (state,) = model.states
    assert (state.shape, state.dtype, state.zero_point) == ((1, 10), np.int16, 0)
    assert np.float32(state.scale) == np.float32(network.layers[0].cells[0].states[0].scale)
    assert np.float32(model.output.scale) == np.float32(network.output.scale)


def test_probabilities_are_those_of_the_sequence_model(kernels):
    network, codes = quantized(outputs=5, softmax=True)
    made, _ = TFLiteStepModel(to_step_tflite(network), kernels=kernels).run_codes(codes)
    assert (made[:, -1] == TFLiteModel(to_tflite(network), kernels=kernels).run_codes(codes)).all()


@pytest.mark.parametrize("cell", CELLS)
def test_a_linear_path_reads_the_last_inputs(kernels, cell):
    """Once as many steps as a sequence has have come, and from then on."""
    steps = 6
    network, codes = integers(layered((cell, 5), steps=steps, features=2, linear_path=True), inputs(4, steps, 2))
    model = TFLiteStepModel(to_step_tflite(network), kernels=kernels)
    window = model.states[-1]
    assert (window.shape, window.dtype, window.zero_point) == ((1, steps, 2), np.int8, network.input.zero_point)
    made, (*_, windows) = model.run_codes(np.concatenate([codes, codes[::-1]], axis=1))
    assert (made[:, steps - 1] == reference.run(network, codes)).all()
    assert (windows[:, steps - 1] == codes).all()
    assert (windows[:, steps] == np.concatenate([codes[:, 1:], codes[::-1, :1]], axis=1)).all()
    # As if the inputs before the first one had been 0.
    empty = np.full((len(codes), steps - 1, 2), network.input.zero_point, np.int8)
    assert (windows[:, 0] == np.concatenate([empty, codes[:, :1]], axis=1)).all()


def test_a_linear_path_costs_little_and_is_all_integer():
    network, _ = integers(layered(("simple", 10), linear_path=True), inputs(4, 20))
    for content in (to_step_tflite(network), to_tflite(network)):
        assert len(content) <= 10 * 1024 + 256
        check_integer(content)


def test_it_is_small_and_all_integer():
    content = to_step_tflite(quantized()[0])
    assert len(content) <= 9 * 1024
    check_integer(content)


def test_a_sequence_model_is_no_step_model(kernels):
    with pytest.raises(UserError, match="one time step"):
        TFLiteStepModel(to_tflite(quantized()[0]), kernels=kernels)
    with pytest.raises(UserError, match="2 inputs and 2 outputs"):
        TFLiteModel(to_step_tflite(quantized()[0]), kernels=kernels)
