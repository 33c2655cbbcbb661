"""Pages in a real browser: they load without a complaint and ask for nothing, and tables and curves answer."""

import functools

import numpy as np
import pytest
from helpers.browser import AXE, browser, chromium

from rnnexp.report.page.charts import Chart, Line
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (.ci/run installs it)")
DAYS = np.datetime64("2020-01-01") + np.arange(1000)


@pytest.fixture(scope="module")
def tab():
    with browser() as found:
        found.size(1000, 800)
        yield found


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    page = Page(Text("A page", "ページ"))
    page.lead(Text("What matters.", "要点。"))
    page.heading("curves", Text("Curves", "グラフ"))
    lines = [
        Line(Text("truth", "正解"), np.arange(1000.0), strong=True),
        Line(Text("model", "モデル"), np.arange(1000.0)[::-1]),
        Line(Text("aside", "参考"), 1e6 * np.ones(1000), hidden=True),
    ]
    page.add(Chart("days", Text("By day", "日ごと"), Text("time", "時刻"), Text.same("V"), DAYS, lines))
    names, sizes = ["b", "a", "d", "c"], [2.0, 10.0, None, 1.5]
    rows = [
        [Cell(Text.same(name)), Cell.number(size, "-" if size is None else f"{size:g}")]
        for name, size in zip(names, sizes, strict=True)
    ]
    page.heading("tables", Text("Tables", "表"))
    page.add(Table(Text("Sizes", "大きさ"), [Text("name", "名前"), Text("size", "大きさ")], rows, filtered=True))
    found = tmp_path_factory.mktemp("page") / "page.html"
    found.write_text(page.html, encoding="utf-8")
    return found


@pytest.fixture
def opened(tab, path):
    tab.media()
    tab.open(path)
    return tab


def names(tab):
    return tab.run(
        "[...document.querySelectorAll('#tables ~ .scroll tbody tr:not([hidden]) th')].map(c => c.innerText)"
    )


def ticks(tab):
    """Return the texts below the axis."""
    return tab.run("[...document.querySelectorAll('.plot text.tick[text-anchor=middle]')].map(t => t.textContent)")


def readout(tab):
    return tab.run("document.querySelector('.readout').innerText")


def test_it_loads_without_a_complaint_and_asks_for_nothing_else(opened, path):
    assert opened.complaints == []
    assert opened.requests == [path.as_uri()]


