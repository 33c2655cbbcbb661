"""What pages are built of, as HTML: texts in both languages, tables, charts, drawings."""

import json
import re

import numpy as np
import pytest

from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Embedding
from rnnexp.network.layer import Layer
from rnnexp.report.page.charts import MOST_NUMBERS, Chart, Line
from rnnexp.report.page.drawing import Drawing
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text, together


def chart(places, *lines, **facts):
    words = {"title": Text("Curve", "曲線"), "x_label": Text("step", "ステップ"), "y_label": Text.same("V")}
    named = [Line(Text.same(f"line {number}"), np.asarray(line, float)) for number, line in enumerate(lines)]
    return Chart(name="curve", places=np.asarray(places), lines=named, **{**words, **facts})


def drawn(chart):
    """Return what the script of the page gets."""
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', chart.html, re.DOTALL)[1])


def test_a_text_is_there_in_both_languages_and_no_markup():
    text = Text("a < b", "a は b より小さい")
    assert text.html == '<span class="en" lang="en">a &lt; b</span><span class="ja" lang="ja">a は b より小さい</span>'
    assert Text.same("<b>").html == "&lt;b&gt;"
    assert together([Text("One.", "一。"), Text("Two.", "二。")]) == Text("One. Two.", "一。二。")


def test_a_cell_has_its_number_a_bar_and_a_link():
    table = Table(
        Text("Files", "ファイル"),
        [Text("file", "ファイル"), Text("bytes", "バイト")],
        [
            [Cell(Text.same("a<b>.c"), link='a%3Cb%3E".c'), Cell.number(1200, "1,200", 0.5)],
            [Cell(Text.same("none")), Cell.number(None, "-")],
        ],
        frozenset({0}),
    )
    assert 'data-value="1200" data-share="50.0%">1,200</td>' in table.html
    assert '<a href="a%3Cb%3E&quot;.c">a&lt;b&gt;.c</a>' in table.html
    assert table.html.count('scope="row"') == 2
    assert table.html.count("<tr class=strong>") == 1


def test_a_curve_is_drawn_as_it_is_and_its_table_says_where_the_extremes_are():
    curve = chart([1, 2, 3], [0.5, np.nan, 2.123456789], [1, 2, 3])
    facts = drawn(curve)
    assert facts["at"] == [1, 2, 3]
    assert [line["values"] for line in facts["lines"]] == [[0.5, None, 2.12346], [1.0, 2.0, 3.0]]
    assert facts["x"] == {
        "label": {"en": "step", "ja": "ステップ"}, "time": False, "log": False, "names": [], "labels": [],
    }  # fmt: skip
    assert "2.1235 (3)" in curve.html


def test_categories_are_named_and_values_have_bars():
    lines = [
        Line(Text.same("a"), np.array([1.0, 2.0]), bars=np.array([0.25, np.nan]), joined=False),
        Line(Text.same("b"), np.array([3.0, np.nan])),
    ]
    facts = chart([0, 1])
    names = [Text("one", "一"), Text("two", "二")]
    curve = Chart("curve", facts.title, facts.x_label, facts.y_label, facts.places, lines, categories=names)
    assert drawn(curve)["x"]["names"] == [{"en": "one", "ja": "一"}, {"en": "two", "ja": "二"}]
    assert [line.get("bars") for line in drawn(curve)["lines"]] == [[0.25, None], None]
    assert [line["joined"] for line in drawn(curve)["lines"]] == [False, True]
    assert '<span class="en" lang="en">2 (two)</span>' in curve.html


def test_a_logarithmic_axis_along_has_powers():
    assert drawn(chart([0.001, 0.1, 1.0], [1, 2, 3], logarithmic_x=True))["at"] == [-3.0, -1.0, 0.0]


