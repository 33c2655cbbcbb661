"""Networks whose inputs and outputs are int16: the same bits in every form, finer than int8, and read back whole."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.c_compiler import build_and_run, needs_compiler, write_files
from helpers.random_networks import inputs, integers, layered
from helpers.same_bits import KERNELS, assert_same_alone, assert_same_bits, noise

from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.formats.npz import integers as arrays
from rnnexp.formats.tflite.int8.writer import to_step_tflite, to_tflite
from rnnexp.quantization import reference, tensors
from rnnexp.quantization.quantizer import quantize
from rnnexp.report import evaluation
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel

STEPS = 9
STRUCTURES = [
    [("simple", 5)],
    [("lstm", 4)],
    [("gru", 4)],
    [("simple", 3), ("gru", 3), ("lstm", 3)],
    [("lstm", 3, "both")],
    [("gru", 3, "backwards"), ("simple", 3)],
    [("simple", 3, "encodes"), ("lstm", 3)],
    [("gru", 3, "both", "encodes"), ("simple", 3)],
]


def network(*cells, features=2, samples=6, **options):
    """Return the float network, its integers with int16 in and out, and input codes for them."""
    made = layered(*cells, steps=STEPS, features=features, **options)
    return made, *integers(made, inputs(samples, STEPS, features), io_bits=16)


def encodes(cells):
    return any("encodes" in ways for _, _, *ways in cells)


@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
@pytest.mark.parametrize("every_step", [False, True])
def test_the_same_bits_everywhere(cells, every_step):
    _, integer, codes = network(*cells, outputs=2, every_step=every_step or encodes(cells))
    made = assert_same_bits(integer, np.concatenate([codes, noise(4, STEPS, 2, dtype=np.int16)]))
    assert (codes.dtype, made.dtype) == (np.int16, np.int16)
    # More than int8 would tell apart.
    assert len(np.unique(made[: len(codes)])) > 6


@pytest.mark.parametrize("cells", [[("simple", 5)], [("gru", 3, "both")]], ids=str)
def test_a_linear_path_too(cells):
    _, integer, codes = network(*cells, outputs=2, linear_path=True)
    assert integer.path_inputs == 2 * STEPS
    assert_same_bits(integer, np.concatenate([codes, noise(4, STEPS, 2, dtype=np.int16)]))


@needs_compiler
@pytest.mark.parametrize(("io_bits", "input_bits"), [(8, 16), (16, 8)])
@pytest.mark.parametrize("linear_path", [False, True])
def test_inputs_and_outputs_of_different_codes(tmp_path, io_bits, input_bits, linear_path):
    made = layered(("lstm", 4), ("gru", 3), steps=STEPS, features=2, outputs=2, linear_path=linear_path)
    integer, codes = integers(made, inputs(6, STEPS, 2), io_bits=io_bits, input_bits=input_bits)
    assert_same_bits(integer, np.concatenate([codes, noise(4, STEPS, 2, dtype=codes.dtype)]))
    found = to_c(integer, "network", About(), codes)
    write_files(tmp_path, "network", found)
    assert build_and_run(tmp_path, "network").returncode == 0


@pytest.mark.parametrize("padding", ["end", "begin"])
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", [[("lstm", 3)], [("gru", 3, "both")]], ids=str)
def test_sequences_of_different_lengths_too(cells, every_step, padding):
    _, integer, _ = network(*cells, every_step=every_step, padding=padding)
    codes, lengths = noise(5, STEPS, 2, dtype=np.int16), np.array([1, 3, STEPS, 20, -1])
    assert_same_alone(integer, codes, lengths, assert_same_bits(integer, codes, lengths))


@pytest.mark.parametrize("cells", [[("simple", 5)], [("gru", 3, "both")], [("lstm", 4)]], ids=str)
@pytest.mark.parametrize("linear_path", [False, True])
def test_all_numbers_come_back_from_a_npz(cells, linear_path):
    _, integer, codes = network(*cells, linear_path=linear_path)
    again = arrays.from_arrays(arrays.to_arrays(integer))
    assert (again.input, again.output, again.io_bits) == (integer.input, integer.output, 16)
    assert np.array_equal(reference.run(again, codes), reference.run(integer, codes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"io_bits": 12}, "io_bits is 12"), ({"output_zero_point": 3}, "another zero point than 0")],
)
def test_other_codes_than_there_are_are_refused(changes, message):
    found = arrays.to_arrays(network(("simple", 3))[1])
    with pytest.raises(ValueError, match=message):
        arrays.from_arrays(found | {name: np.asarray(value) for name, value in changes.items()})


def test_int8_says_nothing_of_bits():
    """So that what was exported before stays as it was, byte by byte."""
    integer, _ = integers(layered(("simple", 3)), inputs(6, 20))
    assert integer.io_bits == 8
    assert "io_bits" not in arrays.to_arrays(integer)


def test_the_files_tensors_are_int16_and_what_the_report_says():
    _, integer, _ = network(("gru", 3))
    described = {tensor.name: tensor for tensor in tensors.describe(integer, {})}
    for model in (TFLiteModel(to_tflite(integer)), TFLiteStepModel(to_step_tflite(integer))):
        for name, spec in (("input", model.input), ("output", model.output)):
            assert (spec.dtype, spec.zero_point) == (np.int16, 0)
            assert (described[name].dtype, described[name].zero_point) == ("int16", 0)
            assert spec.scale == pytest.approx(described[name].scale)


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_quiet_inputs_among_loud_ones_keep_their_steps(cell):
    """A hundredth of the largest input is one step of int8, and 81 of int16."""
    made = layered((cell, 8), steps=STEPS, linear_path=True)
    loud = inputs(40, STEPS)
    quiet = 0.01 * loud
    exact, x = made.run(quiet), np.concatenate([loud, quiet])
    coarse, fine = (np.std(reference.outputs(quantize(made, x, io_bits=bits), quiet) - exact) for bits in (8, 16))
    assert fine < 0.4 * coarse


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", [[("simple", 4)], [("gru", 3, "both")]], ids=str)
@pytest.mark.parametrize("outputs", [1, 3])
def test_probabilities_are_int16(cells, every_step, outputs):
    """Of a single output the same bits everywhere; SOFTMAX, which runtimes compute in their own ways, to one step."""
    _, integer, codes = network(*cells, samples=40, outputs=outputs, every_step=every_step, softmax=True)
    logits = assert_same_bits(replace(integer, softmax=False), codes)
    expected = evaluation.probabilities(integer.output.decode(logits))
    content = to_tflite(integer)
    assert TFLiteModel(content).output.scale == integer.probabilities.scale
    found = [TFLiteModel(content, kernels=kernels).run_codes(codes).astype(int) for kernels in KERNELS]
    for made in found:
        assert np.abs(integer.probabilities.decode(made) - expected).max() < 0.001
        if outputs == 1:
            assert np.array_equal(made, integer.sigmoid.run(logits))
        else:
            assert np.abs(made - found[0]).max() <= 1


@pytest.mark.parametrize("cells", STRUCTURES, ids=str)
@pytest.mark.parametrize("options", [("-O2",), ("-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")])
@needs_compiler
def test_the_self_test_in_c_passes(tmp_path, cells, options):
    _, integer, codes = network(*cells, every_step=encodes(cells), linear_path=len(cells) == 1)
    files = to_c(integer, "net", About(), np.concatenate([codes, noise(4, STEPS, 2, dtype=np.int16)]))
    write_files(tmp_path, "net", files)
    done = build_and_run(tmp_path, "net", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "const int16_t input[NET_FEATURES]" in files.header or "const int16_t input[NET_TIME_STEPS" in files.header
