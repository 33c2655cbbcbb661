"""From raw values to answers in C: as ``rnnexp run`` answers, with a point and in whole numbers, however normalised."""

import ctypes

import numpy as np
import pandas as pd
import pytest
from helpers.c_compiler import needs_compiler
from helpers.runs import PROJECT
from helpers.values_in_c import MAPS, SEVERAL, STEPS, Exported, library, pointer, scaled, walks
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnexp.preprocessing.input_map import (
    Change,
    Difference,
    TrainingRange,
    WindowChange,
    WindowDifference,
    WindowRange,
)
from rnnexp.quantization import reference


def assert_as_run(folder, exported, features=1):
    """Check a network's predictions from values with two digits behind the point, and from whole ones."""
    found = library(folder, exported.files)
    for whole in (False, True):
        values = walks(features, whole)
        expected = exported.answers(values)
        assert len(np.unique(expected)) > len(values) / 4
        np.testing.assert_allclose(
            exported.in_c(found, values), expected, rtol=2e-7, atol=2e-7 * np.abs(expected).max()
        )
    assert np.abs(exported.in_c(found, values, whole=True) - np.rint(expected)).max() <= 1


@needs_compiler
@pytest.mark.parametrize("io_bits", [8, 16])
@pytest.mark.parametrize("kind", MAPS)
def test_a_series_however_it_is_normalised(tmp_path, kind, io_bits):
    input_map, outputs = MAPS[kind]
    gain = 0.002 if kind == "none" else 1.0
    assert_as_run(tmp_path, Exported(input_map, io_bits=io_bits, outputs=outputs, gain=gain))


@needs_compiler
@pytest.mark.parametrize("cells", [[("simple", 5)], [("gru", 3, "both")]], ids=str)
@pytest.mark.parametrize("kind", SEVERAL)
def test_several_features_and_targets(tmp_path, kind, cells):
    input_map, outputs = SEVERAL[kind]
    assert_as_run(tmp_path, Exported(input_map, cells, features=4, outputs=outputs), features=4)


@needs_compiler
@pytest.mark.parametrize("options", [{"linear_path": True}, {"every_step": True}], ids=str)
def test_a_linear_path_and_a_prediction_at_every_step(tmp_path, options):
    assert_as_run(tmp_path, Exported(WindowRange(to=2.0, flat_range=20.4), **options))


@needs_compiler
@settings(max_examples=12, deadline=None)
@given(
    to=st.floats(0.01, 1000.0),
    size=st.floats(0.5, 1e5),
    level=st.integers(-(10**6), 10**6),
    unit=st.sampled_from([1, 3, 1000]),
    kind=st.sampled_from([WindowRange, WindowDifference, WindowChange, Difference, Change, TrainingRange]),
)
def test_whole_numbers_have_the_codes_of_values(tmp_path_factory, to, size, level, unit, kind):
    numbers = {"minimum": float(level), "range": size} if kind is TrainingRange else {}
    numbers = numbers or ({"range": size} if kind in (Difference, Change) else {"flat_range": size})
    exported = Exported(kind(to=to, **numbers), io_bits=16)
    code = "void both(const double *a, const int32_t *b, int16_t *c, int16_t *d);\n"
    code += "void both(const double *a, const int32_t *b, int16_t *c, int16_t *d)\n"
    code += "{\n    window_codes(a, c);\n    whole_window_codes(b, d);\n}\n"
    found = library(tmp_path_factory.mktemp("whole"), exported.files, code)
    random = np.random.default_rng(level % 1000)
    values = level + unit * np.cumsum(random.integers(-40, 40, (40, STEPS, 1)), axis=1)
    expected = exported.network.input.encode(scaled(exported.about.input_map, values.astype(np.float64)))
    for window, codes in zip(values, expected, strict=True):
        real, whole = np.zeros(STEPS, np.int16), np.zeros(STEPS, np.int16)
        as_real, as_whole = window.astype(np.float64), window.astype(np.int32)
        found.both(pointer(as_real), pointer(as_whole), pointer(real), pointer(whole))
        assert real.tolist() == whole.tolist() == codes[:, 0].tolist()


