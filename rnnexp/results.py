"""What a run came to: the report's content, filled in from the exported files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp import evaluation, plots, report
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.learning import Snapshot
from rnnexp.runtime import TFLiteModel

if TYPE_CHECKING:
    from rnnexp.training import History


def begin(config: Settings, given: Settings, dataset: Dataset, history: History) -> dict[str, Any]:
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
            "seconds": history.seconds,
            "compile_seconds": history.compile_seconds,
            "steps_per_second": history.steps_per_second,
            "loss": last.loss if last else None,
            "val_loss": last.val_loss if last else None,
        },
    }


def evaluate(
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


def plot_losses(history: History, config: Settings, folder: Path) -> list[str]:
    """Draw the loss curves, if any epoch was run, and return the plots drawn."""
    if not history.epochs:
        return []
    losses = [epoch.loss for epoch in history.epochs], [epoch.val_loss for epoch in history.epochs]
    plots.losses(folder / "loss.png", *losses, title=config.stem)
    return ["loss.png"]
