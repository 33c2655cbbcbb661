"""The demonstrations reach what they ask for: medians of three seeds, of the exported float32 file."""

import os
import runpy
from pathlib import Path

import pytest
from helpers.runs import PROJECT

from rnnexp.errors import UserError
from rnnexp.presets import PRESETS

benchmark = runpy.run_path(str(PROJECT / "benchmarks" / "demonstrations.py"), run_name="read")


def test_what_is_measured_is_a_preset_and_every_preset_is_documented():
    assert {demonstration.preset for demonstration in benchmark["DEMONSTRATIONS"]} <= set(PRESETS)
    pages = "".join(path.read_text() for path in (PROJECT / "docs").glob("*.md"))
    for name in PRESETS:
        assert f"--preset {name}" in pages


def test_a_row_says_what_was_asked_and_what_came_out():
    figure = benchmark["Figure"]("accuracy", 0.9, lambda report: report["a"], at_least=True)
    assert (figure.asked, figure.reached_by(0.9), figure.reached_by(0.89)) == ("at least 0.9", True, False)
    row = {"name": "x lstm", "figure": "L2", "asked": "at most 1", "median": 2.0, "values": [1.0, 2.0, 3.5]}
    shown = benchmark["line"]({**row, "reached": False, "int8_gap": None, "seconds": 9.6})
    assert shown == "| x lstm | L2 | at most 1 | 2 (missed) | 1 – 3.5 | absent | 10 |"
    shown = benchmark["line"]({**row, "reached": True, "int8_gap": -1e-5, "seconds": 9.6})
    assert shown == "| x lstm | L2 | at most 1 | **2** | 1 – 3.5 | -1.0e-05 | 10 |"


@pytest.mark.slow
@pytest.mark.parametrize("demonstration", benchmark["DEMONSTRATIONS"], ids=lambda demonstration: demonstration.name)
def test_figures(demonstration, record_property):
    # These are no part of the project: where there is neither the variable nor a network, they cannot be asked for.
    places = {"mnist": "MNIST_DATA_DIR", "speech_commands": "RNNEXP_SPEECH_COMMANDS"}
    given = {name: os.environ.get(variable) for name, variable in places.items()}
    try:
        rows = benchmark["rows"](demonstration, 3, {name: Path(path) for name, path in given.items() if path})
    except UserError as error:
        if PRESETS[demonstration.preset].settings["dataset_name"] not in places:
            raise
        pytest.skip(str(error))
    for row in rows:
        print(benchmark["line"](row))
        record_property(row["figure"], row["values"])
        assert row["reached"], row
        # What int8 loses of a class's accuracy is a row of its own.
        assert PRESETS[demonstration.preset].task == "classification" or row["int8_gap"] <= 0.003, row
