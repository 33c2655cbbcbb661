"""Training one network, from settings to models saved on disk."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp import files
from rnnexp.config import ClassificationConfig, Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.datasets.support.ridge import LinearModel
from rnnexp.errors import DivergedError, UserError
from rnnexp.experiment.baselines import left_by, linear_model
from rnnexp.experiment.checkpoints import Checkpoints, fingerprint
from rnnexp.experiment.choosing import InnerSplit, is_worth
from rnnexp.experiment.watching import EventLog, HistoryFile
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network
from rnnexp.training.unit_scale import UnitScale

if TYPE_CHECKING:
    import keras

    from rnnexp.training.history import Epoch, History
    from rnnexp.training.optimization import Optimization
    from rnnexp.training.programs import Programs


# What a linear model leaves of targets of about 1, at least: of an exact one there is nothing to scale by.
LEAST_LEFT = 1e-4


@dataclass(frozen=True)
class Snapshot:
    """A trained network as it was after an epoch, saved on disk as a Keras model.

    Attributes:
        epoch: counted from 1; 0 for what training started from.
        network: in the user's numbers, rounded to the float32 of the Keras model.
        model: the Keras model.
        path: where it is saved.
        trained: the weights as the trainer had them, at unit scale.
    """

    epoch: int
    network: Network
    model: keras.Model
    path: Path
    trained: Sequence[np.ndarray]


@dataclass(frozen=True)
class Trained:
    """What the training stage leaves.

    Attributes:
        snapshots: of epoch 0, 1 and the last, each once, in order.
        history: of the training.
        unit: the scale that it happened at.
        optimization: how.
        checkpoints: that the training left.
        linear_start: the linear model that a linear path is, at unit scale; None without a path, or with weights from a
            file.
        inner: so many sequences, the last ones of the training part, chose the epoch; 0 if none did.
    """

    snapshots: list[Snapshot]
    history: History
    unit: UnitScale
    optimization: Optimization
    checkpoints: Checkpoints
    linear_start: LinearModel | None = None
    inner: int = 0

    @property
    def last(self) -> Snapshot:
        """What was trained."""
        return self.snapshots[-1]


def train(
    config: Settings,
    dataset: Dataset,
    architecture: Architecture,
    unit: UnitScale,
    folder: Path,
    console: Console,
    start: Network | None = None,
    *,
    programs: Programs | None = None,
    watch: Callable[[Epoch], object] | None = None,
    solve: Callable[[Dataset], LinearModel] = linear_model,
    only_last: bool = False,
) -> Trained:
    """Train, and save the models of epoch 0, 1 and the last.

    Args:
        config: the settings.
        dataset: the data.
        architecture: of the network.
        unit: the scale to train at.
        folder: where the models go.
        console: shows the progress.
        start: the network to start from; None for random weights.
        programs: those that are compiled already; None for none.
        watch: called after each epoch.
        solve: what a linear path starts at.
        only_last: whether nobody asks for the models of epoch 0 and 1.

    Raises:
        DivergedError: if the loss was no longer a number; the last good weights are saved by then.
    """
    console.say("loading TensorFlow")
    with console.native_output_to_log():
        import keras
        import tensorflow as tf

        from rnnexp.formats.keras.model import from_keras, to_keras
        from rnnexp.training.model import Regularization, trainable
        from rnnexp.training.optimization import Optimization
        from rnnexp.training.programs import Plan, Programs

        tf.config.list_logical_devices()  # looks for accelerators, and says what it thinks of the ones it finds
        tf.constant(0, tf.float16)  # features have this type, of which it has something to say too

    linear_start = solve(dataset) if architecture.linear_path and not start else None
    path_start = linear_start
    if linear_start:
        # What the path leaves is what the recurrent layers learn: at unit scale that is about 1.
        left = max(left_by(linear_start, dataset), LEAST_LEFT)
        unit, path_start = replace(unit, outputs=unit.outputs * left), linear_start.times(1 / left)
    silent = not start and (architecture.linear_path or dataset.naive_at_zero)
    training, validation = (
        (unit.scale_inputs(part.x), unit.scale_targets(part.y), part.lengths)
        for part in (dataset.train, dataset.validation)
    )
    keras.utils.set_random_seed(config.seed)
    regularization = Regularization(config.dropout, config.recurrent_dropout, config.l2_regularization)
    fresh = trainable(
        architecture,
        input_center=unit.input_center,
        recurrent_initializer=config.recurrent_initializer,
        regularization=regularization,
        linear_start=path_start,
        silent_start=silent,
    )
    optimization = Optimization(
        config.optimizer,
        config.learning_rate or 0.0,
        config.batch_size or 1,
        clip_norm=config.gradient_clip_norm,
        seed=config.seed,
    )
    # Where training starts from a forecast that is good already, it ends where it is best.
    inner = InnerSplit.of(*training) if silent and not config.early_stopping else None
    learned, chosen_by = (inner.learned, inner.chosen_by) if inner else (training, validation)
    balanced = isinstance(config, ClassificationConfig) and config.class_weights == "balanced"
    plan = Plan(
        optimization,
        len(learned[0]),
        config.epochs,
        decay=config.learning_rate_decay,
        loss=make_loss(dataset, balanced=balanced),
        stored_scale=unit.left_to_scale(dataset.train.x),
        ignores=dataset.ignores,
        watched=config.tensorboard,
    )
    trainer = (programs or Programs()).trainer((architecture, regularization), fresh, plan)
    model = trainer.model
    if start:
        console.say(f"starting from the weights in {config.weights}")
        model.set_weights(unit.unfold(architecture, start.weights))
        if not math.isfinite(trainer.evaluate(*training)):
            raise UserError(f"WEIGHTS: {config.weights}: the weights are too large: the loss is not a finite number")
    snapshots: list[Snapshot] = []

    def weights() -> list[np.ndarray]:
        # Copied: the arrays that Keras returns change with the variables.
        return [np.array(values) for values in model.get_weights()]

    def save(epoch: int, name: str, trained: Sequence[np.ndarray], *, last: bool = False) -> None:
        if only_last and not last:
            return
        folded = Network.of(architecture, unit.fold(architecture, [values.astype(np.float64) for values in trained]))
        # What was given is kept exactly: to unit scale and back it would be rounded.
        plain = to_keras(start if start and epoch == 0 else folded)
        files.write_through(folder / name, plain.save)
        snapshots.append(Snapshot(epoch, from_keras(architecture, plain), plain, folder / name, trained))

    log = EventLog(folder) if config.tensorboard else None
    parts = (*learned, *chosen_by)
    checkpoints = Checkpoints(folder, fingerprint([*parts, *model.get_weights()]))
    began_with = weights()
    save(0, "epoch-0.keras", began_with)
    begun = checkpoints.newest()
    if begun:
        save(1, "epoch-1.keras", checkpoints.first)
        console.say(f"going on behind epoch {len(begun.history.epochs)}")
    rows = HistoryFile(folder, begun.history.epochs if begun else ())
    with console.training(config.epochs, done=len(begun.history.epochs) if begun else 0) as bar:

        def on_epoch(epoch: Epoch) -> None:
            if epoch.number == 1:
                checkpoints.first = weights()
                save(1, "epoch-1.keras", checkpoints.first)
            rows.add(epoch)
            bar.advance(epoch)
            if watch:
                watch(epoch)
            if log:
                log.add(epoch)

        history = trainer.fit(
            *learned[:2],
            *chosen_by[:2],
            lengths=learned[2],
            lengths_val=chosen_by[2],
            epochs=config.epochs,
            patience=config.early_stopping or (config.epochs if inner else 0),
            augment=dataset.augment,
            on_epoch=on_epoch,
            begun=begun,
            keeper=checkpoints,
        )
    if path_start and history.best_epoch:
        x, y, _ = chosen_by
        if not is_worth(y, path_start.predict(x.reshape(len(x), -1)), np.asarray(model(x))):
            model.set_weights(began_with)
            history.best_epoch = 0
    save(history.best_epoch, "model.keras", weights(), last=True)
    rows.replace(history.epochs)
    if history.ended == "diverged":
        remedy = (
            f"Set a smaller LEARNING_RATE (it was {config.learning_rate:g}) or a smaller GRADIENT_CLIP_NORM (it was "
            f"{config.gradient_clip_norm})"
        )
        raise DivergedError(len(history.epochs) + 1, remedy, folder / "model.keras")
    if history.ended == "interrupted":
        if not history.epochs:
            raise KeyboardInterrupt  # there is nothing yet that could be exported
        console.warn(f"interrupted after {len(history.epochs)} epochs: going on with what was learned so far")
    # What is kept may be the first epoch, or what training started from: then nothing came before it.
    *before, kept = snapshots
    last = [snapshot for snapshot in before if snapshot.epoch < kept.epoch] + [kept]
    return Trained(last, history, unit, optimization, checkpoints, linear_start, len(chosen_by[0]) if inner else 0)


def make_loss(dataset: Dataset, *, balanced: bool = False) -> keras.losses.Loss:
    """Return cross-entropy for classes, all alike however rare if ``balanced``; mean squared error for values."""
    import keras

    from rnnexp.training.losses import WeightedCrossEntropy, balanced_weights

    if dataset.task != "classification":
        return keras.losses.MeanSquaredError()
    if balanced:
        return WeightedCrossEntropy(balanced_weights(dataset.train.y, len(dataset.class_names)))
    if dataset.ignores:
        # The loss of each label, which Keras' own of two classes does not give.
        return WeightedCrossEntropy(np.ones(max(dataset.outputs, 2)))
    if dataset.outputs == 1:
        return keras.losses.BinaryCrossentropy()
    return keras.losses.SparseCategoricalCrossentropy()
