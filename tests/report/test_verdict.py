"""The verdict: told from chance or not, by how much, and what else is found."""

import dataclasses

import numpy as np
import pytest
from helpers.runs import PROJECT, wave

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, RegressionConfig
from rnnexp.datasets import series
from rnnexp.report import text
from rnnexp.report.file import read_report, to_json
from rnnexp.report.verdict import Finding, Standing, Verdict, compare, judge

REPORT = read_report(PROJECT / "tests" / "report" / "schema1" / "regression.json")
RANDOM = np.random.default_rng(0)


def trained(loss=0.1, val_loss=0.1):
    return REPORT.training.model_copy(update={"loss": loss, "val_loss": val_loss})


# ---- one model beside one baseline


def test_errors_half_as_large_are_better_by_their_ratio():
    errors = RANDOM.normal(size=100)
    standing = compare((errors / 2) ** 2, errors**2, classes=False)
    assert (standing.judgement, standing.points) == ("better", None)
    assert standing.ratio == pytest.approx(0.5)
    assert compare(errors**2, (errors / 2) ** 2, classes=False).judgement == "worse"


def test_equal_ones_are_told_apart_about_one_time_in_twenty():
    told = []
    for seed in range(400):
        errors = np.random.default_rng(seed).normal(size=(2, 60))
        told.append(compare(*errors**2, classes=False).judgement != "as good")
    assert 0.01 < np.mean(told) < 0.08


def test_rows_that_overlap_count_as_fewer():
    """Predictions of ten values each, one after the other: means of the same errors."""
    told = {0: [], 9: []}
    for seed in range(300):
        errors = np.random.default_rng(seed).normal(size=(2, 109)) ** 2
        losses = [np.convolve(row, np.ones(10) / 10, "valid") for row in errors]
        for overlap, found in told.items():
            found.append(compare(*losses, classes=False, overlap=overlap).judgement != "as good")
    assert np.mean(told[9]) < 0.15 < 0.3 < np.mean(told[0])


def test_where_the_resolution_is_reached_the_judgement_turns():
    baseline = RANDOM.normal(size=80) ** 2
    noise = RANDOM.normal(size=80) * 0.1
    judged = {}
    for shift in np.linspace(-0.1, 0.1, 41):
        standing = compare(baseline + noise - noise.mean() + shift, baseline, classes=False)
        squares = standing.ratio**2 - 1
        told = abs(squares) > (1 + standing.resolution) ** 2 - 1
        assert told == (standing.judgement != "as good")
        judged[standing.judgement] = True
    assert set(judged) == {"better", "worse", "as good"}


@pytest.mark.parametrize(("gained", "lost", "judgement"), [(5, 0, "as good"), (6, 0, "better"), (3, 12, "worse")])
def test_classes_are_told_apart_by_what_only_one_gets_right(gained, lost, judgement):
    """McNemar's test with Edwards' correction: exactly, 5 of 5 has p = 0.06, 6 of 6 has 0.03, 12 of 15 has 0.035."""
    baseline, model = np.zeros(50), np.zeros(50)
    baseline[:gained] = model[gained : gained + lost] = 1
    standing = compare(model, baseline, classes=True)
    assert standing.judgement == judgement
    assert standing.points == pytest.approx(2 * (gained - lost))
    assert standing.ratio is None


@pytest.mark.parametrize("classes", [False, True])
def test_the_same_losses_and_a_single_row_tell_nothing(classes):
    losses = np.array([0.0, 1.0, 0.0])
    assert compare(losses, losses, classes=classes).judgement == "as good"
    assert compare(np.array([1.0]), np.array([0.0]), classes=classes).judgement == "as good"


def test_a_baseline_without_errors_gives_no_ratio():
    standing = compare(np.ones(20), np.zeros(20), classes=False)
    assert (standing.judgement, standing.ratio, standing.resolution) == ("worse", None, None)


# ---- all of a run


def own(**settings):
    config = RegressionConfig(dataset_name="own", sequence_length=6, **settings)
    return series.windows(series.Series.of(wave(120)), config, series.Known("-", "-"))


def test_the_best_of_the_baselines_is_what_counts():
    dataset = own()
    near = dataset.evaluation.target + 0.01 * RANDOM.normal(size=(24, 1))
    dataset = dataclasses.replace(dataset, baselines={**dataset.baselines, "near": near})
    perfect = dataset.evaluation.y
    verdict = judge(dataset, {"int8": perfect, "float32": perfect + 20}, trained(), 50)
    assert verdict.best_baseline == "near"
    assert verdict.best == pytest.approx(np.sqrt(np.mean((near - dataset.evaluation.target) ** 2)))
    assert {kind: standing.judgement for kind, standing in verdict.models.items()} == {
        "int8": "better",
        "float32": "worse",
    }
    assert verdict.findings == []
    floor = dataclasses.replace(dataset, floors=("near",))
    assert judge(floor, {"int8": perfect}, trained(), 50).best_baseline == "persistence"
    nothing = dataclasses.replace(dataset, baselines={})
    assert judge(nothing, {"int8": perfect}, trained(), 50) is None