def test_a_fault_would_be_noticed(tab, tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text("<script>missing();</script><img src='http://example.invalid/x.png'>")
    tab.open(broken)
    assert len(tab.complaints) >= 1
    assert "http://example.invalid/x.png" in tab.requests


@pytest.mark.parametrize(("asked", "title", "lead"), [("ja-JP", "ページ", "要点。"), ("fr", "A page", "What matters.")])
def test_the_language_is_the_readers_and_can_be_changed(tab, path, asked, title, lead):
    shown = functools.partial(tab.run, "[document.title, document.querySelector('.lead').innerText]")
    tab.open(path, asked)
    assert shown() == [title, lead]
    for language, expected in (("en", ["A page", "What matters."]), ("ja", ["ページ", "要点。"])):
        tab.run(f"document.querySelector('[data-language={language}]').click()")
        assert shown() == expected
        assert tab.run("document.documentElement.lang") == language
    assert "正解" in tab.run("document.querySelector('.tools').innerText")
    assert tab.run("document.querySelector('.zoom').getAttribute('aria-label')") == "拡大"


def test_a_table_sorts_by_the_column_that_is_clicked(opened):
    def click(column):
        left, top, _, height = opened.place(f"#tables ~ .scroll th:nth-child({column}) button")
        opened.click(left + 5, top + height / 2)

    assert names(opened) == ["b", "a", "d", "c"]
    click(1)
    assert names(opened) == ["a", "b", "c", "d"]
    click(2)
    assert names(opened) == ["c", "b", "a", "d"]
    click(2)
    # What has no number stays last.
    assert names(opened) == ["a", "b", "c", "d"]
    assert opened.run("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "descending"


def test_a_table_is_filtered(opened):
    opened.run("{ const f = document.querySelector('input'); f.value = 'B'; f.dispatchEvent(new Event('input')); }")
    assert names(opened) == ["b"]
    assert opened.run("document.querySelector('.filter output').textContent") == "1 / 4"


def test_a_curve_is_zoomed_by_dragging_and_shown_whole_by_a_double_click(opened):
    whole = ticks(opened)
    assert {"2020-07", "2021-01", "2022-01", "2022-07"} <= set(whole)
    left, top, width, height = opened.place(".plot")
    opened.drag((left + 0.5 * width, top + height / 2), (left + 0.55 * width, top + height / 2))
    near = ticks(opened)
    assert near != whole
    assert {len(tick) for tick in near} == {len("2021-06-01")}, near
    opened.click(left + width / 2, top + height / 2, count=2)
    assert ticks(opened) == whole


def test_a_curve_is_read_at_the_cursor(opened):
    left, top, width, height = opened.place(".plot")
    opened.mouse("mouseMoved", left + width - 30, top + height / 2)
    assert "time: 2022-09-26" in readout(opened)
    assert "truth: 999" in readout(opened)
    assert "model: 0" in readout(opened)
    assert "aside" not in readout(opened)


def test_a_curve_is_read_and_zoomed_with_the_keyboard(opened):
    opened.run("document.querySelector('.plot').focus()")
    whole = ticks(opened)
    opened.press("Home")
    assert "time: 2020-01-01" in readout(opened)
    opened.press("ArrowRight")
    assert "truth: 1" in readout(opened)
    opened.press("+")
    opened.press("+")
    assert ticks(opened) != whole
    opened.press("End")
    assert "time: 2022-09-26" in readout(opened)
    opened.press("0")
    assert ticks(opened) == whole


def test_a_line_is_shown_on_demand_and_the_axis_goes_with_it(opened):
    axis = "[...document.querySelectorAll('.plot text.tick[text-anchor=end]')].map(t => t.textContent)"
    assert "1e6" not in opened.run(axis)
    opened.run("document.querySelectorAll('.key')[2].click()")
    assert "1e6" in opened.run(axis)
    assert opened.run("document.querySelectorAll('.plot path.line').length") == 3


@pytest.fixture
def points(tab, tmp_path):
    """A page with categories and error bars, and with an axis along that is logarithmic."""
    page = Page(Text("A page", "ページ"))
    lines = [
        Line(Text.same("a"), np.array([1.0, 2.0, 3.0]), bars=np.array([0.5, 0.25, 0.0]), joined=False),
        Line(Text.same("b"), np.array([1.5, np.nan, 2.5]), bars=np.array([0.5, np.nan, 1.5]), joined=False),
        Line(Text.same("best"), np.full(3, 0.8), strong=True),
    ]
    names = [Text("one", "一"), Text("two", "二"), Text("three", "三")]
    page.add(Chart("kinds", Text.same("k"), Text.same("x"), Text.same("y"), np.arange(3), lines, categories=names))
    lines = [Line(Text.same("c"), np.array([1.0, 2.0, 2.0]), bars=np.full(3, 0.1), joined=False)]
    labels = [Text.same(f"rate={rate}") for rate in (0.001, 0.01, 0.1)]
    rates = np.array([0.001, 0.01, 0.1])
    titles = (Text.same("r"), Text.same("rate"), Text.same("y"))
    page.add(Chart("rates", *titles, rates, lines, labels=labels, logarithmic_x=True))
    found = tmp_path / "points.html"
    found.write_text(page.html, encoding="utf-8")
    tab.media()
    tab.open(found)
    return tab


def test_categories_stand_side_by_side_with_error_bars(points):
    assert points.complaints == []
    ticks_of = "[...document.querySelectorAll('#kinds text.tick[text-anchor=middle]')].map(t => t.textContent)"
    assert points.run(ticks_of) == ["one", "two", "three"]
    # Of the five values four have a bar; both lines have a value of the first category, beside each other.
    assert points.run("document.querySelectorAll('#kinds .bar-of').length") == 4
    places = points.run("[...document.querySelectorAll('#kinds g[clip-path] circle')].map(c => +c.getAttribute('cx'))")
    assert 5 < places[3] - places[0] < 20
    left, top, width, height = points.place("#kinds .plot")
    points.mouse("mouseMoved", left + 0.2 * width, top + height / 2)
    assert "x: one" in readout(points)
    assert "a: 1 ± 0.5" in readout(points)
    assert "b: 1.5 ± 0.5" in readout(points)
    points.run("document.querySelector('[data-language=ja]').click()")
    assert points.run(ticks_of) == ["一", "二", "三"]


def test_bars_stay_within_the_chart_and_hidden_lines_leave_no_room(points):
    tops = "[...document.querySelectorAll('#kinds .bar-of')].map(p => p.getBBox()).map(b => [b.y, b.y + b.height])"
    plot = points.run("document.querySelector('#kinds clipPath rect').getBBox().height")
    assert all(top >= -0.5 and end <= plot + 9 for top, end in points.run(tops))
    points.run("document.querySelectorAll('#kinds .key')[1].click()")
    places = points.run("[...document.querySelectorAll('#kinds g[clip-path] circle')].map(c => +c.getAttribute('cx'))")
    middle = points.run("+document.querySelector('#kinds text.tick[text-anchor=middle]').getAttribute('x')")
    assert places[0] == pytest.approx(middle)


def test_a_logarithmic_axis_along_has_round_numbers_and_places_their_names(points):
    marks = points.run("[...document.querySelectorAll('#rates text.tick[text-anchor=middle]')].map(t => t.textContent)")
    assert {"0.001", "0.01", "0.1"} <= set(marks)
    points.run("document.querySelector('#rates .plot').focus()")
    points.press("Home")
    text = points.run("document.querySelector('#rates .readout').innerText")
    assert "rate: 0.001" in text
    assert "rate=0.001" in text
    assert "c: 1 ± 0.1" in text


@pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core here (.ci/run installs it, with npm)")
def test_everybody_can_use_points_too(points):
    assert points.faults() == []


def test_a_narrow_window_needs_no_scrolling_sideways(tab, path):
    tab.size(360, 700)
    try:
        tab.open(path)
        assert tab.run("document.documentElement.scrollWidth") <= 360
    finally:
        tab.size(1000, 800)


def test_dark_and_print_have_colours_of_their_own(opened):
    ground = functools.partial(opened.run, "getComputedStyle(document.body).backgroundColor")
    bright = ground()
    opened.media(prefers_color_scheme="dark")
    assert ground() != bright
    opened.media("print", prefers_color_scheme="dark")
    assert ground() == "rgb(255, 255, 255)"
    assert opened.run("getComputedStyle(document.querySelector('.languages')).display") == "none"


@pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core here (.ci/run installs it, with npm)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_everybody_can_use_it(tab, path, language, scheme):
    tab.media(prefers_color_scheme=scheme)
    tab.open(path, language)
    assert tab.faults() == []
