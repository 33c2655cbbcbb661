"""The demonstrations reach what they ask for: medians of three seeds, of the exported float32 file."""

import runpy

import pytest
from conftest import PROJECT

from rnnexp.presets import PRESETS

benchmark = runpy.run_path(str(PROJECT / "benchmarks" / "demonstrations.py"), run_name="read")


def test_every_preset_is_measured_and_documented():
    assert {demonstration.preset for demonstration in benchmark["DEMONSTRATIONS"]} == set(PRESETS)
    page = (PROJECT / "docs" / "demonstrations.md").read_text()
    for name in PRESETS:
        assert f"--preset {name}" in page


@pytest.mark.slow
@pytest.mark.parametrize("demonstration", benchmark["DEMONSTRATIONS"], ids=lambda demonstration: demonstration.name)
def test_figures(demonstration, record_property):
    for row in benchmark["rows"](demonstration, seeds=3):
        print(benchmark["line"](row))
        record_property(row["figure"], row["values"])
        assert row["reached"], row
