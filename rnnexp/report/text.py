"""A report in words: the table of models and baselines, and the sentences that terminal and Markdown share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnnexp.report.content import Generation, GenerationErrors, Report, Training
from rnnexp.report.int8 import Degradation
from rnnexp.report.metrics import Metrics
from rnnexp.report.models import KINDS
from rnnexp.report.verdict import Standing

# Metrics in the order of the tables, and how each is headed.
HEADINGS = {
    "l1": "L1",
    "l2": "L2",
    "rmse": "RMSE",
    "correlation": "corr.",
    "rmse_to_persistence": "RMSE ratio",
    "direction_accuracy": "direction",
    "memory_capacity": "capacity",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "sequence_accuracy": "sequences",
    "cross_entropy": "cross-ent.",
}

# Of two RMSEs, what differs by a smaller share is rounding.
SAME = 1e-4
# From here on, an RMSE is called so many times the other, and not so many percent more.
MANY = 2
# A validation loss that was lower than at the end by this factor was clearly lower: errors at least 1.1 times as large.
CLEARLY = 1.25
# Before the name of a baseline.
JUDGEMENTS = {"better": "better than", "worse": "worse than", "as good": "about as good as"}


@dataclass(frozen=True)
class Judged:
    """A model beside the best baseline.

    Attributes:
        kind: of the model.
        value: what is compared: its accuracy, or RMSE.
        standing: how it stands.
    """

    kind: str
    value: float | None
    standing: Standing


def table(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return the comparison of models and baselines as headings and rows of text.

    A metric that a row does not have is a dash.
    """
    headings, rows = figures(report)
    return ["", *headings], [[name, *map(number, values)] for name, values in rows]


def figures(report: Report) -> tuple[list[str], list[tuple[str, list[float | None]]]]:
    """Return the comparison of models and baselines: headings of metrics, and for each name its values.

    Models come by epoch, as ``float32 epoch 0``, with the number of sequences where it is not all.
    """
    named = list(report.baselines.items())
    for step in report.progress:
        some = "" if step.sequences is None else f" (of {step.sequences})"
        for kind in KINDS:
            metrics: Metrics | None = getattr(step, kind)
            if metrics is not None:
                named.append((f"{kind} epoch {step.epoch}{some}", metrics))
    values = [(name, [getattr(metrics, metric, None) for metric in HEADINGS]) for name, metrics in named]
    headings = list(HEADINGS.values())
    # Columns of units of their own come behind what is of all of them.
    targets = list(dict.fromkeys(target for _, metrics in named for target in _by_target(metrics)))
    headings += [f"RMSE {target}" for target in targets]
    for (_, row), (_, metrics) in zip(values, named, strict=True):
        row += [_by_target(metrics).get(target) for target in targets]
    shown = [place for place in range(len(headings)) if any(row[place] is not None for _, row in values)]
    return [headings[place] for place in shown], [(name, [row[place] for place in shown]) for name, row in values]


def units(report: Report) -> str:
    """Return what the table's figures are in; nothing where they are shares."""
    if report.task == "classification":
        return ""
    if any(_by_target(model.metrics) for model in report.models.exported.values()):
        return "all targets together in standard deviations of each, the RMSE of one in its own units"
    return f"in {report.data.units}"


def _by_target(metrics: Metrics) -> dict[str, float]:
    return getattr(metrics, "rmse_by_target", None) or {}


def verdict(report: Report) -> list[str]:
    """Return whether the network is better than the best baseline, in a line, and in further ones what else is wrong.

    What it says first is of the int8 model, where there is one. Nothing of that where the report has no verdict.
    """
    found = report.verdict
    if found is None:
        return findings(report)
    deployed, *others = judged(report)
    first = deployed.standing
    line = f"{deployed.kind} is {JUDGEMENTS[first.judgement]} the best baseline, {found.best_baseline}: "
    line += f"{verdict_metric(report)} {number(deployed.value)} against {number(found.best)}{_difference(first)}"
    if first.judgement == "as good" and first.resolution:
        line += f" (of {report.data.evaluation:,} sequences, up to {amount(first, first.resolution)} may be chance)"
    for other in others:
        differs = other.standing.judgement != first.judgement
        said = f" is {JUDGEMENTS[other.standing.judgement]} it" if differs else ""
        line += f"; {other.kind}{said}: {number(other.value)}{_difference(other.standing)}"
    return [line, *findings(report)]


