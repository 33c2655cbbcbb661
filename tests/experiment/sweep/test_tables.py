"""The table as Markdown and for LaTeX."""

import re

import pytest
from helpers.latex import has_latex, typeset
from helpers.sweeps import definition, outcome

from rnnexp.experiment.sweep import tables
from rnnexp.experiment.sweep.combination import Combination
from rnnexp.experiment.sweep.outcome import Failure
from rnnexp.experiment.sweep.space import Choices
from rnnexp.experiment.sweep.statistics import Estimate, summarize

SWEPT = definition((Choices("dataset_name", ("a_b", "50% & <more>", "plain")),), (0, 1))
ERRORS = {"a_b": (2.0, 2.2), "50% & <more>": (1.0, 1.1), "plain": (None, None)}
BASELINES = {"ridge": 1.5, "1-NN": 2.5}


def statistics():
    combinations = [
        Combination(
            number,
            {"dataset_name": name},
            {seed: Failure("no") if error is None else outcome(error) for seed, error in enumerate(errors)},
        )
        for number, (name, errors) in enumerate(ERRORS.items())
    ]
    return summarize(SWEPT, combinations, {"d": {name: {"rmse": error} for name, error in BASELINES.items()}})


HOSTILE = [
    "_ % & # { } ^ ~ $ \\",
    "[1cm] *",
    "**",
    "\\input{/etc/passwd}",
    '$x$ a--b <c> |d| "e"',
    "é ü ß",
    "a\nb\n\nc",
]


def summarized(name):
    """A sweep in which settings, values and baselines are called so, and what it came to."""
    swept = definition((Choices(name, (name, "plain")),), (0, 1))
    points = [{name: value} for value in (name, "plain")]
    combinations = [
        Combination(number, point, {seed: outcome(1.0 + number + 0.1 * seed) for seed in (0, 1)})
        for number, point in enumerate(points)
    ]
    return swept, summarize(swept, combinations, {"d": {name: {"rmse": 1.5}}})


def test_markdown():
    text = tables.markdown(SWEPT, statistics(), ["The end."])
    head, _, first, second, third, ridge, _, _, end = text.splitlines()
    assert head == "| dataset_name | seeds | float32 RMSE | int8 RMSE | gap | flash bytes | against default |  |"
    assert first == "| a_b | 2 | 2.099 ± 1.271 (0.1414) | 2.1 ± 1.271 (0.1414) | +0.001 | 300 | – | default |"
    assert second.startswith("| 50% & &lt;more> | 2 | 1.049 ± 0.6353 (0.07071) |")
    assert second.endswith("| -1.05 ± 0.6353 (0.07071) | best |")
    assert third == "| plain | 0 | – | – | – | – | – |  |"
    assert ridge == "| ridge |  | 1.5 | – | – | – | – | baseline |"
    assert end == "The end."
    assert len({line.count("|") for line in text.splitlines()[:7]}) == 1


def test_latex_has_the_rules_of_booktabs_and_what_is_special_escaped():
    text = tables.latex(SWEPT, statistics())
    assert [text.count(f"\\{rule}") for rule in ("toprule", "midrule", "bottomrule")] == [1, 2, 1]
    assert "\\textbf{50\\% \\& \\textless{}more\\textgreater{}}" in text
    assert "a\\_b & 2 & $2.099 \\pm 1.271$" in text
    rows = [line for line in text.splitlines() if line.endswith("\\\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {6}


def test_where_the_data_differ_each_combination_has_a_baseline_of_its_own():
    combinations = [
        Combination(number, {"dataset_name": name}, {0: outcome(2.0, data=name)})
        for number, name in enumerate(("a_b", "plain"))
    ]
    known = {"a_b": {"ridge": {"rmse": 1.5}, "mean": {"rmse": 9.0}}, "plain": {"ridge": {"rmse": 7.0}}}
    head, _, first, second, *_ = tables.markdown(SWEPT, summarize(SWEPT, combinations, known), []).splitlines()
    assert head.endswith("| best baseline |  |")
    assert first.endswith("| 1.5 | best, default |")
    assert second.endswith("| 7 |  |")


def test_powers_of_ten_are_powers_in_latex():
    combinations = [Combination(0, {"dataset_name": "a_b"}, {seed: outcome(2.0 + seed, gap=2e-5) for seed in (0, 1)})]
    text = tables.latex(SWEPT, summarize(SWEPT, combinations))
    assert "$+2.0 \\cdot 10^{-5}$" in text


@pytest.mark.skipif(
    not has_latex("pdflatex"), reason="there is no LaTeX with booktabs here (texlive-latex-recommended)"
)
@pytest.mark.parametrize("name", HOSTILE)
def test_latex_compiles_whatever_names_are(tmp_path, name):
    swept, found = summarized(name)
    typeset(tmp_path, tables.latex(swept, found))


@pytest.mark.skipif(
    not has_latex("lualatex", "luatexja.sty"), reason="there is no LuaLaTeX with luatexja here (texlive-lang-japanese)"
)
def test_japanese_names_are_typeset_by_what_the_page_recommends(tmp_path):
    swept, found = summarized("電力 & 気温_1")
    typeset(tmp_path, tables.latex(swept, found), "lualatex", "\\usepackage{luatexja}")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (1234567.0, "1.2e+06"), (0.00001234, "1.2e-05"), (12345.6, "12346"), (-0.5, "-0.5"), (3.0, "3")],
)
def test_numbers(value, text):
    assert tables.number(value) == text


def test_one_seed_has_no_interval_and_neither_has_what_never_differs():
    assert tables.cell(Estimate(1, 2.5)) == "2.5"
    assert tables.cell(Estimate(3, 300.0, 0.0, 0.0)) == "300"
    assert tables.cell(None) == "–"