@needs_compiler
@pytest.mark.parametrize("kind", ["window", "difference", "window-difference", "change", "window-change"])
def test_every_window_of_a_series_has_the_codes_that_python_has(tmp_path, kind):
    series = pd.read_csv(PROJECT / "data" / "SP500.csv").iloc[:, -1].to_numpy(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(series, STEPS)[..., None]
    input_map = MAPS[kind][0]
    exported = Exported(input_map)
    expected = exported.network.input.encode(scaled(input_map, windows))
    code = "void all(const double *series, int count, int8_t *codes);\n"
    code += "void all(const double *series, int count, int8_t *codes)\n{\n    int i;\n"
    code += f"    for (i = 0; i < count; i++) {{\n        window_codes(series + i, codes + {STEPS} * i);\n    }}\n}}\n"
    found, codes = library(tmp_path, exported.files, code), np.zeros(expected.shape, np.int8)
    found.all(pointer(series), ctypes.c_int(len(windows)), pointer(codes))
    assert np.array_equal(codes, expected)
    some = windows[::50]
    np.testing.assert_allclose(exported.in_c(found, some), exported.answers(some), rtol=2e-7)


@needs_compiler
@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_classes_and_their_probabilities(tmp_path, classes, every_step):
    input_map = TrainingRange(to=1.0, minimum=tuple(range(STEPS)), range=tuple(range(900, 900 + STEPS)))
    exported = Exported(input_map, classes=classes, outputs=1 if classes == 2 else 3, every_step=every_step)
    found = library(tmp_path, exported.files)
    found.net_probability.restype = ctypes.c_double
    values = walks(1, whole=True)
    expected = exported.answers(values)
    np.testing.assert_allclose(exported.in_c(found, values), expected, atol=1e-6)
    likeliest = expected.reshape(-1, classes).argmax(axis=1)
    assert exported.in_c(found, values, whole=True).reshape(-1).tolist() == likeliest.tolist()
    codes = reference.run(exported.network, exported.network.input.encode(scaled(input_map, values)))
    codes = codes.reshape(-1, exported.network.outputs)
    probabilities = [[found.net_probability(pointer(row.copy()), number) for number in range(classes)] for row in codes]
    np.testing.assert_allclose(probabilities, expected.reshape(-1, classes), atol=1e-6)


@needs_compiler
@pytest.mark.parametrize("cells", [[("gru", 4)], [("lstm", 3, "both")]], ids=str)
def test_sequences_of_different_lengths(tmp_path, cells):
    exported = Exported(SEVERAL["recordings"][0], cells, features=4, padding="end", every_step=True)
    found, values, lengths = library(tmp_path, exported.files), walks(4, whole=True, count=9), np.arange(1, STEPS + 1)
    real = np.arange(STEPS) < lengths[:, None]
    expected = exported.answers(values, lengths)
    made = exported.in_c(found, values, lengths)
    np.testing.assert_allclose(made[real], expected[real], rtol=2e-7, atol=1e-5)
    assert np.abs(exported.in_c(found, values, lengths, whole=True) - made)[real].max() <= 1


@needs_compiler
def test_codes_and_outputs_of_a_time_step(tmp_path):
    input_map = SEVERAL["features"][0]
    exported = Exported(input_map, features=4, outputs=2)
    found, values = library(tmp_path, exported.files), walks(4, whole=True, count=5).reshape(-1, 4)
    expected = exported.network.input.encode(scaled(input_map, values[None])[0])
    for row, codes in zip(values, expected, strict=True):
        for function, kind in ((found.net_encode, np.float32), (found.net_encode_int, np.int32)):
            given, made = row.astype(kind), np.zeros(4, np.int8)
            function(pointer(given), pointer(made))
            assert made.tolist() == codes.tolist()
    output, made = np.array([5, -77], np.int8), np.zeros(2, np.float32)
    found.net_decode(pointer(output), pointer(made))
    np.testing.assert_allclose(made, 1.0 + 900.0 * exported.network.output.decode(output), rtol=1e-6)
