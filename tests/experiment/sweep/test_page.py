"""The page of a sweep, and its charts."""

import re

import numpy as np
import pytest
from helpers.sweeps import ACTIVATIONS, definition, outcome

from rnnexp.experiment.sweep.charts import MOST_LINES, charts
from rnnexp.experiment.sweep.combination import Combination
from rnnexp.experiment.sweep.outcome import Failure
from rnnexp.experiment.sweep.page import page
from rnnexp.experiment.sweep.space import Choices, Range, grid
from rnnexp.experiment.sweep.statistics import summarize
from rnnexp.report.page.texts import Text

SIZES = Choices("hidden_size", (5, 10))
BASELINES = {"d": {"ridge": {"rmse": 1.5}, "mean": {"rmse": 2.5}}}


def swept(axes, points, error=lambda _, seed: 1.0 + seed, **options):
    """A sweep in which combinations came to these errors, with two seeds."""
    made = definition(axes, (0, 1), **options)
    found = [
        Combination(number, point, {seed: outcome(error(point, seed), flash=300 - number) for seed in (0, 1)})
        for number, point in enumerate(points)
    ]
    return made, found, summarize(made, found, BASELINES)


def drawn(axes, points, *rest, **options):
    made, _, statistics = swept(axes, points, *rest, **options)
    return charts(made, statistics)


def test_values_that_are_no_numbers_are_categories_and_others_lines_beside_them():
    axes = (ACTIVATIONS, SIZES)
    kinds, sizes = drawn(axes, grid(axes), lambda point, seed: point["hidden_size"] + seed)
    assert [name.en for name in kinds.categories] == ["tanh", "relu", "sigmoid"]
    assert [line.name.en for line in kinds.lines] == ["hidden_size=5", "hidden_size=10", "best baseline: ridge"]
    assert kinds.lines[-1].name.ja == "最良のベースライン: ridge (リッジ回帰)"
    assert [line.joined for line in kinds.lines] == [False, False, True]
    np.testing.assert_array_equal(kinds.lines[0].values, [5.5, 5.5, 5.5])
    # Student's t with one degree of freedom, of the values 5 and 6.
    np.testing.assert_allclose(kinds.lines[0].bars, 12.7062047 * 0.5**0.5 / 2**0.5, rtol=1e-6)
    assert sizes.places.tolist() == [5, 10]
    assert len(sizes.lines) == 3 + 1
    assert all(line.joined for line in sizes.lines)
    np.testing.assert_array_equal(sizes.lines[0].values, [5.5, 10.5])


def test_values_that_are_drawn_have_a_place_each_and_are_named_where_they_are_read():
    axes = (Range("learning_rate", 1e-4, 0.1, whole=False), ACTIVATIONS)
    points = [
        {"learning_rate": rate, "activation": name} for rate, name in ((0.01, "relu"), (0.001, "tanh"), (0.05, "relu"))
    ]
    rates, kinds = drawn(axes, points, trials=3)
    assert rates.logarithmic_x
    assert rates.places.tolist() == [0.001, 0.01, 0.05]
    assert rates.labels[0].en == "learning_rate=0.001, activation=tanh"
    assert [line.joined for line in rates.lines] == [False, True]
    assert kinds.places.tolist() == [0, 1, 1]
    assert len(kinds.labels) == 3


def test_more_lines_than_there_are_colours_are_shown_on_demand():
    axes = (ACTIVATIONS, Choices("hidden_size", tuple(range(1, 11))))
    kinds = drawn(axes, grid(axes))[0]
    assert [line.hidden for line in kinds.lines] == [False] * MOST_LINES + [True] * 3 + [False]


def test_several_objectives_have_a_front():
    points = grid((SIZES,))
    *_, front = drawn((SIZES,), points, lambda point, _: point["hidden_size"], objectives=("error", "flash"))
    assert front.places.tolist() == [5.0, 10.0]
    assert (front.x_label.en, front.y_label.ja) == ("int8 RMSE", "フラッシュ (バイト)")
    np.testing.assert_array_equal(front.lines[1].values, [300, 299])
    assert front.labels[1].en == "hidden_size=10"


def test_nothing_is_drawn_where_nothing_came_to_anything():
    made = definition((ACTIVATIONS,), (0,))
    failed = [Combination(0, {"activation": "tanh"}, {0: Failure("no")})]
    assert charts(made, summarize(made, failed)) == []


@pytest.fixture
def html():
    axes = (Choices("dataset_name", ("a_b", "50% & <more>", "plain")),)
    made, found, _ = swept(axes, grid(axes), lambda point, seed: {"a_b": 2.0}.get(point["dataset_name"], 1.0) + seed)
    found[2].results.update({0: Failure("no <such> file"), 1: Failure("pruned", pruned=True)})
    statistics = summarize(made, found, BASELINES)
    ends = [Text("1 < 2", "1 は 2 より小さい")]
    return page("my <sweep>", made, statistics, found, ends, {(1, 0): "2026 run"}, ["results.csv"]).html


def test_the_page_has_every_row_in_both_languages_and_nothing_of_a_name_is_markup(html):
    assert ">my &lt;sweep&gt;</title>" in html
    assert "50% &amp; &lt;more&gt;" in html
    assert "<more>" not in html
    assert "<such>" not in html
    assert "1 は 2 より小さい" in html
    results = html.split("<tbody>")[1].partition("</table>")[0]
    assert results.count("<tr") == 3 + 2
    best = re.findall(r"<tr class=strong>(.*?)</tr>", results)[0]
    assert 'data-value="1.5"' in best  # what it sorts by has all digits, and no interval
    assert "ridge (リッジ回帰)" in results


def test_what_has_left_files_leads_to_them(html):
    trials = html.split("Every trial")[1]
    assert trials.count('href="runs/2026%20run/report.html"') == 1
    assert html.count('href="runs/2026%20run/report.html"') == 2
    assert 'href="results.csv"' in html
    assert "no &lt;such&gt; file" in trials
