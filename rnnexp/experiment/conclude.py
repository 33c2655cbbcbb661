"""What a run says on the terminal when it has ended."""

from __future__ import annotations

from rnnexp.console import Console
from rnnexp.report import gates, text
from rnnexp.report.content import Data, Report
from rnnexp.report.int8 import Degradation, Tensor
from rnnexp.report.listening import Listening
from rnnexp.report.models import AbsentModel, Models

# Beyond this share of the output range, the exported file does not do what the trained model does, at up to this many
# time steps; over more, the rounding errors of float32 add up like the steps of a random walk.
KERAS_TOLERANCE, KERAS_TOLERANCE_STEPS = 1e-5, 100


def conclude(report: Report, console: Console) -> None:
    """Print what came out, and warn of what is not as it should be."""
    data, training = report.data, report.training
    for line in text.verdict(report):
        console.say(line)
    headings, rows = text.table(report)
    heading = ", ".join(filter(None, (report.name, data.evaluation_part, text.units(report))))
    console.table(heading, headings, rows)
    for name, note in (report.baseline_notes or {}).items():
        console.say(f"{name}: {note}")
    for note in data.notes:
        console.say(note)
    _warn_of_models(report.models, data, console)
    if report.generation:
        console.say(text.generation_summary(report.generation))
    if report.listening:
        _conclude_listening(report.listening, console)
    if report.degradation:
        _conclude_int8(report.degradation, report.quantization or [], console)
    speed = f"{text.steps_a_second(training)}, " if training.steps_per_second else ""
    console.say(f"{text.epochs(training)}, {speed}{training.total_seconds:.1f} s in all")
    for failure in gates.failures(report.gates or []):
        console.fail(failure)


def _conclude_listening(listening: Listening, console: Console) -> None:
    """Print what was heard, and warn of what hears nothing."""
    for line in listening.summary():
        console.say(line)
    if not any(made.found for made in listening.models.values()):
        console.warn(
            "no word is heard in a stream: every threshold by which some are gives too many false alarms, or the "
            "network has not learned enough; the report has all thresholds"
        )


def _warn_of_models(models: Models, data: Data, console: Console) -> None:
    """Warn of models that could not be exported, or do not do what they should."""
    tolerance = KERAS_TOLERANCE * max(data.time_steps / KERAS_TOLERANCE_STEPS, 1.0) ** 0.5
    for model in models.by_kind.values():
        if isinstance(model, AbsentModel):
            console.warn(model.absent)
        elif (model.keras_difference or 0.0) > tolerance:
            console.warn(
                f"the exported float32 file differs from the trained model by {model.keras_difference:.1e} of the "
                f"output range (expected: {tolerance:.0e} at most)"
            )


def _conclude_int8(cost: Degradation, tensors: list[Tensor], console: Console) -> None:
    """Print what int8 costs, and warn of values cut off and of a gap above the limit."""
    robust = f"; robust gap {text.robust_gap(cost)}" if cost.robust_gap_means else ""
    console.say(f"int8 against float32: gap {cost.gap:+.2g}, that is, {cost.gap_means}{robust}")
    for tensor in tensors:
        if tensor.name in (cost.saturated or []):
            console.warn(f"int8 cuts off {tensor.saturated_share:.1%} of the values of the {tensor.name}")
    if cost.diagnosis:
        console.warn(f"int8 loses {cost.gap:.2g}, more than the limit of {cost.limit:.2g}: {cost.diagnosis}")
    if cost.robust_diagnosis:
        console.warn(
            f"int8 loses {cost.robust_gap:.2g} by the robust gap, more than the limit of {cost.limit:.2g}: "
            f"{cost.robust_diagnosis}"
        )
