"""Fine-tuning in a run: which of two ways suits a network, and what came of it.

One layer of simple cells goes on training as it was trained, in XLA, on the whole training part. Everything else is
tuned in NumPy, by what any cell is made of, with a fourth of the sequences to decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnexp.datasets import Split
from rnnexp.experiment.train import Trained
from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.tuning.descent import Sequences, output_error
from rnnexp.quantization.tuning.fine_tuning import FEWEST_SEQUENCES, affordable, fine_tune
from rnnexp.report.fine_tuning import FineTuning, Way
from rnnexp.training import fine_tuning as as_trained
from rnnexp.training.history import Epoch, History
from rnnexp.training.programs import Programs

# An epoch in NumPy takes about so many products of numbers, and steps of sequences, at most: some seconds.
MOST_PRODUCTS = 2e9
MOST_STEPS = 2**17


@dataclass(frozen=True)
class Repaired:
    """A network after fine-tuning.

    Attributes:
        integers: those that are to be exported.
        real: the float network that they were rounded from, or stand for.
        report: what was tried.
        history: of a training, if it was kept.
    """

    integers: IntegerNetwork
    real: Network
    report: FineTuning
    history: History | None = None


def repaired(
    plain: IntegerNetwork,
    exact: IntegerNetwork,
    trained: Trained,
    some: Split,
    *,
    epochs: int,
    loss: Callable[[IntegerNetwork], float],
    on_epoch: Callable[[Epoch], object],
    programs: Programs | None = None,
) -> Repaired:
    """Fine-tune the last network of a training; kept where it loses less.

    Args:
        plain: that network plainly quantised.
        exact: the same with what its products were rounded from.
        trained: what training left.
        some: of the training part, as much as is to be trained on.
        epochs: of fine-tuning.
        loss: what integers lose on the training part.
        on_epoch: called after each epoch.
        programs: those that are compiled already; None for none.
    """
    if as_trained.is_supported(plain):
        return _as_trained(plain, trained, some, epochs=epochs, loss=loss, on_epoch=on_epoch, programs=programs)
    real, steps = trained.last.network, some.x.shape[1]
    rows = spread(len(some.x), min(affordable(plain, MOST_PRODUCTS), max(MOST_STEPS // steps, 1)))
    given = Sequences(some.x[rows].astype(np.float64), None if some.lengths is None else some.lengths[rows])
    if len(rows) < FEWEST_SEQUENCES:
        return Repaired(plain, real, FineTuning(skipped=f"{len(rows)} sequences are too few to learn from"))
    found = fine_tune(
        exact,
        real,
        given,
        epochs=epochs,
        seed=trained.optimization.seed,
        on_epoch=lambda number, error: on_epoch(Epoch(number, error, error, 0.0)),
    )
    helped = found.helped and loss(found.kept.integers) < loss(plain)
    report = FineTuning(
        tried=[Way(choice=way.name, error=way.error) for way in found.ways],
        chosen=(found.kept if helped else found.ways[0]).name,
        helped=helped,
        fitted=found.fitted,
        judged=found.judged,
    )
    if not helped:
        return Repaired(plain, real, report)
    integers = found.kept.integers
    return Repaired(integers, real.with_weights(integers.real_weights()), report)


def _as_trained(
    plain: IntegerNetwork,
    trained: Trained,
    some: Split,
    *,
    epochs: int,
    loss: Callable[[IntegerNetwork], float],
    on_epoch: Callable[[Epoch], object],
    programs: Programs | None = None,
) -> Repaired:
    real = trained.last.network
    tuned = as_trained.fine_tune(
        plain,
        real,
        trained.last.trained,
        trained.unit,
        some.x,
        trained.optimization,
        epochs=epochs,
        lengths=some.lengths,
        on_epoch=on_epoch,
        programs=programs,
    )
    helped = loss(tuned.integers) < loss(plain)
    given = Sequences(some.x, some.lengths)
    names = "rounded to nearest", f"trained for {tuned.history.best_epoch} epochs"
    report = FineTuning(
        tried=[
            Way(choice=name, error=output_error(integers, real, given))
            for name, integers in zip(names, (plain, tuned.integers), strict=True)
        ],
        chosen=names[helped],
        helped=helped,
        fitted=len(some.x),
        judged=len(some.x),
        held_out=False,
    )
    if not helped:
        return Repaired(plain, real, report)
    return Repaired(tuned.integers, tuned.network, report, tuned.history)
