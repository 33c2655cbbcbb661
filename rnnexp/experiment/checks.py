"""What every run is checked for when it has ended: each failure is a warning, or no file at all.

What is wrong with data before anything is learned, ``rnnexp.datasets.checks`` finds; whether the network is better than
the best baseline is the report's first line (``rnnexp.report.verdict``); a network that gives other bits in one of the
runtimes is not exported (``rnnexp.runtimes.agreement``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rnnexp.report.content import Report
from rnnexp.report.int8 import Degradation, Tensor
from rnnexp.report.models import AbsentModel
from rnnexp.report.run_warning import RunWarning

# Beyond this share of the output range, the exported file does not do what the trained model does, at up to this many
# time steps; over more, the rounding errors of float32 add up like the steps of a random walk.
KERAS_TOLERANCE, KERAS_TOLERANCE_STEPS = 1e-5, 100


def check(report: Report, of_data: Iterable[str]) -> list[RunWarning]:
    """Return what there is to warn of.

    Args:
        report: what the run came to.
        of_data: what the checks of its data have found.
    """
    found = [RunWarning(kind="data", text=text) for text in of_data]
    found += _models(report)
    if report.verdict:
        texts = [finding.text for finding in report.verdict.findings if finding.kind == "constant"]
        found += [RunWarning(kind="constant", text=text) for text in texts]
    if report.listening and not any(made.found for made in report.listening.models.values()):
        text = (
            "no word is heard in a stream: every threshold by which some are gives too many false alarms, or the "
            "network has not learned enough; the report has all thresholds"
        )
        found.append(RunWarning(kind="silence", text=text))
    if report.degradation:
        found += _int8(report.degradation, report.quantization or [])
    return found


def _models(report: Report) -> Iterator[RunWarning]:
    """Warn of models that could not be exported, or do not do what they should."""
    tolerance = KERAS_TOLERANCE * max(report.data.time_steps / KERAS_TOLERANCE_STEPS, 1.0) ** 0.5
    for model in report.models.by_kind.values():
        if isinstance(model, AbsentModel):
            yield RunWarning(kind="export", text=model.absent)
        elif (model.keras_difference or 0.0) > tolerance:
            text = (
                f"the exported float32 file differs from the trained model by {model.keras_difference:.1e} of the "
                f"output range (expected: {tolerance:.0e} at most)"
            )
            yield RunWarning(kind="difference", text=text)


def _int8(cost: Degradation, tensors: Iterable[Tensor]) -> Iterator[RunWarning]:
    """Warn of values cut off, and of gaps above the limit."""
    for tensor in tensors:
        if tensor.name in (cost.saturated or []):
            text = f"int8 cuts off {tensor.saturated_share:.1%} of the values of the {tensor.name}"
            yield RunWarning(kind="saturation", text=text)
    if cost.diagnosis:
        text = f"int8 loses {cost.gap:.2g}, more than the limit of {cost.limit:.2g}: {cost.diagnosis}"
        yield RunWarning(kind="gap", text=text)
    if cost.robust_diagnosis:
        text = (
            f"int8 loses {cost.robust_gap:.2g} by the robust gap, more than the limit of {cost.limit:.2g}: "
            f"{cost.robust_diagnosis}"
        )
        yield RunWarning(kind="robust gap", text=text)
