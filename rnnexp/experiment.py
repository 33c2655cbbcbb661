"""The story of a run: load, build, train, export, evaluate, report."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp import datasets, evaluation, files, plots, report
from rnnexp.config import Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.export.float32 import ConversionError, Converter
from rnnexp.runtime import TFLiteModel

if TYPE_CHECKING:
    import keras

    from rnnexp.training import Epoch, History

# Beyond this share of the output range, the exported file does not do what the trained model does.
KERAS_TOLERANCE = 1e-5
MAX_AUTOMATIC_BATCH = 256


def run(config: Settings) -> int:
    """Run one experiment and return the exit code: 0, or 1 if a model could not be exported.

    Raises:
        UserError: for whatever the user can mend; then nothing in the output folder has changed.
    """
    started = time.perf_counter()
    dataset = datasets.load(config)
    resolved = resolve(config, dataset)
    files.check_folder(config.output_dir, "OUTPUT_DIR")
    files.check_folder(config.runs_dir, "RUNS_DIR")
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{config.stem}"
    with files.explained(config.runs_dir):
        folder = files.new_folder(config.runs_dir, name)
        with Console(folder / "log.txt", quiet=config.quiet) as console:
            return _run(resolved, config, dataset, folder, console, started)


def resolve(config: Settings, dataset: Dataset) -> Settings:
    """Return the settings with everything automatic decided: by the data set, else by its size."""
    # At least 16 steps an epoch, so that small sets learn too; long series overfit with many steps of small batches.
    largest = max(len(dataset.train) // 16, 1)
    general = {
        "batch_size": min(1 << (largest.bit_length() - 1), MAX_AUTOMATIC_BATCH),
        "learning_rate": 0.01,
        "validation_share": len(dataset.validation) / (len(dataset.train) + len(dataset.validation)),
    }
    automatic = {**general, **dataset.defaults}
    missing = {name: automatic[name] for name, value in config if value is None and name in automatic}
    return config.model_copy(update=missing)


@dataclass(frozen=True)
class Snapshot:
    """A trained model as it was after an epoch, saved on disk."""

    epoch: int
    model: keras.Model
    path: Path


def _run(config: Settings, given: Settings, dataset: Dataset, folder: Path, console: Console, started: float) -> int:
    console.say(
        f"{config.stem}: {len(dataset.train)} sequences of {dataset.train.x.shape[1]} steps to train on, "
        f"{len(dataset.validation)} to validate on, seed {config.seed}"
    )
    with Converter(folder / "converter.log") as converter:
        snapshots, history = _train(config, dataset, folder, console)
        exported, problem = _export(converter, snapshots)
    result = _report(config, given, dataset, history, started)
    pictures = _evaluate(result, dataset, snapshots, exported, problem, folder)
    pictures += _plot_losses(history, config, folder)
    result["training"]["total_seconds"] = time.perf_counter() - started
    text = report.to_json(result)
    files.write_atomically(folder / "report.json", text)
    files.write_atomically(folder / "report.md", report.to_markdown(result, pictures))
    published: dict[str, bytes | str] = {f"{config.stem}-report.json": text}
    if exported:
        published = {f"{config.stem}-float32.tflite": exported[-1].read_bytes(), **published}
    with files.explained(config.output_dir):
        files.publish(config.output_dir, published)
    _conclude(result, config, folder, list(published), console)
    return 1 if problem else 0


def _train(config: Settings, dataset: Dataset, folder: Path, console: Console) -> tuple[list[Snapshot], History]:
    """Train, and save the models of epoch 0, 1 and the last.

    Raises:
        UserError: if the loss was no longer a number; the last good weights are saved by then.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    console.say("loading TensorFlow")
    with console.native_output_to_log():
        import keras
        import tensorflow as tf

        from rnnexp import model as networks
        from rnnexp.training import Trainer, make_optimizer

        tf.config.list_logical_devices()  # looks for accelerators, and says what it thinks of the ones it finds

    keras.utils.set_random_seed(config.seed)
    network = networks.trainable(config, dataset)
    steps = len(dataset.train) // min(config.batch_size or 1, len(dataset.train))
    optimizer = make_optimizer(
        config.optimizer,
        config.learning_rate or 0.0,
        clip_norm=config.gradient_clip_norm,
        decay_steps=steps * config.epochs if config.learning_rate_decay else 0,
    )
    classes = dataset.task == "classification"
    loss = keras.losses.SparseCategoricalCrossentropy() if classes else keras.losses.MeanSquaredError()
    trainer = Trainer(network, loss, optimizer, batch_size=config.batch_size or 1, seed=config.seed)
    snapshots: list[Snapshot] = []

    def save(epoch: int, name: str) -> None:
        model = networks.plain(config, dataset, network.get_weights())
        model.save(folder / name)
        snapshots.append(Snapshot(epoch, model, folder / name))

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
            *_unit_scale(dataset, dataset.train),
            *_unit_scale(dataset, dataset.validation),
            epochs=config.epochs,
            patience=config.early_stopping,
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