def findings(report: Report) -> list[str]:
    """Return what makes the network less than it seems, a sentence each."""
    found = report.verdict.findings if report.verdict else []
    return [*(finding.text for finding in found), *_trained_too_long(report.training)]


def _trained_too_long(training: Training) -> list[str]:
    """Return, in a line, that an earlier epoch was clearly better on the validation part, if one was."""
    last, least = training.val_loss, training.least_val_loss
    if last is None or least is None or last <= CLEARLY * least:
        return []
    return [
        f"trained too long: the validation loss was {least:.3g} after epoch {training.least_val_loss_epoch}, and is "
        f"{last:.3g} at the end; with EARLY_STOPPING, the epoch where it is lowest is kept"
    ]


def judged(report: Report) -> list[Judged]:
    """Return the models that the verdict is on, the one that is deployed first: int8, where there is one."""
    standings = report.verdict.models if report.verdict else {}
    return [
        Judged(kind, _value(report.models.exported[kind].metrics), standings[kind])
        for kind in reversed(KINDS)
        if kind in standings
    ]


def verdict_metric(report: Report) -> str:
    """Return what the verdict compares."""
    if report.task == "classification":
        return "accuracy"
    several = any(_by_target(model.metrics) for model in report.models.exported.values())
    return "RMSE in deviations" if several else "RMSE"


def _value(metrics: Metrics) -> float | None:
    """Return what a verdict compares."""
    name = "accuracy" if hasattr(metrics, "accuracy") else "rmse"
    value: float | None = getattr(metrics, name, None)
    return value


def _difference(standing: Standing) -> str:
    """Return how far a model is from the best baseline, after a comma; nothing where there is no measure of it."""
    if standing.ratio is not None and standing.ratio >= MANY:
        return f", {standing.ratio:.3g} times as much"
    more = standing.points if standing.ratio is None else standing.ratio - 1
    if more is None:
        return ""
    if standing.ratio is not None and abs(more) < SAME:
        return ", the same"
    return f", {amount(standing, abs(more))} {'more' if more > 0 else 'less'}" if more else ", the same"


def amount(standing: Standing, difference: float) -> str:
    """Return a difference from the best baseline in words."""
    share = standing.points is None
    size = 100 * difference if share else difference
    return (f"{size:.1f}" if size >= 1 else f"{size:.2g}") + (" %" if share else " points")


def number(value: float | None) -> str:
    """Return a metric to four digits; a dash where there is none."""
    return "-" if value is None else f"{value:.4g}"


def robust_gap(cost: Degradation) -> str:
    """Return the gap in medians and what it means, in words, or why there is none."""
    if cost.robust_gap is None:
        return f"{cost.robust_gap_means}"
    return f"{cost.robust_gap:+.2g}, that is, {cost.robust_gap_means}"


def epochs(training: Training) -> str:
    """Return how many epochs were run, in words."""
    return f"{training.epochs_run} epoch{'' if training.epochs_run == 1 else 's'}"


def steps_a_second(training: Training) -> str:
    """Return the speed of the training after its first epoch, which compiles, in words."""
    speed = training.steps_per_second
    return f"{speed:.0f} steps a second" if speed >= 10 else f"{speed:.2g} steps a second"


def generation_summary(generation: Generation) -> str:
    """Return what closed-loop generation came to, in a line: the error over all steps, or where it broke off."""
    text = f"{generation.steps} steps in closed loop: RMSE {_last_errors(generation.errors)}"
    many = generation.from_origins
    if many is not None:
        text += f"; {many.steps} steps from each of {many.origins} origins: {_last_errors(many.errors)}"
    return text


def _last_errors(errors: Mapping[str, GenerationErrors]) -> str:
    return ", ".join(f"{name} {found.absent or number(found.rmse[-1])}" for name, found in errors.items())