def test_what_is_found():
    dataset = own()
    constant = np.full((24, 1), 100.0)

    def found(outputs, training, weights):
        return [finding.kind for finding in judge(dataset, {"int8": outputs}, training, weights).findings]

    good = dataset.evaluation.y
    assert found(good, trained(0.1, 0.2), 90) == []
    assert found(good, trained(0.1, 0.2001), 90) == ["overfitted"]
    assert found(good, trained(None, None), 91) == ["few sequences"]
    assert found(constant, trained(), 90) == ["constant"]
    assert found(constant, trained(0.0, 1e-9), 500) == ["overfitted", "few sequences", "constant"]
    text = judge(dataset, {"int8": good}, trained(), 131).findings[0].text
    assert "90 answers in the training part, for 131 weights" in text


def test_always_the_same_class_is_constant():
    iris = datasets.load(ClassificationConfig(dataset_name="iris"))
    first = np.tile([0.5, 0.3, 0.2], (30, 1)) + 0.01 * RANDOM.normal(size=(30, 3))
    verdict = judge(iris, {"float32": first, "int8": np.eye(3)[iris.evaluation.y]}, trained(), 10)
    (finding,) = verdict.findings
    assert finding.kind == "constant"
    assert "(float32)" in finding.text
    assert verdict.models["int8"].points == pytest.approx(200 / 3)
    assert verdict.models["float32"].judgement == "as good"


# ---- in words


def report(int8, float32=None, findings=(), best=10.0):
    models = {"int8": int8, **({"float32": float32} if float32 else {})}
    verdict = Verdict(best_baseline="ridge", best=best, models=models, findings=list(findings))
    metrics = REPORT.models.int8.metrics.model_copy(update={"rmse": 12.5})
    exported = {kind: model.model_copy(update={"metrics": metrics}) for kind, model in REPORT.models.exported.items()}
    return REPORT.model_copy(update={"verdict": verdict, "models": REPORT.models.model_copy(update=exported)})


def standing(judgement, ratio):
    return Standing(judgement=judgement, ratio=ratio, resolution=0.0312)


@pytest.mark.parametrize(
    ("int8", "float32", "line"),
    [
        (
            standing("worse", 1.25),
            None,
            "int8 is worse than the best baseline, ridge: RMSE 12.5 against 10, 25.0 % more",
        ),
        (
            standing("better", 0.751),
            standing("better", 0.75),
            "int8 is better than the best baseline, ridge: RMSE 12.5 against 10, 24.9 % less; float32: 12.5, 25.0 % "
            "less",
        ),
        (
            standing("as good", 1.0002),
            standing("worse", 30.0),
            "int8 is about as good as the best baseline, ridge: RMSE 12.5 against 10, 0.02 % more (of 30 sequences, up "
            "to 3.1 % may be chance); float32 is worse than it: 12.5, 30 times as much",
        ),
        (
            Standing(judgement="worse"),
            standing("as good", 1.0),
            "int8 is worse than the best baseline, ridge: RMSE 12.5 against 10; float32 is about as good as it: 12.5, "
            "the same",
        ),
    ],
)
def test_the_line(int8, float32, line):
    made = report(int8, float32)
    assert text.verdict(made) == [line.replace("30 sequences", f"{made.data.evaluation} sequences")]


def test_the_line_of_classes_has_points():
    known = read_report(PROJECT / "tests" / "report" / "schema1" / "classification.json")
    better = Standing(judgement="better", points=2.5, resolution=1.0)
    verdict = Verdict(best_baseline="1-NN DTW", best=0.9, models={"int8": better}, findings=[])
    (line,) = text.verdict(known.model_copy(update={"verdict": verdict}))
    accuracy = known.models.int8.metrics.accuracy
    assert line == (
        f"int8 is better than the best baseline, 1-NN DTW: accuracy {accuracy:.4g} against 0.9, 2.5 points more"
    )


def test_findings_follow_and_a_report_from_before_has_none(tmp_path):
    made = report(standing("worse", 1.25), findings=[Finding(kind="overfitted", text="overfitted: so much")])
    assert text.verdict(made)[1:] == ["overfitted: so much"]
    assert text.verdict(REPORT) == []
    path = tmp_path / "report.json"
    path.write_text(to_json(made), encoding="utf-8")
    assert read_report(path) == made


# ---- trained too long


@pytest.mark.parametrize(
    ("least", "said"),
    [
        (0.0041, True),
        (0.0100, False),  # by chance, or all but as good
        (0.0106, False),  # it is the last epoch, or the one that was kept
        (None, False),
    ],
)
def test_an_earlier_epoch_that_was_clearly_better_is_said(least, said):
    more = {"least_val_loss": least, "least_val_loss_epoch": None if least is None else 87}
    training = trained(loss=0.009, val_loss=0.0106).model_copy(update=more)
    lines = text.verdict(REPORT.model_copy(update={"training": training}))
    expected = (
        "trained too long: the validation loss was 0.0041 after epoch 87, and is 0.0106 at the end; "
        "with EARLY_STOPPING, the epoch where it is lowest is kept"
    )
    assert lines == ([expected] if said else [])
