"""Training one network, from settings to models saved on disk."""

from __future__ import annotations

import csv
import functools
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp import files
from rnnexp.baselines.ridge import LinearModel
from rnnexp.config import ClassificationConfig, Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.experiment.baselines import linear_model
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network
from rnnexp.training.unit_scale import UnitScale

if TYPE_CHECKING:
    import keras

    from rnnexp.training.trainer import Epoch, History, Optimization


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
        linear_start: the linear model that a linear path is, at unit scale; None without a path, or with weights from a
            file.
    """

    snapshots: list[Snapshot]
    history: History
    unit: UnitScale
    optimization: Optimization
    linear_start: LinearModel | None = None

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

    Raises:
        UserError: if the loss was no longer a number; the last good weights are saved by then.
    """
    console.say("loading TensorFlow")
    with console.native_output_to_log():
        import keras
        import tensorflow as tf

        from rnnexp.formats.keras.model import from_keras, to_keras
        from rnnexp.training.model import Regularization, trainable
        from rnnexp.training.trainer import Optimization, Trainer

        tf.config.list_logical_devices()  # looks for accelerators, and says what it thinks of the ones it finds
        tf.constant(0, tf.float16)  # features have this type, of which it has something to say too

    linear_start = linear_model(dataset) if architecture.linear_path and not start else None
    keras.utils.set_random_seed(config.seed)
    model = trainable(
        architecture,
        input_center=unit.input_center,
        recurrent_initializer=config.recurrent_initializer,
        regularization=Regularization(config.dropout, config.recurrent_dropout, config.l2_regularization),
        linear_start=linear_start,
    )
    optimization = Optimization(
        config.optimizer,
        config.learning_rate or 0.0,
        config.batch_size or 1,
        clip_norm=config.gradient_clip_norm,
        seed=config.seed,
    )
    balanced = isinstance(config, ClassificationConfig) and config.class_weights == "balanced"
    trainer = Trainer(
        model,
        make_loss(dataset, balanced=balanced),
        optimization.optimizer(len(dataset.train), config.epochs, decay=config.learning_rate_decay),
        batch_size=optimization.batch_size,
        seed=config.seed,
        stored_scale=unit.inputs,
        ignores=dataset.ignores,
    )
    training, validation = (
        (unit.scale_inputs(part.x), unit.scale_targets(part.y), part.lengths)
        for part in (dataset.train, dataset.validation)
    )
    if start:
        console.say(f"starting from the weights in {config.weights}")
        model.set_weights(unit.unfold(architecture, start.weights))
        if not math.isfinite(trainer.evaluate(*training)):
            raise UserError(f"WEIGHTS: {config.weights}: the weights are too large: the loss is not a finite number")
    snapshots: list[Snapshot] = []

    def save(epoch: int, name: str) -> None:
        trained = model.get_weights()
        folded = Network.of(architecture, unit.fold(architecture, [values.astype(np.float64) for values in trained]))
        # What was given is kept exactly: to unit scale and back it would be rounded.
        plain = to_keras(start if start and epoch == 0 else folded)
        plain.save(folder / name)
        snapshots.append(Snapshot(epoch, from_keras(architecture, plain), plain, folder / name, trained))

    log = _EventLog(folder / "tensorboard") if config.tensorboard else None
    save(0, "epoch-0.keras")
    with console.training(config.epochs) as bar:

        def on_epoch(epoch: Epoch) -> None:
            if epoch.number == 1:
                save(1, "epoch-1.keras")
            bar.advance(epoch)
            if log:
                log.write(epoch)

        augment = dataset.augment
        history = trainer.fit(
            *training[:2],
            *validation[:2],
            lengths=training[2],
            lengths_val=validation[2],
            epochs=config.epochs,
            patience=config.early_stopping,
            augment=functools.partial(augment, np.random.default_rng(config.seed)) if augment else None,
            on_epoch=on_epoch,
        )
    save(history.best_epoch, "model.keras")
    _write_history(history, folder)
    if history.ended == "diverged":
        raise UserError(
            f"the loss was no longer a number in epoch {len(history.epochs) + 1}. The weights from before it are in "
            f"{folder / 'model.keras'}; nothing was exported. Set a smaller LEARNING_RATE (it was "
            f"{config.learning_rate:g}) or a smaller GRADIENT_CLIP_NORM (it was {config.gradient_clip_norm})"
        )
    if history.ended == "interrupted":
        console.warn(f"interrupted after {len(history.epochs)} epochs: going on with what was learned so far")
    # The last epoch may have been the first, or early stopping may have gone back to it.
    last = list({snapshot.epoch: snapshot for snapshot in snapshots}.values())
    return Trained(last, history, unit, optimization, linear_start)


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


class _EventLog:
    """Scalars of the training for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, epoch: Epoch) -> None:
        import tensorflow as tf

        with self._writer.as_default():
            tf.summary.scalar("loss", epoch.loss, step=epoch.number)
            tf.summary.scalar("val_loss", epoch.val_loss, step=epoch.number)
        self._writer.flush()


def _write_history(history: History, folder: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", "val_loss", "seconds"])
    for epoch in history.epochs:
        writer.writerow([epoch.number, repr(epoch.loss), repr(epoch.val_loss), f"{epoch.seconds:.4f}"])
    files.write_atomically(folder / "history.csv", text.getvalue())
