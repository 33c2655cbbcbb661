"""What a run says on the terminal when it has ended."""

from __future__ import annotations

from rnnexp.console import Console
from rnnexp.report import gates, text
from rnnexp.report.content import Report


def conclude(report: Report, console: Console) -> None:
    """Print what came out, and warn of what is not as it should be."""
    data, training = report.data, report.training
    warnings = [warning.text for warning in report.warnings or []]
    for line in text.verdict(report):
        if line not in warnings:
            console.say(line)
    headings, rows = text.table(report)
    heading = ", ".join(filter(None, (report.name, data.evaluation_part, text.units(report))))
    console.table(heading, headings, rows)
    for name, note in (report.baseline_notes or {}).items():
        console.say(f"{name}: {note}")
    for note in data.notes:
        console.say(note)
    if report.generation:
        console.say(text.generation_summary(report.generation))
    if report.listening:
        for line in report.listening.summary():
            console.say(line)
    if report.degradation:
        cost = report.degradation
        robust = f"; robust gap {text.robust_gap(cost)}" if cost.robust_gap_means else ""
        console.say(f"int8 against float32: gap {cost.gap:+.2g}, that is, {cost.gap_means}{robust}")
    for warning in warnings:
        console.warn(warning)
    speed = f"{text.steps_a_second(training)}, " if training.steps_per_second else ""
    console.say(f"{text.epochs(training)}, {speed}{training.total_seconds:.1f} s in all")
    for failure in gates.failures(report.gates or []):
        console.fail(failure)
