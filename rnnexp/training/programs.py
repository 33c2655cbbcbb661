"""Trainers that have compiled their programs, kept for further trainings of the same form."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import keras

from rnnexp.training.model import copy_state
from rnnexp.training.optimization import Optimization, Optimizer
from rnnexp.training.trainer import Trainer

# A program takes some 20 MB.
MOST_KEPT = 24


@dataclass(frozen=True)
class Plan:
    """What a training needs besides its model.

    Attributes:
        optimization: how weights are changed.
        rows: that are learned from.
        epochs: over which the rate falls.
        decay: whether it does.
        loss: of Keras.
        stored_scale: as the trainer has it.
        ignores: likewise.
        watched: likewise.
    """

    optimization: Optimization
    rows: int
    epochs: int
    decay: bool
    loss: keras.losses.Loss
    stored_scale: float = 1.0
    ignores: bool = False
    watched: bool = False

    @property
    def steps(self) -> int:
        """Of the training, in all."""
        return max(self.rows // self.optimization.batch_size, 1) * self.epochs

    @property
    def form(self) -> Hashable:
        """What of it is in the compiled program; all else are variables."""
        clipped, weights = self.optimization.clip_norm is not None, getattr(self.loss, "weights", None)
        loss = (type(self.loss), None if weights is None else weights.tobytes())
        return self.optimization.name, clipped, loss, self.stored_scale, self.ignores, self.watched


class Programs:
    """Trainers by the form of what they train.

    A run has its own, and uses each of its programs once. A process that trains many networks keeps one: a network of
    a form that was trained before goes into that trainer's variables, and nothing is compiled. What comes out has the
    same bits.

    Args:
        most: how many to keep; the one that has not been used for the longest goes.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Trainer, Optimizer]] = OrderedDict()

    def trainer(self, form: Hashable, model: keras.Model, plan: Plan) -> Trainer:
        """Return a trainer whose model is as ``model`` is; that may be another object.

        Args:
            form: of the model: those of equal forms differ in variables alone.
            model: what training starts from.
            plan: what else it needs.
        """
        key, optimization = (form, plan.form), plan.optimization
        if key in self._kept:
            trainer, optimizer = self._kept[key]
            copy_state(model, trainer.model)
            trainer.restart(batch_size=optimization.batch_size, seed=optimization.seed)
            optimizer.set(optimization, plan.steps, decay=plan.decay)
        else:
            optimizer = optimization.optimizer(plan.rows, plan.epochs, decay=plan.decay)
            trainer = Trainer(
                model,
                plan.loss,
                optimizer,
                batch_size=optimization.batch_size,
                seed=optimization.seed,
                stored_scale=plan.stored_scale,
                ignores=plan.ignores,
                watched=plan.watched,
            )
            self._kept[key] = trainer, optimizer
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return trainer