def _unit_scale(dataset: Dataset, part: datasets.Split) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets of a part at the scale that the network trains at."""
    x = part.x / np.float32(dataset.input_scale)
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


def _export(converter: Converter, snapshots: list[Snapshot]) -> tuple[list[Path], str | None]:
    """Convert every snapshot to float32; return the files, in order, or none and what went wrong."""
    exported = [snapshot.path.with_suffix(".float32.tflite") for snapshot in snapshots]
    try:
        for snapshot, target in zip(snapshots, exported, strict=True):
            converter.convert(snapshot.path, target)
    except ConversionError as error:
        return [], f"TensorFlow's converter failed: {error}. The trained model is in {snapshots[-1].path}"
    return exported, None


def _report(config: Settings, given: Settings, dataset: Dataset, history: History, started: float) -> dict[str, Any]:
    """Return the report as far as it is known before anything is evaluated."""
    last = next((epoch for epoch in history.epochs if epoch.number == history.best_epoch), None)
    return {
        "schema": report.SCHEMA,
        "name": config.stem,
        "config": config.model_dump(mode="json"),
        "automatic": [name for name, value in given if value is None and getattr(config, name) is not None],
        "seed": config.seed,
        "versions": report.versions(),
        "data": {
            "source": dataset.source,
            "units": dataset.units,
            "normalization": dataset.normalization,
            "train": len(dataset.train),
            "validation": len(dataset.validation),
            "evaluation": len(dataset.evaluation),
            "evaluation_part": dataset.evaluation_part,
            "time_steps": dataset.train.x.shape[1],
            "features": dataset.train.x.shape[2],
            "classes": list(dataset.class_names),
            "notes": list(dataset.notes),
        },
        "models": {"float32": {}},
        "baselines": evaluation.evaluate_baselines(dataset),
        "progress": [],
        "training": {
            "epochs_run": len(history.epochs),
            "best_epoch": history.best_epoch,
            "ended": history.ended,
            "seconds": time.perf_counter() - started,
            "compile_seconds": history.compile_seconds,
            "steps_per_second": history.steps_per_second,
            "loss": last.loss if last else None,
            "val_loss": last.val_loss if last else None,
        },
    }


def _evaluate(
    result: dict[str, Any],
    dataset: Dataset,
    snapshots: list[Snapshot],
    exported: list[Path],
    problem: str | None,
    folder: Path,
) -> list[str]:
    """Run the exported files on the evaluation part, fill in the report, and return the plots drawn."""
    if problem:
        result["models"]["float32"] = {"absent": problem}
        return []
    part = dataset.evaluation
    outputs = np.empty(0)
    for snapshot, path in zip(snapshots, exported, strict=True):
        outputs = TFLiteModel(path).predict(part.x)
        scores = evaluation.evaluate(dataset, outputs)
        result["progress"].append({"epoch": snapshot.epoch, "float32": scores})
    content = exported[-1].read_bytes()
    # Called batch by batch, not through ``predict``, whose graph rewriting fills the terminal with errors of its own.
    batches = np.array_split(part.x, np.ceil(len(part.x) / 512))
    from_keras = np.concatenate([np.asarray(snapshots[-1].model(batch)) for batch in batches])
    spread = float(np.ptp(from_keras))
    result["models"]["float32"] = {
        "file": f"{result['name']}-float32.tflite",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "metrics": result["progress"][-1]["float32"],
        "latency_us": TFLiteModel(exported[-1]).latency_us(part.x[0]),
        "keras_difference": float(np.abs(outputs - from_keras).max()) / (spread or 1.0),
    }
    title = f"{result['name']}: {dataset.evaluation_part}"
    if dataset.task == "classification":
        counts = np.array(result["models"]["float32"]["metrics"]["confusion"])
        plots.confusion(folder / "confusion.png", counts, dataset.class_names, title)
        return ["confusion.png"]
    shown = {"float32": part.to_units(outputs), **dataset.baselines}
    plots.predictions(folder / "predictions.png", part.to_units(part.y), shown, units=dataset.units, title=title)
    return ["predictions.png"]


def _plot_losses(history: History, config: Settings, folder: Path) -> list[str]:
    if not history.epochs:
        return []
    losses = [epoch.loss for epoch in history.epochs], [epoch.val_loss for epoch in history.epochs]
    plots.losses(folder / "loss.png", *losses, title=config.stem)
    return ["loss.png"]


def _conclude(result: dict[str, Any], config: Settings, folder: Path, published: list[str], console: Console) -> None:
    """Print what came out and where it is."""
    headings, rows = report.table(result)
    part = result["data"]["evaluation_part"]
    console.table(f"{config.stem}, {part}, in {result['data']['units']}", headings, rows)
    for note in result["data"]["notes"]:
        console.say(note)
    model = result["models"]["float32"]
    if "absent" in model:
        console.warn(model["absent"])
    elif model["keras_difference"] > KERAS_TOLERANCE:
        console.warn(
            f"the exported float32 file differs from the trained model by {model['keras_difference']:.1e} of the "
            f"output range (expected: {KERAS_TOLERANCE:.0e} at most)"
        )
    training = result["training"]
    console.say(
        f"{training['epochs_run']} epochs, {training['steps_per_second']:.0f} training steps a second, "
        f"{training['total_seconds']:.1f} s in all"
    )
    for name in published:
        console.say(f"  {config.output_dir / name}")
    console.say(f"  {folder}{os.sep}: report.md, report.json, history.csv, model.keras, plots, log.txt")
