"""What the report of a run says of int8: what it costs, where that comes from, and every tensor."""

from __future__ import annotations

from rnnexp.report.fine_tuning import FineTuning
from rnnexp.report.interpolation import Interpolation
from rnnexp.report.metrics import Metrics
from rnnexp.report.part import Part


class Degradation(Part):
    """What int8 costs, against float32.

    Attributes:
        gap: the mean squared error added, over the target's variance, or the share of accuracy lost.
        gap_means: which of them, in words.
        limit: a larger gap is worth a warning.
        plain_gap: the gap before fine-tuning.
        state_error: the largest difference of the hidden states, as a share of full scale.
        plain_training_gap: what ``plain_gap`` is on the training part.
        fine_tuned: whether the exported network was.
        fine_tuned_in_float: metrics of the float network that the integers were rounded from.
        sequences_lost: the share of whole sequences lost, where there is an answer at every step.
        robust_gap: of values, the same as ``gap`` with medians in the place of means, which sees what is lost where a
            signal is quiet most of the time: squared errors over the target's squared deviations from its median.
        robust_gap_means: the same in words, or why there is none.
        robust_diagnosis: what costs the most there, where the robust gap is above the limit and no chance.
        saturated: the tensors of which more is cut off than should be.
        diagnosis: what costs the most, where the gap is above the limit.
        fine_tuning_best_epoch: the epoch of fine-tuning whose weights were exported, where one was chosen.
        fine_tuning: what was tried; None in reports of before that was told.
        tables: what interpolated ones cost; None where they are full.
        contributions: what rounding each tensor alone costs; absent in reports from before it was measured.
    """

    gap: float
    gap_means: str
    limit: float
    plain_gap: float
    state_error: float
    plain_training_gap: float
    fine_tuned: bool
    fine_tuned_in_float: Metrics
    sequences_lost: float | None = None
    robust_gap: float | None = None
    robust_gap_means: str | None = None
    robust_diagnosis: str | None = None
    saturated: list[str] | None = None
    diagnosis: str | None = None
    fine_tuning_best_epoch: int | None = None
    fine_tuning: FineTuning | None = None
    tables: Interpolation | None = None
    contributions: list[Contribution] | None = None


class Contribution(Part):
    """What rounding alone does to the float network that the integers were rounded from, on some of the sequences.

    Attributes:
        name: what is rounded: ``input``, ``output``, a weight as the architecture names it, or ``all``: everything.
        output_error: root mean square of the changes of outputs, of classes of logits, over their standard deviation.
        gap: what that adds to the gap.
    """

    name: str
    output_error: float
    gap: float


class Tensor(Part):
    """A tensor of the int8 network.

    Attributes:
        name: as in ``docs/network.md``.
        dtype: of its integers.
        shape: of the tensor.
        scale: the real value is ``(integer - zero_point) * scale``.
        zero_point: see there.
        min: the smallest real value that it can hold, or of constants that it holds.
        max: the largest.
        saturated_share: of what the evaluation part decides: the share of its values that is cut off.
    """

    name: str
    dtype: str
    shape: list[int]
    scale: float
    zero_point: int
    min: float
    max: float
    saturated_share: float | None = None
