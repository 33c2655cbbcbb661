"""Integer networks in all their forms, which have to give the same bits."""

import numpy as np
from helpers.c_compiler import COMPILER

from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_encoder_tflite, to_step_tflite, to_tflite
from rnnexp.quantization.reference import context, run, states
from rnnexp.runtimes.c import CompiledNetwork
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel

try:
    import tflite_micro  # noqa: F401
except ImportError:
    KERNELS = ("litert", "reference")
else:
    KERNELS = ("litert", "reference", "micro")


def noise(samples, steps, features, seed=0):
    """Return input codes of any kind."""
    return np.random.default_rng(seed).integers(-128, 128, (samples, steps, features)).astype(np.int8)


def assert_same_bits(network, codes, *, in_c=True):
    """Compare what NumPy computes with the file, the file of one step, what is read back from the file, and C.

    Returns:
        The output codes.
    """
    expected = run(network, codes)
    content = to_tflite(network)
    assert np.array_equal(run(from_tflite(content), codes), expected)
    for kernels in KERNELS:
        assert np.array_equal(TFLiteModel(content, kernels=kernels).run_codes(codes), expected), kernels
        if network.encoder or network.forward:
            _assert_same_steps(network, codes, expected, kernels)
    if COMPILER and in_c:
        assert np.array_equal(CompiledNetwork(network).run(codes), expected)
    return expected


def _assert_same_steps(network, codes, expected, kernels):
    """Compare with the file of one step, and with that of an encoder."""
    given, values = codes, states(network, codes)[len(network.encoder) :]
    if network.encoder:
        made = TFLiteModel(to_encoder_tflite(network), kernels=kernels).run_codes(codes)
        assert np.array_equal(made, context(network, codes)), kernels
        given = np.repeat(made[:, None], network.output_steps, axis=1)
    if not all(layer.forward for layer in network.decoder):
        return
    outputs, kept = TFLiteStepModel(to_step_tflite(network), kernels=kernels).run_codes(given)
    assert np.array_equal(outputs if network.every_step else outputs[:, -1:].reshape(expected.shape), expected), kernels
    # The first state of each layer is its value.
    places = np.cumsum([0, *(len(layer.cells[0].states) for layer in network.decoder[:-1])])
    for place, own in zip(places, values, strict=True):
        assert np.array_equal(kept[place], own), kernels
