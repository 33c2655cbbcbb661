"""The text of the C of values: strict compilers, cppcheck, the example, and what the header says."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from helpers.c_compiler import SANITIZED, build_and_run, needs_compiler, run_example, write_files
from helpers.random_networks import layered
from helpers.values_in_c import MAPS, SEASONAL, SEVERAL, STEPS, Exported, walks

from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.preprocessing.input_map import (
    AsItIs,
    Characters,
    Columns,
    Difference,
    Standardized,
    TrainingRange,
    WindowRange,
)
from rnnexp.preprocessing.series_columns import SeriesColumns
from rnnexp.quantization.quantizer import quantize

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
