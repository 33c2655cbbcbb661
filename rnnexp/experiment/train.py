"""Training one network, from settings to models saved on disk."""

from __future__ import annotations

import csv
import functools
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp import files
from rnnexp.config import ClassificationConfig, Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset, Split
from rnnexp.errors import UserError

if TYPE_CHECKING:
    import keras

    from rnnexp.training.trainer import Epoch, History


@dataclass(frozen=True)
class Snapshot:
    """A trained model as it was after an epoch, saved on disk.

    ``model`` is in the user's numbers; ``trained`` are the weights as the trainer had them, at unit scale.
    """

    epoch: int
    model: keras.Model
    path: Path
    trained: list[np.ndarray]

    @property
    def weights(self) -> list[np.ndarray]:
        """The model's weights, float64, in Keras' order."""
        return [values.astype(np.float64) for values in self.model.get_weights()]

    @property
    def weight_names(self) -> tuple[str, ...]:
        """Their names, such as ``rnn/kernel``."""
        from rnnexp.training.model import weight_names

        return weight_names(self.model)


def train(
    config: Settings, dataset: Dataset, folder: Path, console: Console, start: list[np.ndarray] | None = None
) -> tuple[list[Snapshot], History]:
    """Train, and save the models of epoch 0, 1 and the last.

    Args:
        config: the settings.
        dataset: the data.
        folder: where the models go.
        console: shows the progress.
        start: the weights to start from, in the user's numbers and Keras' order; None for random ones.

    Raises:
        UserError: if the loss was no longer a number; the last good weights are saved by then.
    """
    console.say("loading TensorFlow")
    with console.native_output_to_log():
        import keras
        import tensorflow as tf

        from rnnexp.training import model as networks
        from rnnexp.training.trainer import Trainer, make_optimizer

        tf.config.list_logical_devices()  # looks for accelerators, and says what it thinks of the ones it finds
        tf.constant(0, tf.float16)  # features have this type, of which it has something to say too

    keras.utils.set_random_seed(config.seed)
    network = networks.trainable(config, dataset)
    steps = len(dataset.train) // min(config.batch_size or 1, len(dataset.train))
    optimizer = make_optimizer(
        config.optimizer,
        config.learning_rate or 0.0,
        clip_norm=config.gradient_clip_norm,
        decay_steps=steps * config.epochs if config.learning_rate_decay else 0,
    )
    trainer = Trainer(
        network,
        make_loss(dataset, balanced=isinstance(config, ClassificationConfig) and config.class_weights == "balanced"),
        optimizer,
        batch_size=config.batch_size or 1,
        seed=config.seed,
        stored_scale=dataset.input_scale,
    )
    training, validation = unit_scale(dataset, dataset.train), unit_scale(dataset, dataset.validation)
    if start:
        console.say(f"starting from the weights in {config.weights}")
        network.set_weights(networks.unfold(config, dataset, start))
        if not math.isfinite(trainer.evaluate(*map(tf.constant, training))):
            raise UserError(f"WEIGHTS: {config.weights}: the weights are too large: the loss is not a finite number")
    snapshots: list[Snapshot] = []

    def save(epoch: int, name: str) -> None:
        trained = network.get_weights()
        model = networks.plain(config, dataset, trained)
        if start and epoch == 0:
            model.set_weights(start)  # exactly: to unit scale and back they are rounded
        model.save(folder / name)
        snapshots.append(Snapshot(epoch, model, folder / name, trained))

    log = _EventLog(folder / "tensorboard") if config.tensorboard else None
    save(0, "epoch-0.keras")
    with console.training(config.epochs) as bar:

        def on_epoch(epoch: Epoch) -> None:
            if epoch.number == 1:
                save(1, "epoch-1.keras")
            bar.advance(epoch)
            if log:
                log.write(epoch)

        history = trainer.fit(
            *training,
            *validation,
            epochs=config.epochs,
            patience=config.early_stopping,
            renew=functools.partial(dataset.renew, np.random.default_rng(config.seed)) if dataset.renew else None,
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
    return list({snapshot.epoch: snapshot for snapshot in snapshots}.values()), history


def make_loss(dataset: Dataset, *, balanced: bool = False) -> keras.losses.Loss:
    """Return cross-entropy for classes, all alike however rare if ``balanced``; mean squared error for values."""
    import keras

    from rnnexp.training.losses import WeightedCrossEntropy, balanced_weights

    if dataset.task != "classification":
        return keras.losses.MeanSquaredError()
    if balanced:
        return WeightedCrossEntropy(balanced_weights(dataset.train.y, len(dataset.class_names)))
    if dataset.outputs == 1:
        return keras.losses.BinaryCrossentropy()
    return keras.losses.SparseCategoricalCrossentropy()


def unit_scale(dataset: Dataset, part: Split) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets of a part at the scale that the network trains at.

    Inputs that are stored in less than float32 stay as they are: the trainer scales them, batch by batch.
    """
    x = part.x / np.float32(dataset.input_scale) if part.x.dtype == np.float32 else part.x
    return x, part.y if dataset.task == "classification" else part.y / np.float32(dataset.output_scale)


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
