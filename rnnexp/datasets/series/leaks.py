"""Columns of a series that are the target itself, at the same step or from a later one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

# With fewer steps, chance can do it.
FEWEST = 20
# Correlations of what they rise by from step to step beyond it are equality, but for a factor and rounding.
EQUAL = 1.0 - 1e-9


def found(values: np.ndarray, targets: int, names: Sequence[str], horizon: int) -> Iterator[str]:
    """Say which inputs are a target of this step, or one of those to be predicted.

    What a column rises by is compared, since columns that all rise alike, such as two clocks, are no answers.

    Args:
        values: ``[n, columns]``, the targets first; NaN where there is none.
        targets: how many these are.
        names: of the columns.
        horizon: steps that are predicted.
    """
    rises = np.diff(values, axis=0)
    for column in range(targets, values.shape[1]):
        for target in range(targets):
            for ahead in range(horizon + 1):
                earlier, later = rises[: len(rises) - ahead, column], rises[ahead:, target]
                there = ~(np.isnan(earlier) | np.isnan(later))
                if not _same(earlier[there], later[there]):
                    continue
                one, other = repr(names[column]), repr(names[target])
                if ahead:
                    later_by = "a step" if ahead == 1 else f"{ahead} steps"
                    yield (
                        f"{one} is what {other} is {later_by} later, but for its scale: the answer, which nobody knows "
                        "by then; leave it out of INPUTS"
                    )
                else:
                    yield (
                        f"{one} is the target {other} once more, but for its scale, and adds nothing to it; leave it "
                        "out of INPUTS"
                    )


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether two columns go together, and not only both as straight lines."""
    if len(first) < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return False
    return bool(np.corrcoef(first, second)[0, 1] > EQUAL)
