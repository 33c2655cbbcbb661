"""Integer networks in all their forms, which have to give the same bits."""

from dataclasses import replace

import numpy as np
from helpers.c_compiler import COMPILER

from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.step import kept_states
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


def noise(samples, steps, features, seed=0, dtype=np.int8):
    """Return input codes of any kind, with int16 also such that no input has."""
    limits = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(limits.min, limits.max + 1, (samples, steps, features)).astype(dtype)


def assert_same_bits(network, codes, lengths=None, *, in_c=True):
    """Compare what NumPy computes with the file, the file of one step, what is read back from the file, and C.

    Returns:
        The output codes.
    """
    expected = run(network, codes, lengths)
    content = to_tflite(network)
    assert np.array_equal(run(from_tflite(content), codes, lengths), expected)
    for kernels in KERNELS:
        assert np.array_equal(TFLiteModel(content, kernels=kernels).run_codes(codes, lengths), expected), kernels
        if network.encoder or (network.forward and lengths is None):
            _assert_same_steps(network, codes, lengths, expected, kernels)
    if COMPILER and in_c:
        assert np.array_equal(CompiledNetwork(network).run(codes, lengths), expected)
    return expected


def assert_same_alone(network, codes, lengths, expected):
    """Compare with each sequence alone, in a network of that length without padding, and step by step."""
    steps = network.sequence_length
    for row, length in enumerate(np.clip(lengths, 1, steps)):
        real = slice(length) if network.padding == "end" else slice(steps - length, steps)
        alone = replace(network, sequence_length=int(length), padding="")
        made = run(alone, codes[row : row + 1, real])[0]
        if network.answers_each_step:
            assert np.array_equal(expected[row, real], made)
            assert (np.delete(expected[row], np.r_[real], axis=0) == network.output.zero_point).all()
        else:
            assert np.array_equal(expected[row], made)
        if network.forward:
            stepped, _ = TFLiteStepModel(to_step_tflite(network)).run_codes(codes[row : row + 1, real])
            assert np.array_equal(stepped[0] if network.every_step else stepped[0, -1], made)


def _assert_same_steps(network, codes, lengths, expected, kernels):
    """Compare with the file of one step, and with that of an encoder."""
    given, values = codes, states(network, codes, lengths)[len(network.encoder) :]
    if network.encoder:
        made = TFLiteModel(to_encoder_tflite(network), kernels=kernels).run_codes(codes, lengths)
        assert np.array_equal(made, context(network, codes, lengths)), kernels
        given = np.repeat(made[:, None], network.encoder[-1].repeats, axis=1)
    if network.encoder and not network.decodes_by_steps:
        return
    outputs, kept = TFLiteStepModel(to_step_tflite(network), kernels=kernels).run_codes(given)
    assert np.array_equal(outputs if network.every_step else outputs[:, -1:].reshape(expected.shape), expected), kernels
    # The first state of each layer is its value; of those that are made anew at every step there is none.
    place = 0
    for layer, own in zip(network.decoder, values, strict=True):
        states_of_layer = kept_states(layer.cells[0])
        if states_of_layer:
            assert np.array_equal(kept[place], own), kernels
        place += len(states_of_layer)
