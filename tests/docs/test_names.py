"""What the pages name of the package is there."""

import importlib
import re

import pytest
from helpers.runs import PROJECT

# One page writes modules of its own, and has a test that runs them.
PAGES = sorted({*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")} - {PROJECT / "docs" / "add-your-own.md"})


def find(name):
    """Return the module, or what it has, of a dotted name."""
    module, _, inner = name.rpartition(".")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return getattr(importlib.import_module(module), inner)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"\b(?:rnnexp|tests|benchmarks)/[\w/.-]*\w", text):
        # A wheel has one folder more.
        assert (PROJECT / path).exists() or "NAME" in path or path == "rnnexp/share", path
    for name in re.findall(r"\brnnexp(?:\.[A-Za-z_]\w*)+", text):
        if name.startswith("rnnexp.formats.torch"):
            pytest.importorskip("torch")
        assert find(name), name


def test_there_are_pages_that_name_something():
    assert any("rnnexp.read_report" in page.read_text(encoding="utf-8") for page in PAGES)
