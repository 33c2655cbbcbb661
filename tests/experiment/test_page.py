"""The page that a run leaves: it says what the report says, in both languages, with curves, in one file."""

import json
import re

import numpy as np
import pytest
from helpers.browser import AXE, browser, chromium
from helpers.runs import PROJECT

needs_chromium = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (.ci/run installs it)")


def page(run):
    return (run.folder / "report.html").read_text(encoding="utf-8")


def curves(run):
    """Return name -> what the script gets of it."""
    found = re.findall(
        r'<figure class="chart" id="([\w-]+)">.*?<script type="application/json">(.*?)</script>', page(run)
    )
    return {name: json.loads(content) for name, content in found}


def line(chart, name):
    return next(line["values"] for line in chart["lines"] if line["name"]["en"] == name)


def japanese(run):
    """Return the text of the page in Japanese, without what is the same in both languages."""
    return re.findall(r'<span class="ja" lang="ja">(.*?)</span>', page(run))


def test_the_curves_are_the_runs_own(regression_run):
    found, report = curves(regression_run), regression_run.returned
    assert set(found) == {"loss", "predictions", "generation", "state-error"}
    history = np.loadtxt(regression_run.folder / "history.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(line(found["loss"], "training"), history[:, 1], rtol=1e-4)
    np.testing.assert_allclose(line(found["loss"], "validation"), history[:, 2], rtol=1e-4)
    truth = np.array(line(found["predictions"], "truth"))
    assert len(truth) == report.data.evaluation
    for kind, model in report.models.exported.items():
        errors = np.array(line(found["predictions"], kind)) - truth
        assert np.sqrt(np.mean(errors**2)) == pytest.approx(model.metrics.rmse, rel=1e-3)
    window = report.data.time_steps
    assert line(found["generation"], "int8")[: window + 1] == [None] * window + [
        pytest.approx(report.generation.values["int8"][0], rel=1e-3)
    ]
    worst = max(line(found["state-error"], "largest error"))
    assert worst == pytest.approx(100 * report.degradation.state_error, rel=1e-4)
    best = report.verdict.best_baseline
    hidden = {line["name"]["en"] for line in found["predictions"]["lines"] if line["hidden"]}
    assert hidden == set(report.baselines) - {best, "always up"}


def test_where_the_loss_comes_from_is_in_the_report_and_on_the_page(regression_run):
    *parts, together = regression_run.returned.degradation.contributions
    assert {"input", "rnn/kernel", "output/kernel", "output"} <= {part.name for part in parts}
    assert together.name == "all"
    # All samples are among those that it is measured on.
    assert together.gap == pytest.approx(regression_run.returned.degradation.gap, abs=1e-6)
    assert f"{100 * together.output_error:.3g} %" in page(regression_run)


def test_settings_that_differ_come_first(regression_run):
    differing, _, others = page(regression_run).partition("What differs from the defaults")[2].partition("</table>")
    assert "HIDDEN_SIZE" in differing
    assert "QAT_EPOCHS" in others


@pytest.mark.parametrize("name", ["regression_run", "iris_run", "memory_run"])
def test_every_sentence_is_there_in_japanese_too(name, request):
    run = request.getfixturevalue(name)
    texts = japanese(run)
    sentences = [text for text in texts if len(text) > 30]
    assert len(sentences) > 5
    for text in sentences:
        assert re.search(r"[ぁ-んァ-ン一-龥]", text), text
    report = run.returned
    notes = [*report.data.notes, *(finding.text for finding in report.verdict.findings), report.data.normalization]
    notes += [*(report.baseline_notes or {}).values(), report.degradation.diagnosis or ""]
    for note in filter(None, notes):
        # In the English text alone: in the Japanese one there is a translation.
        assert not any(note in text for text in texts), note


@pytest.mark.parametrize(("language", "docs"), [("en", "page.md"), ("ja", "page.ja.md")])
def test_its_sections_are_those_of_the_docs(language, docs, regression_run):
    headings = re.findall(r"<h2 .*?</h2>", page(regression_run))
    shown = [re.sub(r"<.*?>", "", re.search(rf'<span class="{language}".*?</span>|>int8<', h)[0]) for h in headings]
    rows = re.findall(r"^\| ([^|]+) \|", (PROJECT / "docs" / docs).read_text(encoding="utf-8"), re.MULTILINE)
    assert [heading.strip("<>") for heading in shown] == rows[3:]


def test_a_classification_shows_its_classes(iris_run):
    text = page(iris_run)
    confusion = text.partition("took classes for")[2].partition("</table>")[0]
    counts = [int(count) for count in re.findall(r'data-value="(\d+)"', confusion)]
    assert counts == np.ravel(iris_run.returned.models.int8.metrics.confusion).tolist()
    assert set(curves(iris_run)) == {"loss", "state-error"}


@needs_chromium
@pytest.mark.parametrize("name", ["regression_run", "iris_run", "memory_run"])
def test_the_page_works_in_a_browser(name, request):
    run = request.getfixturevalue(name)
    with browser() as tab:
        for language in ("en", "ja"):
            tab.open(run.folder / "report.html", language)
            assert tab.complaints == []
            assert tab.requests == [(run.folder / "report.html").resolve().as_uri()]
            charts = (
                "[...document.querySelectorAll('.chart')].every(c => c.querySelector('path.line')?.getAttribute('d'))"
            )
            assert tab.run(charts)
            # What it links to is beside it.
            links = tab.run("[...document.querySelectorAll('td a, th a')].map(a => decodeURI(a.getAttribute('href')))")
            assert all((run.folder / link).exists() for link in links)
            assert len(links) >= 5
            if AXE.exists():
                assert tab.faults() == []
