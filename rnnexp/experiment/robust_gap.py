"""What int8 costs where values are as they mostly are: a mean of squared errors sees little but the largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.datasets import Split
from rnnexp.quantization.diagnosis import Comparison
from rnnexp.report import evaluation
from rnnexp.report.verdict import STANDARD_ERRORS

MEANS = "(median squared error int8 - median squared error float32) / median squared deviation of the target"


@dataclass(frozen=True)
class RobustGap:
    """The gap with medians in the place of means.

    Attributes:
        gap: in which share of the target's typical squared deviation; None if most targets are equal.
        means: that in words, or why there is none.
        diagnosis: what costs the most, where it is above the limit, and no chance.
    """

    gap: float | None
    means: str
    diagnosis: str | None = None


def robust_gap(part: Split, before: np.ndarray, after: np.ndarray, limit: float, compared: Comparison) -> RobustGap:
    """Return what predictions ``[n, outputs]`` of values lose.

    Args:
        part: of the data.
        before: predictions by float32.
        after: by int8.
        limit: a larger gap is worth a diagnosis.
        compared: the networks that made them.
    """
    losses = [evaluation.robust_loss(part, outputs) for outputs in (before, after)]
    if losses[0] is None or losses[1] is None:
        return RobustGap(None, "there is none: most of the targets are equal")
    gap = losses[1] - losses[0]
    if gap <= limit or not _more_often_worse(part, before, after):
        return RobustGap(gap, MEANS)
    return RobustGap(gap, MEANS, compared.explain_most(lambda outputs: evaluation.robust_loss(part, outputs) or 0.0))


def _more_often_worse(part: Split, before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether the later predictions are more often worse than better: medians of few errors differ by chance.

    It is the sign test, at the confidence of all verdicts.
    """
    errors = [evaluation.squared_errors(part, outputs).sum(axis=1) for outputs in (before, after)]
    worse, better = int((errors[1] > errors[0]).sum()), int((errors[1] < errors[0]).sum())
    return bool(worse - better > STANDARD_ERRORS * np.sqrt(worse + better))
