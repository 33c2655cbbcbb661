"""A report in words: the table of models and baselines, and the sentences that terminal and Markdown share."""

from __future__ import annotations

from rnnexp.report.content import Generation, Report, Training
from rnnexp.report.metrics import Metrics
from rnnexp.report.models import KINDS

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


def table(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return the comparison of models and baselines as headings and rows of text.

    Models come by epoch, as ``float32 epoch 0``, with the number of sequences where it is not all; a metric that a
    row does not have is a dash.
    """
    named = list(report.baselines.items())
    for step in report.progress:
        some = "" if step.sequences is None else f" (of {step.sequences})"
        for kind in KINDS:
            metrics: Metrics | None = getattr(step, kind)
            if metrics is not None:
                named.append((f"{kind} epoch {step.epoch}{some}", metrics))
    values = [(name, [getattr(metrics, metric, None) for metric in HEADINGS]) for name, metrics in named]
    shown = [place for place in range(len(HEADINGS)) if any(row[place] is not None for _, row in values)]
    headings = list(HEADINGS.values())
    rows = [[name, *(number(row[place]) for place in shown)] for name, row in values]
    return ["", *(headings[place] for place in shown)], rows


def number(value: float | None) -> str:
    """Return a metric to four digits; a dash where there is none."""
    return "-" if value is None else f"{value:.4g}"


def epochs(training: Training) -> str:
    """Return how many epochs were run, in words."""
    return f"{training.epochs_run} epoch{'' if training.epochs_run == 1 else 's'}"


def steps_a_second(training: Training) -> str:
    """Return the speed of the training after its first epoch, which compiles, in words."""
    speed = training.steps_per_second
    return f"{speed:.0f} steps a second" if speed >= 10 else f"{speed:.2g} steps a second"


def generation_summary(generation: Generation) -> str:
    """Return what closed-loop generation came to, in a line: the error over all steps, or where it broke off."""
    errors = ", ".join(f"{name} {found.absent or number(found.rmse[-1])}" for name, found in generation.errors.items())
    return f"{generation.steps} steps in closed loop: RMSE {errors}"