def test_times_are_milliseconds_and_named_by_day():
    curve = chart(np.array(["1969-12-31", "1970-01-02"], "datetime64[ns]"), [1, 2])
    assert drawn(curve)["at"] == [-86_400_000, 86_400_000]
    assert drawn(curve)["x"]["time"]
    assert "2 (1970-01-02)" in curve.html
    by_the_minute = chart(np.array(["2024-01-01T00:00", "2024-01-01T00:01"], "datetime64[ns]"), [1, 2])
    assert "2 (2024-01-01 00:01:00)" in by_the_minute.html


def test_small_differences_of_large_values_are_kept():
    values = drawn(chart([1, 2], [1e9, 1e9 + 0.001]))["lines"][0]["values"]
    assert values[1] - values[0] == pytest.approx(0.001, rel=1e-3)


def test_the_axis_is_logarithmic_only_of_positive_values():
    assert drawn(chart([1, 2], [1, 2], logarithmic=True))["y"]["log"]
    assert not drawn(chart([1, 2], [0, 2], logarithmic=True))["y"]["log"]


def test_a_long_curve_is_thinned_out_and_says_so():
    values = np.random.default_rng(0).normal(size=(2, 200_000))
    values[1, 123_456] = 99
    curve = chart(np.arange(200_000), *values)
    shown = drawn(curve)
    assert len(shown["at"]) <= 1.1 * MOST_NUMBERS / 2
    assert 123_456 in shown["at"]
    assert "of 200,000 points" in curve.html
    assert len(curve.html) < 500_000


def test_nothing_in_the_data_ends_the_script():
    curve = chart([1, 2], [1, 2], y_label=Text.same("</script><b>"))
    assert drawn(curve)["y"]["label"]["en"] == "</script><b>"


LAYERS = {
    "bidirectional": ((Layer("lstm", 10, bidirectional=True),), {}, ["LSTM", "2 × 10 units, tanh", "→", "←"]),
    "path": ((Layer("simple", 5),), {"linear_path": True}, ["simple RNN", "60 × 3", "linear path"]),
    "decoder": (
        (Layer("gru", 4, repeats=7), Layer("gru", 4)),
        {"every_step": True},
        ["last × 7", "at each of 7 steps"],
    ),
    "words": ((Layer("gru", 4),), {"features": 1, "front": (Embedding(500, 8),)}, ["embedding, 500 words", ">8<"]),
    "joined": ((Layer("gru", 4), Layer("gru", 4, reads=(-1, 0))), {}, ["108 weights", "156 weights"]),
}


@pytest.mark.parametrize(("layers", "facts", "expected"), LAYERS.values(), ids=LAYERS)
def test_a_network_is_drawn_with_its_sizes_and_ways(layers, facts, expected):
    network = Architecture(
        **{"sequence_length": 20, "features": 3, "every_step": False, "outputs": 3, "activation": "tanh", **facts},
        layers=layers,
    )
    svg = Drawing(network).html
    assert svg.count("<rect") == len(layers) + len(network.front) + 2
    for text in expected:
        assert text in svg
    # A head for each arrow: between layers, of each direction, around others.
    ways = sum(len(layer.directions) for layer in layers)
    around = ("linear_path" in facts) + sum(len(layer.reads) > 1 for layer in layers)
    assert svg.count('class="end"') == svg.count("<rect") - 1 + ways + around


def test_a_page_asks_for_nothing():
    page = Page(Text('A "page" & <more>', "ページ"))
    page.heading("first", Text("First", "最初"))
    page.add(chart([1, 2], [1, 2]))
    html = page.html
    assert '<html lang="en">' in html
    assert '<title data-en="A &quot;page&quot; &amp; &lt;more&gt;"' in html
    assert '<a href="#first">' in html
    addresses = re.findall(r"""https?://[\w.]+|(?:src|href)=["'][^"'#]+""", html)
    # A name of XML, which nobody looks up; the empty icon.
    assert set(addresses) == {"http://www.w3.org", 'href="data:,'}
