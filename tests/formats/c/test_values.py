"""From raw values to answers in C: as ``rnnexp run`` answers, with a point and in whole numbers, however normalised."""

import ctypes
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from helpers.c_compiler import SANITIZED, STRICT, build_and_run, needs_compiler, run_example, write_files
from helpers.random_networks import layered
from helpers.runs import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnexp.commands.run import predict
from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.preprocessing.input_map import (
    AsItIs,
    Change,
    Characters,
    Columns,
    Difference,
    Standardized,
    TrainingRange,
    WindowChange,
    WindowDifference,
    WindowRange,
)
from rnnexp.preprocessing.series_columns import SeriesColumns
from rnnexp.preprocessing.standard import Target
from rnnexp.quantization import reference
from rnnexp.quantization.quantizer import quantize

STEPS = 9
SEASONAL = WindowDifference(to=2.0, flat_range=20.4, season=3)
CALENDAR = TrainingRange(to=2.0, minimum=-1.0, range=2.0)
# A map of one feature, or of four, with how many outputs.
MAPS = {
    "none": (AsItIs(), 1),
    "train": (TrainingRange(to=2.0, minimum=16.7, range=1510.8), 2),
    "window": (WindowRange(to=255.0, flat_range=20.4), 1),
    "difference": (Difference(to=2.0, range=90.5), 1),
    "window-difference": (WindowDifference(to=2.0, flat_range=20.4), 3),
    "change": (Change(to=0.7, range=19.5), 1),
    "window-change": (WindowChange(to=2.0, flat_range=2.4), 2),
    "season": (SEASONAL, 5),
}
SEVERAL = {
    "windows": (WindowRange(to=2.0, flat_range=20.4), 2),
    "features": (
        TrainingRange(to=1.0, minimum=(1.0, 2.5, 3.0, 4.0), range=(900.0, 800.0, 1e3, 1e3), axis="feature"),
        2,
    ),
    "targets": (Columns(columns=(SEASONAL, SEASONAL, Difference(to=2.0, range=90.5), CALENDAR), targets=2), 6),
    "inputs": (
        Columns(columns=(Change(to=2.0, range=19.5), WindowRange(to=2.0, flat_range=3.0), CALENDAR, CALENDAR)),
        3,
    ),
    "recordings": (
        Standardized(
            mean=(0.3, 500.0), deviation=(300.0, 400.0), samples_per_step=2, target=Target(offset=3.5, scale=100.0)
        ),
        1,
    ),
}


def walks(features, whole, seed=0, count=60):
    """Return windows ``[n, time, features]`` that come and go; the first is flat."""
    random = np.random.default_rng(seed)
    values = 500 + np.cumsum(random.normal(size=(count, STEPS, features)) * 30, axis=1)
    values = np.rint(values) if whole else np.round(values, 2)
    values[0] = 7.0
    return values


def scaled(input_map, values):
    """Return inputs as a network sees them."""
    offset, scale = input_map.scaling(values)
    return ((values - offset) / scale).astype(np.float32)


class Exported:
    """A network with random weights for windows, its C, and what ``rnnexp run`` answers."""

    def __init__(self, input_map, cells=(("simple", 5),), *, features=1, classes=0, about=None, io_bits=8, **options):
        known = walks(features, whole=False, seed=5)
        x = scaled(input_map, known)
        made = layered(*cells, steps=STEPS, features=features, softmax=bool(classes), **options)
        self.network = quantize(made, x.astype(np.float64), io_bits=io_bits)
        self.about = about or About(
            task="classification" if classes else "regression",
            input_map=input_map,
            classes=tuple("abcdefg"[:classes]),
            padding=options.get("padding", ""),
        )
        lengths = np.full(len(known), STEPS) if self.network.variable_length else None
        codes = self.network.input.encode(x)
        self.files = to_c(self.network, "net", self.about, codes, lengths, known)
        self.classes = classes

    def answers(self, values, lengths=None):
        """Return what ``rnnexp run --runtime numpy`` says, a row for each window."""
        content = to_tflite(self.network, self.about.to_entries())
        made = predict(content, self.about, values, "numpy", "net", lengths)
        made = np.concatenate([1 - made, made], axis=-1) if self.classes == 2 else made
        return made.reshape(len(values), -1)

    def in_c(self, library, values, lengths=None, *, whole=False):
        """Return what the C says."""
        steps = self.network.output_steps
        width = steps if whole and self.classes else steps * max(self.network.outputs, self.classes)
        made = np.zeros((len(values), width), np.int32 if whole else np.float64)
        function = library.net_predict_int if whole else library.net_predict
        buffers = [] if self.network.streams else [pointer(np.zeros(1 << 16, np.int16))]
        for number, (window, row) in enumerate(zip(values, made, strict=True)):
            given = np.ascontiguousarray(window, np.int32 if whole else np.float64)
            length = [] if lengths is None else [ctypes.c_int32(int(lengths[number]))]
            function(*buffers, pointer(given), *length, pointer(row))
        return made


def pointer(values):
    return values.ctypes.data_as(ctypes.c_void_p)


