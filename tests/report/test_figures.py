"""Figures by name: all that a report can have, short names, what is absent; and gates on them."""

import json

import pytest
from helpers.runs import PROJECT

from rnnexp.errors import UserError
from rnnexp.report import figures, gates
from rnnexp.report.content import Report
from rnnexp.report.conversion.content import ConversionReport
from rnnexp.report.file import read_report

SCHEMA_1 = PROJECT / "tests" / "report" / "schema1"
VALUES, CLASSES = Report.figure_names("regression"), Report.figure_names("classification")


def content(name):
    return json.loads((SCHEMA_1 / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("run", ["regression_run", "memory_run", "iris_run"])
def test_every_figure_of_a_report_has_a_name_and_is_found_by_it(run, request):
    report = request.getfixturevalue(run).report
    known = Report.figure_names(report["task"])
    # Settings and the input map are no figures.
    for part in ("config", "schema"):
        report.pop(part)
    report["data"].pop("input_map")
    found = dict(figures.flat(report))
    assert len(found) > 100
    for name, value in found.items():
        assert figures.resolve(name, known) == name
        assert figures.value(report, name) == value


def test_short_names_are_of_the_int8_model():
    regression, classification = content("regression"), content("classification")

    def value(report, name, known):
        return figures.value(report, figures.resolve(name, known))

    models = regression["models"]
    assert value(regression, "rmse", VALUES) == models["int8"]["metrics"]["rmse"]
    assert value(regression, "gap", VALUES) == regression["degradation"]["gap"]
    assert value(regression, "bytes", VALUES) == models["int8"]["bytes"]
    assert value(regression, "val_loss", VALUES) == regression["training"]["val_loss"]
    # As the table's column of that name.
    assert value(regression, "rmse_ratio", VALUES) == models["int8"]["metrics"]["rmse_to_persistence"]
    ratio = models["int8"]["metrics"]["rmse"] / models["float32"]["metrics"]["rmse"]
    assert value(regression, "rmse_to_float32", VALUES) == pytest.approx(ratio)
    assert value(classification, "accuracy", CLASSES) == classification["models"]["int8"]["metrics"]["accuracy"]
    name = next(iter(classification["models"]["int8"]["metrics"]["recall"]))
    assert value(classification, f"models.int8.metrics.recall.{name}", CLASSES) >= 0


def test_names_of_a_conversion():
    short = figures.short_names(figures.names(ConversionReport))
    assert short["gap"] == "fidelity.gap"
    assert short["ratio"] == "fidelity.ratio"
    assert short["bytes"] == "models.int8.bytes"


def test_names_with_dots_in_them():
    report = {"baselines": {"3.5 mm": {"rmse": 2.0}, "3": {"5 mm": {"rmse": 9.0}}}}
    assert figures.value(report, "baselines.3.5 mm.rmse") == 2.0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("degradation.gap", "there is none in the report: the converter crashed"),
        ("models.int8.metrics.rmse", "there is none in the report: the converter crashed"),
        ("models.float32.metrics.correlation", "there is none in the report: the outputs are constant"),
        ("baselines.ridge.rmse", "there is none in the report: it would take too long"),
        ("training.val_loss", "there is none in the report"),
        ("rmse_to_float32", "there is none in the report: the converter crashed"),
    ],
)
def test_what_is_absent_is_so_for_the_reports_reason(name, reason):
    report = {
        "models": {
            "int8": {"absent": "the converter crashed"},
            "float32": {"metrics": {"rmse": 1.0, "absent": {"correlation": "the outputs are constant"}}},
        },
        "baseline_notes": {"ridge": "it would take too long"},
        "training": {"val_loss": None, "ended": True},
    }
    with pytest.raises(figures.AbsentError) as caught:
        figures.value(report, name)
    assert str(caught.value) == reason


@pytest.mark.parametrize(("name", "higher"), [
    ("rmse", False), ("degradation.gap", False), ("loss", False), ("cross_entropy", False), ("latency_us", False),
    ("accuracy", True), ("models.int8.metrics.balanced_accuracy", True), ("memory_capacity", True),
    ("correlation", True), ("models.int8.metrics.recall.yes", True), ("points_to_best", True),
])  # fmt: skip
def test_which_way_is_better(name, higher):
    assert bool(figures.HIGHER_IS_BETTER.search(name)) == higher


# ---- gates


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("gap>0.1", True),
        ("gap > 1e-1", True),
        ("gap>0.25", False),
        ("gap>=0.25", True),
        ("gap<0.25", False),
        ("gap<=.25", True),
        ("degradation.gap<+1", True),
    ],
)
def test_a_gate_fails_where_its_condition_is_true(text, fails):
    (gate,) = gates.parse([text], VALUES, "FAIL_ON")
    outcome = gate.judge({"degradation": {"gap": 0.25}})
    assert (outcome.failure is not None, outcome.value, outcome.figure) == (fails, 0.25, "degradation.gap")


@pytest.mark.parametrize(
    "text", ["", "gap", "gap>", ">3", "gap>x", "gap>inf", "gap=3", "gap==3", "gap>1>2", "gap<>2", "nothing>1", "gap=>1"]
)
def test_what_is_no_gate_is_refused(text):
    with pytest.raises(UserError, match=r"^FAIL_ON: "):
        gates.parse([text], VALUES, "FAIL_ON")


def test_an_unknown_figure_is_answered_with_all_that_there_are():
    with pytest.raises(UserError) as caught:
        gates.parse(["acuracy<0.9"], CLASSES, "--fail-on")
    said = str(caught.value)
    start = "--fail-on: 'acuracy<0.9': there is no figure 'acuracy'; did you mean 'accuracy'? (there are "
    assert said.startswith(start)
    assert all(name in said for name in CLASSES)
    assert "l2_normalized" not in said


def test_gates_are_judged_by_the_reports_own_numbers():
    report = read_report(SCHEMA_1 / "regression.json")
    limits = gates.parse(["rmse<1e9", "rmse_to_best>2"], VALUES, "FAIL_ON")
    first, second = gates.judge(limits, report)
    assert first.value == report.models.int8.metrics.rmse
    assert gates.failures([first, second]) == [
        f"gate failed: rmse (models.int8.metrics.rmse) is {first.value:.6g}, below the limit of 1e+09 "
        '(--fail-on "rmse<1e9")',
        "gate failed: rmse_to_best (verdict.models.int8.ratio) cannot be judged: there is none in the report "
        '(--fail-on "rmse_to_best>2")',
    ]
