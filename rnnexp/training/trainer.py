"""The epoch-compiled trainer: one XLA program runs a whole epoch.

``model.fit`` goes back to Python after every batch, which for a small network costs many times the arithmetic. Here a
program compiled once loops over the batches, gathers each by a shuffled index, and applies a stock Keras optimiser.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnnexp.training.history import Epoch, History
from rnnexp.training.optimization import Optimizer
from rnnexp.training.state import StateKeeper, TrainingState

# Less of LLVM's loop unrolling makes the short loops over the units faster, by a fifth at 20 time steps and 10 units.
# XLA reads its flags when it first compiles; the user's own come first.
XLA_FLAGS = "--xla_backend_optimization_level=2"
# Rows evaluated at once; bounds the memory that the states of a long sequence take.
EVALUATION_BATCH = 512
# What is drawn at random, each from numbers of its own.
ORDER, AUGMENTATION = "order", "augmentation"


class Trainer:
    """Trains a Keras model on arrays that fit in memory.

    Args:
        model: any built Keras model whose variables are all float32.
        loss: a Keras loss.
        optimizer: of Keras, or ``rnnexp.training.optimization``'s, not yet built.
        batch_size: rows a step; the remainder of an epoch's shuffled rows is left out of that epoch.
        seed: of the shuffling, and of what makes other inputs for each epoch.
        stored_scale: inputs that are stored in less than float32 are divided by this, batch by batch.
        ignores: whether there are labels below 0, which count nowhere: then the loss must give that of each label.
        watched: whether learning rate and length of the gradient are looked at too.
    """

    def __init__(
        self,
        model: keras.Model,
        loss: keras.losses.Loss,
        optimizer: keras.optimizers.Optimizer | Optimizer,
        *,
        batch_size: int,
        seed: int,
        stored_scale: float = 1.0,
        ignores: bool = False,
        watched: bool = False,
    ) -> None:
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.stored_scale = stored_scale
        self.ignores = ignores
        self.watched = watched
        self.random = _random(seed)
        os.environ.setdefault("XLA_FLAGS", XLA_FLAGS)
        optimizer.build(model.trainable_variables)
        self._epoch = tf.function(self._epoch_program, jit_compile=True)
        self._evaluate = tf.function(self._evaluate_program, jit_compile=True)

    def restart(self, *, batch_size: int, seed: int) -> None:
        """Begin anew, in the programs that are compiled; model and optimiser are the caller's to set."""
        self.batch_size = batch_size
        self.random = _random(seed)

    def _epoch_program(
        self, x: tf.Tensor, y: tf.Tensor, order: tf.Tensor, lengths: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Train on the rows of ``order``, ``[steps, batch]``, and return the mean loss and length of the gradient."""
        variables = self.model.trainable_variables
        total, length = tf.constant(0.0), tf.constant(0.0)
        for step in tf.range(order.shape[0]):
            rows = order[step]
            with tf.GradientTape() as tape:
                own = None if lengths is None else tf.gather(lengths, rows)
                output = self.model(self._inputs(tf.gather(x, rows), own), training=True)
                loss = self._mean_loss(tf.gather(y, rows), output) + sum(self.model.losses)
            gradients = tape.gradient(loss, [variable.value for variable in variables])
            self.optimizer.apply(gradients, variables)
            total += loss
            if self.watched:
                length += tf.linalg.global_norm(gradients)
        steps = tf.cast(order.shape[0], tf.float32)
        return total / steps, length / steps

    def _evaluate_program(self, x: tf.Tensor, y: tf.Tensor, lengths: tf.Tensor | None = None) -> tf.Tensor:
        """Return the mean loss over rows that come as ``[batches, batch, ...]``."""
        total = tf.constant(0.0)
        # Of batches with different numbers of labels that count, each counts as much as it has.
        counted = tf.constant(0.0)
        for i in tf.range(x.shape[0]):
            own = None if lengths is None else lengths[i]
            loss = self._mean_loss(y[i], self.model(self._inputs(x[i], own), training=False))
            if self.ignores:
                count = tf.reduce_sum(tf.cast(y[i] >= 0, tf.float32))
                total, counted = total + loss * count, counted + count
            else:
                total += loss
        return total / (tf.maximum(counted, 1.0) if self.ignores else tf.cast(x.shape[0], tf.float32))

    def _mean_loss(self, y: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        """Return the mean loss over a batch, of the labels that count."""
        if not self.ignores:
            return self.loss(y, output)
        counts = y >= 0
        each = tf.where(counts, self.loss.call(tf.maximum(y, 0), output), 0.0)
        return tf.reduce_sum(each) / tf.maximum(tf.reduce_sum(tf.cast(counts, tf.float32)), 1.0)

    def _inputs(self, x: tf.Tensor, lengths: tf.Tensor | None = None) -> Any:
        """Return a batch as the model takes it, in float32 at unit scale."""
        values = x if x.dtype == tf.float32 else tf.cast(x, tf.float32) / self.stored_scale
        return values if lengths is None else [values, lengths]

    def evaluate(self, x: tf.Tensor, y: tf.Tensor, lengths: tf.Tensor | None = None) -> float:
        """Return the mean loss over all rows of ``x`` and ``y``, and of ``lengths``, if sequences have any."""
        return self._mean_over(self._in_batches(x, y, lengths))

    def _in_batches(self, x: tf.Tensor, y: tf.Tensor, lengths: tf.Tensor | None) -> list[tuple[list[tf.Tensor], int]]:
        """Return rows as the evaluation takes them: whole batches, and what is left; and how much each counts."""
        rows = x.shape[0]
        whole = rows - rows % EVALUATION_BATCH
        arrays = [tf.convert_to_tensor(values) for values in (x, y, lengths) if values is not None]
        shaped = []
        if whole:
            batches = whole // EVALUATION_BATCH
            shaped.append(
                [tf.reshape(values[:whole], (batches, EVALUATION_BATCH, *values.shape[1:])) for values in arrays]
            )
        if rows > whole:
            shaped.append([values[whole:][None] for values in arrays])
        return [
            (part, int(tf.math.count_nonzero(part[1] >= 0)) if self.ignores else part[1].shape[0] * part[1].shape[1])
            for part in shaped
        ]

    def _mean_over(self, parts: Sequence[tuple[list[tf.Tensor], int]]) -> float:
        """Return the mean loss over rows in batches."""
        total, counted = 0.0, 0
        for part, count in parts:
            total, counted = total + float(self._evaluate(*part)) * count, counted + count
        return total / max(counted, 1)

    def fit(
        self,
        x: np.ndarray,
        y: np.ndarray,
        x_val: np.ndarray,
        y_val: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        lengths_val: np.ndarray | None = None,
        epochs: int,
        patience: int = 0,
        augment: Callable[[np.random.Generator], np.ndarray] | None = None,
        on_epoch: Callable[[Epoch], object] | None = None,
        begun: TrainingState | None = None,
        keeper: StateKeeper | None = None,
    ) -> History:
        """Train, and leave in the model the last epoch's weights, or the best ones with early stopping.

        A loss that is not finite, or Ctrl-C, ends the training with the weights of the last epoch that was finished.

        Args:
            x: ``[n, time, features]``, float32, int16 or float16.
            y: ``[n, outputs]``, or class numbers ``[n]``.
            x_val: validation inputs.
            y_val: validation targets.
            lengths: real steps of each sequence of ``x``, int32 ``[n]``, which then are the model's second input.
            lengths_val: those of ``x_val``.
            epochs: how many at most.
            patience: stop after this many epochs without a better validation loss; 0 for never.
            augment: makes the inputs of each epoch, of the shape and the type of ``x``; None for ``x`` in all.
            on_epoch: called after each epoch.
            begun: where to go on, in place of the model's own weights: all else must be as it was there.
            keeper: keeps the state every now and then, and at the end.
        """
        x_on_device, y_on_device = tf.constant(x), tf.constant(y)
        same = x_val is x and y_val is y
        own = [] if lengths is None else [tf.constant(lengths)]
        watched = (x_on_device, y_on_device) if same else (tf.constant(x_val), tf.constant(y_val))
        validation = self._in_batches(*watched, lengths_val)
        batch = min(self.batch_size, len(x))
        steps = len(x) // batch
        started = time.perf_counter()
        history = self._restore(begun) if begun else History(steps_per_epoch=steps)
        earlier = history.seconds
        good = self._weights()  # after the last epoch, and after the best one
        best, best_loss = (begun.best, begun.best_loss) if begun else (good, math.inf)
        first = len(history.epochs) + 1
        seconds = history.epochs[-1].seconds if history.epochs else 0.0
        try:
            if patience and not begun:
                # What training starts from may be the best.
                best_loss = self._mean_over(validation)
            for number in range(first, 1 if history.ended == "early" else epochs + 1):
                rows = self.random[ORDER].permutation(len(x))[: steps * batch].reshape(steps, batch)
                order = tf.constant(rows.astype(np.int32))
                if augment:
                    x_on_device = tf.constant(augment(self.random[AUGMENTATION]))
                start = time.perf_counter()
                mean_loss, length = self._epoch(x_on_device, y_on_device, order, *own)
                loss = float(mean_loss)
                elapsed = time.perf_counter() - start
                if number == first:
                    history.compile_seconds += elapsed
                    history.begun += 1
                else:
                    seconds += elapsed
                val_loss = self._mean_over(validation)
                if not (math.isfinite(loss) and math.isfinite(val_loss)):
                    self.model.set_weights(good)
                    history.ended = "diverged"
                    break
                epoch = Epoch(number, loss, val_loss, seconds)
                if self.watched:
                    epoch.learning_rate, epoch.gradient_norm = float(self.optimizer.learning_rate), float(length)
                good = self._weights()
                history.epochs.append(epoch)
                if not patience:
                    history.best_epoch = number
                elif val_loss < best_loss:
                    best, best_loss, history.best_epoch = good, val_loss, number
                if patience and number - history.best_epoch >= patience:
                    history.ended = "early"
                history.seconds = earlier + time.perf_counter() - started
                if on_epoch:
                    on_epoch(epoch)
                if keeper and (keeper.due() or number == epochs or history.ended == "early"):
                    keeper.keep(self._state(history, best, best_loss))
                if history.ended == "early":
                    break
        except KeyboardInterrupt:
            history.ended = "interrupted"
            # The epoch that it fell into has no validation loss, so its weights have no figures.
            self.model.set_weights(good)
        if patience:
            self.model.set_weights(best)
        history.seconds = earlier + time.perf_counter() - started
        return history

    def _state(self, history: History, best: Sequence[np.ndarray], best_loss: float) -> TrainingState:
        """Return where the training stands, right after an epoch."""
        return TrainingState(
            [np.array(variable.value) for variable in self.model.variables],
            [np.array(variable.value) for variable in self.optimizer.variables],
            {name: random.bit_generator.state for name, random in self.random.items()},
            history,
            best,
            best_loss,
        )

    def _restore(self, state: TrainingState) -> History:
        """Have model, optimiser and random numbers as they were, and return the epochs until then.

        Raises:
            ValueError: if the state is of another model or another optimiser.
        """
        for variables, values in (
            (self.model.variables, state.variables),
            (self.optimizer.variables, state.optimizer),
        ):
            if [tuple(variable.shape) for variable in variables] != [array.shape for array in values]:
                raise ValueError("the state is of another model, or of another optimiser")
            for variable, array in zip(variables, values, strict=True):
                variable.assign(array)
        for name, random in self.random.items():
            random.bit_generator.state = state.random[name]
        return replace(state.history, epochs=list(state.history.epochs))

    def _weights(self) -> list[np.ndarray]:
        return [np.array(value) for value in self.model.get_weights()]


def _random(seed: int) -> dict[str, np.random.Generator]:
    """Return the random numbers of a training."""
    return {name: np.random.default_rng(seed) for name in (ORDER, AUGMENTATION)}