def library(folder, files, more="", *options):
    """Return the C, with more of it behind, as a shared library."""
    write_files(folder, "net", files)
    (folder / "all.c").write_text(f'#include "net.c"\n{more}')
    command = ["cc", *STRICT, "-Wconversion", "-Wshadow", "-O2", *options, "-shared", "-fPIC", "-o", "net.so", "all.c"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(folder / "net.so"))


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


KINDS = [
    (MAPS["none"][0], {}),
    (MAPS["window"][0], {"io_bits": 16}),
    (MAPS["window-change"][0], {"linear_path": True}),
    (SEASONAL, {"outputs": 4}),
    (MAPS["train"][0], {"classes": 2, "every_step": True}),
    (SEVERAL["targets"][0], {"features": 4, "outputs": 2, "cells": [("lstm", 3, "both")]}),
    (SEVERAL["recordings"][0], {"features": 4, "classes": 3, "outputs": 3, "padding": "end"}),
    (Characters(characters="abcd"), {"features": 4, "classes": 4, "outputs": 4}),
    (SEVERAL["windows"][0], {"features": 4, "padding": "begin"}),
]


@needs_compiler
@pytest.mark.parametrize("compiler", ["cc", "clang"])
@pytest.mark.parametrize(("input_map", "options"), KINDS, ids=str)
def test_it_compiles_as_strictly_as_can_be_and_the_example_is_right(tmp_path, input_map, options, compiler):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no compiler {compiler} here")
    write_files(tmp_path, "net", Exported(input_map, **options).files)
    # Traps take no library, which clang may come without.
    checked = list(SANITIZED) if compiler == "cc" else ["-fsanitize=undefined", "-fsanitize-trap=undefined"]
    for each in (["-O2"], ["-O3"], checked):
        assert run_example(tmp_path, "net", *each, compiler=compiler).endswith("net: as expected\n")
    done = build_and_run(tmp_path, "net", "-Wconversion", "-Wshadow", "-DNET_NO_FLOAT", compiler=compiler)
    assert done.returncode == 0
    build_and_run(tmp_path, "net", "-Wconversion", "-Wshadow", "-DNET_REAL=float", program="main", compiler=compiler)


@pytest.mark.skipif(shutil.which("cppcheck") is None, reason="there is no cppcheck here")
@pytest.mark.parametrize(("input_map", "options"), KINDS, ids=str)
def test_cppcheck_finds_nothing(tmp_path, input_map, options):
    write_files(tmp_path, "net", Exported(input_map, **options).files)
    checks = ["--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet"]
    done = subprocess.run(
        ["cppcheck", *checks, "net.c", "net-main.c"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@needs_compiler
def test_the_example_fails_where_a_number_is_wrong(tmp_path):
    write_files(tmp_path, "net", Exported(MAPS["window"][0]).files)
    source = (tmp_path / "net.c").read_text()
    (tmp_path / "net.c").write_text(source.replace("(net_real)255.0", "(net_real)200.0"))
    done = build_and_run(tmp_path, "net", program="main")
    assert done.returncode == 1
    assert done.stdout.endswith("net: other answers than expected\n")


@pytest.mark.parametrize(
    ("input_map", "options", "text"),
    [
        (Characters(characters="abcd"), {"features": 4}, "Inputs are characters, which the caller makes one-hot"),
        (WindowRange(to=1.0, flat_range=1.0), {"padding": "end"}, "Sequences can be shorter than the windows"),
        (
            Columns(columns=(AsItIs(),)),
            {"features": 2},
            "does not fit the network: it is for 1 features, and there are 2",
        ),
        (
            Standardized(mean=(0.5,), deviation=(2.0,)),
            {},
            "Nothing says how predictions in the data's own units are made",
        ),
        (TrainingRange(to=1.0, minimum=1e9, range=5.0), {}, "no net_predict_int for whole numbers: what is taken away"),
        (Difference(to=1.0, range=1e-12), {}, "no net_predict_int for whole numbers: what they are divided by is too"),
    ],
)
def test_the_header_says_why_there_is_no_function(input_map, options, text):
    options = {"features": 1, **options}
    made = layered(("simple", 3), steps=STEPS, **options)
    network = quantize(made, np.tanh(walks(options["features"], whole=False) / 500))
    lengths = np.array([STEPS]) if options.get("padding") else None
    codes = np.zeros((1, STEPS, options["features"]), np.int8)
    files = to_c(network, "net", About(input_map=input_map), codes, lengths)
    assert text in " ".join(re.sub(r"\n \*", "", files.header).split())
    assert "net_predict_int(" not in files.header


@needs_compiler
def test_names_of_any_kind_stay_in_comments(tmp_path):
    names = ("*/ int x = ; /*", "??/", 'a "b" \\', "音\n*/", "%s")
    columns = SeriesColumns(targets=names[:1], inputs=(*names[1:],), horizon=2)
    about = About(
        dataset="*/ #error /*",
        units="/* ??/",
        input_map=Columns(columns=(MAPS["window"][0],) * 5),
        columns=columns,
        classes=names,
    )
    exported = Exported(about.input_map, features=5, outputs=2, about=about)
    write_files(tmp_path, "net", exported.files)
    run_example(tmp_path, "net", "-Wcomment")
    assert "{'" not in exported.files.header
