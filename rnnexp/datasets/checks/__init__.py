"""Data sets are checked before anything is trained on them, those of the project and those of users alike.

Every field of ``Dataset`` and ``Split``: in ``facts`` what the data set says of itself, in ``parts`` the arrays' shapes
and types, in ``values`` their numbers, in ``inputs`` what features tell, in ``overlap`` that no part is in another.
``module`` loads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rnnexp.datasets.checks import facts, inputs, overlap, parts, series, values
from rnnexp.datasets.checks.unfit import UnfitError, array, shape
from rnnexp.datasets.dataset import Dataset, Task
from rnnexp.datasets.support import padding
from rnnexp.errors import UserError


def checked(dataset: Dataset, task: Task) -> Dataset:
    """Return a data set that training can rely on, its padding evened, with what the checks have found in its warnings.

    What ``augment`` makes is checked whenever it has made something.

    Args:
        dataset: as it was loaded.
        task: what it is registered for.

    Raises:
        UserError: naming the first field that does not fit, and what was expected of it.
    """
    try:
        facts.check_before(dataset, task)
        parts.check(dataset)
        # It relies on shapes, and what is in the padding is nobody's mistake.
        dataset = padding.evened(dataset)
        found = values.check(dataset)
        facts.check_after(dataset)
        series.check(dataset)
        found += [*inputs.check(dataset), *overlap.check(dataset)]
    except UnfitError as error:
        raise UserError(f"data set {dataset.name!r}: {error}") from None
    augment = None if dataset.augment is None else _checked_augment(dataset, dataset.augment)
    return replace(dataset, warnings=(*dataset.warnings, *dict.fromkeys(found)), augment=augment)


def _checked_augment(
    dataset: Dataset, augment: Callable[[np.random.Generator], np.ndarray]
) -> Callable[[np.random.Generator], np.ndarray]:
    x = dataset.train.x

    def augmented(random: np.random.Generator) -> np.ndarray:
        made = augment(random)
        try:
            array("what augment makes", made, kinds=x.dtype.kind, expected=str(x.dtype))
            shape("what augment makes", made, x.shape, meaning="the shape of train.x")
            values.finite("what augment makes", made, ("sequence", "time step", "feature"))
        except UnfitError as error:
            raise UserError(f"data set {dataset.name!r}: {error}") from None
        return made

    return augmented
