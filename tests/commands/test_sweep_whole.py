"""The whole way of a sweep, in one command: from activations, sizes and seeds to a table in a paper and a page."""

import csv
import json

import pytest
from helpers.browser import AXE, browser, chromium
from helpers.latex import has_latex, typeset
from helpers.runs import once

from rnnexp.commands.sweep import main

COMMAND = "regression --activation relu custom --hidden-size 3 5 --seed 0 1 --epochs 3 --name paper --quiet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    def make(path):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(path)
            assert main(COMMAND.split()) == 0
        return path / "sweeps" / "paper"

    return once(tmp_path_factory, "whole", make)


def test_every_combination_has_every_seed_once(folder):
    with (folder / "results.csv").open(newline="") as file:
        found = [(row["activation"], row["hidden_size"], row["seed"]) for row in csv.DictReader(file)]
    assert sorted(found) == [(name, size, seed) for name in ("custom", "relu") for size in "35" for seed in "01"]
    assert len(json.loads((folder / "results.json").read_text())["combinations"]) == 4


def test_figures_are_pictures_of_both_kinds(folder):
    for name in ("axis-activation", "axis-hidden_size"):
        assert (folder / f"{name}.svg").read_text().startswith("<?xml")
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(
    not has_latex("pdflatex"), reason="there is no LaTeX with booktabs here (texlive-latex-recommended)"
)
def test_the_table_is_typeset(folder, tmp_path):
    typeset(tmp_path, (folder / "table.tex").read_text(encoding="utf-8"))


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (.ci/run installs it)")
def test_the_page_works_in_a_browser(folder):
    found = json.loads((folder / "results.json").read_text())["combinations"]
    bars = sum(each["error"]["sd"] > 0 for each in found)
    with browser() as tab:
        for language, heading in (("en", "Results"), ("ja", "結果")):
            tab.open(folder / "index.html", language)
            assert tab.complaints == []
            assert tab.requests == [(folder / "index.html").resolve().as_uri()]
            assert tab.run("document.querySelector('h2').innerText") == heading
            sizes = "[...document.querySelectorAll('tbody')][0].rows[0].cells[1].innerText"
            tab.run("document.querySelectorAll('thead')[0].querySelectorAll('button')[1].click()")
            assert tab.run(sizes) == "3"
            tab.run("document.querySelectorAll('thead')[0].querySelectorAll('button')[1].click()")
            # Baselines have no size, and so stay last.
            assert tab.run(sizes) == "5"
            # On both charts, a point for each combination and a bar where seeds differ.
            assert tab.run("document.querySelectorAll('.bar-of').length") == 2 * bars >= 2
            assert tab.run("document.querySelectorAll('g[clip-path] circle[style^=stroke]').length") == 8
            links = tab.run("[...document.querySelectorAll('td a, th a')].map(a => decodeURI(a.getAttribute('href')))")
            assert all((folder / link).exists() for link in links)
            assert sum(link.endswith("/report.html") for link in links) == 2
            if AXE.exists():
                assert tab.faults() == []
