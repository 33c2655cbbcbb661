"""What a run came to: the report's content, filled in from the exported files."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.experiment.quantize import Int8
from rnnexp.experiment.train import Snapshot
from rnnexp.network.sampling import spread
from rnnexp.preprocessing import characters
from rnnexp.preprocessing.input_map import Characters
from rnnexp.quantization import diagnosis, reference, tensors
from rnnexp.report import evaluation, generation, plots
from rnnexp.report import text as report
from rnnexp.runtimes.tflite import TFLiteModel

if TYPE_CHECKING:
    from rnnexp.training.trainer import History

# Long sequences take long in an interpreter: what is not the result itself, models before the last one and the check of
# the export, takes sequences of about this many time steps in all.
ASIDE_STEPS = 2**21
# Questions that the report shows, and as many again that were answered wrongly.
EXAMPLES = 6


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
            "input_map": dataset.input_map.to_json(),
            "train": len(dataset.train),
            "validation": len(dataset.validation),
            "evaluation": len(dataset.evaluation),
            "evaluation_part": dataset.evaluation_part,
            "time_steps": dataset.train.x.shape[1],
            "features": dataset.train.x.shape[2],
            "every_step": dataset.every_step,
            "answer_steps": dataset.answer_steps,
            "classes": list(dataset.class_names),
            "notes": list(dataset.notes),
        },
        "models": {},
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
    result: dict[str, Any], dataset: Dataset, snapshots: list[Snapshot], exported: dict[str, list[Path]], folder: Path
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Run the exported files on the evaluation part and fill in the report.

    Returns:
        The outputs of the last file of each kind, ``[n, outputs]`` or ``[n, time, outputs]``, and the plots drawn.

    Args:
        result: the report; gets ``models`` and ``progress``.
        dataset: the data.
        snapshots: the trained models.
        exported: kind of model -> a file for each snapshot.
        folder: where the plots go.
    """
    part = dataset.evaluation
    aside = dataset.with_some_evaluation(max(ASIDE_STEPS // part.x.shape[1], 1))
    result["progress"] = [{"epoch": snapshot.epoch} for snapshot in snapshots]
    if aside is not dataset:
        for step in result["progress"][:-1]:
            step["sequences"] = len(aside.evaluation)
    outputs: dict[str, np.ndarray] = {}
    for kind, paths in exported.items():
        for step, path in zip(result["progress"], paths, strict=True):
            judged = aside if "sequences" in step else dataset
            outputs[kind] = TFLiteModel(path).predict(judged.evaluation.x)
            step[kind] = evaluation.evaluate(judged, outputs[kind])
        content = paths[-1].read_bytes()
        result["models"][kind] = {
            "file": f"{result['name']}-{kind}.tflite",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "metrics": result["progress"][-1][kind],
            "latency_us": TFLiteModel(paths[-1]).latency_us(part.x[0]),
        }
    if "float32" in outputs:
        some = outputs["float32"][spread(len(part), len(aside.evaluation))]
        result["models"]["float32"]["keras_difference"] = _keras_difference(some, snapshots[-1], aside.evaluation.x)
    if isinstance(dataset.input_map, Characters):
        result["examples"] = _examples(dataset, outputs)
    title = f"{result['name']}: {dataset.evaluation_part}"
    if dataset.task == "classification":
        kind = next(iter(outputs))
        counts = np.array(result["models"][kind]["metrics"]["confusion"])
        plots.confusion(folder / "confusion.png", counts, dataset.class_names, f"{title}, {kind}")
        if not dataset.every_step:
            return outputs, ["confusion.png"]
        scores = {name: result["models"][name]["metrics"] for name in outputs} | result["baselines"]
        shares = {name: found["step_accuracy"] for name, found in scores.items()}
        plots.step_accuracy(folder / "step_accuracy.png", shares, title)
        return outputs, ["confusion.png", "step_accuracy.png"]
    shown = {kind: part.to_units(values) for kind, values in outputs.items()} | dict(dataset.baselines)
    plots.predictions(folder / "predictions.png", part.to_units(part.y), shown, units=dataset.units, title=title)
    return outputs, ["predictions.png"]


def _examples(dataset: Dataset, outputs: dict[str, np.ndarray]) -> list[dict[str, str]]:
    """Return some questions with the true answer and those of each model, as text: some of all, some of the wrong."""
    assert isinstance(dataset.input_map, Characters)
    part, alphabet = dataset.evaluation, dataset.input_map.characters
    wrong = np.zeros(len(part), bool)
    for made in outputs.values():
        wrong |= (made.argmax(axis=-1) != part.y).any(axis=1)
    some = spread(len(part), EXAMPLES)
    wrong[some] = False  # shown already
    rows = [*some, *np.flatnonzero(wrong)[:EXAMPLES]]
    columns = {"question": part.x[rows], "truth": np.eye(dataset.outputs)[part.y[rows]]}
    columns |= {kind: made[rows] for kind, made in outputs.items()}
    answers = zip(*(characters.texts(values, alphabet) for values in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in answers]


def generate(result: dict[str, Any], dataset: Dataset, exported: dict[str, list[Path]], folder: Path) -> list[str]:
    """Let the last file of each kind go on with the series in closed loop, if there is one; return the plots drawn.

    Args:
        result: the report; gets ``generation``.
        dataset: the data.
        exported: kind of model -> a file for each snapshot.
        folder: where the plot goes.
    """
    continuation = dataset.continuation
    if continuation is None or not len(continuation.truth):
        return []
    steps = len(continuation.truth)
    generated = {
        kind: generation.generate(TFLiteModel(paths[-1]).predict, dataset.input_map, continuation.window, steps)
        for kind, paths in exported.items()
    }
    result["generation"] = generation.compare(continuation, generated)
    title = f"{result['name']}: {steps} steps in closed loop"
    plots.generation(
        folder / "generation.png", continuation.window, continuation.truth, generated, units=dataset.units, title=title
    )
    return ["generation.png"]


def _keras_difference(outputs: np.ndarray, snapshot: Snapshot, x: np.ndarray) -> float:
    """Return the largest difference of a file's outputs from the Keras model's, as a share of the outputs' range."""
    # Called batch by batch, not through ``predict``, whose graph rewriting fills the terminal with errors of its own.
    batches = np.array_split(x, np.ceil(len(x) / 512))
    from_keras = np.concatenate([np.asarray(snapshot.model(batch.astype(np.float32))) for batch in batches])
    return float(np.abs(outputs - from_keras).max()) / (float(np.ptp(from_keras)) or 1.0)


def evaluate_int8(
    result: dict[str, Any],
    config: Settings,
    dataset: Dataset,
    snapshot: Snapshot,
    int8: Int8,
    outputs: dict[str, np.ndarray],
    folder: Path,
) -> list[str]:
    """Fill in what quantisation cost and what it made of every tensor; return the plots drawn.

    Args:
        result: the report, ``models`` filled in; gets ``degradation`` and ``quantization``.
        config: the settings.
        dataset: the data.
        snapshot: the float model.
        int8: what was made of it.
        outputs: of the written files, by kind.
        folder: where the plot goes.
    """
    x, network = dataset.evaluation.x, int8.network
    compared = diagnosis.Comparison(network, int8.real, x)

    def final(outputs: np.ndarray) -> np.ndarray:
        return evaluation.probabilities(outputs) if int8.network.softmax else outputs

    def loss(outputs: np.ndarray) -> float:
        return evaluation.loss(dataset.evaluation, final(outputs))

    # Where the converter has failed, NumPy stands in for the float32 file.
    float32 = outputs.get("float32", final(snapshot.network.run(x)))
    before = evaluation.loss(dataset.evaluation, float32)
    gap = evaluation.loss(dataset.evaluation, outputs["int8"]) - before
    limit = max(config.gap_limit, 1 / len(x)) if config.task == "classification" else config.gap_limit
    errors = compared.state_error()
    result["degradation"] = {
        "gap": gap,
        "gap_means": "the share of accuracy lost"
        if config.task == "classification"
        else "(L2 int8 - L2 float32) / target variance",
        "limit": limit,
        "plain_gap": loss(reference.outputs(int8.plain, x)) - before if int8.history else gap,
        "state_error": float(errors.max()),
        "plain_training_gap": int8.plain_training_gap,
        "fine_tuned": int8.history is not None,
        "fine_tuned_in_float": evaluation.evaluate(dataset, final(int8.real.run(x))),
    }
    if dataset.every_step:
        right, kept = (evaluation.evaluate(dataset, made)["sequence_accuracy"] for made in (float32, outputs["int8"]))
        result["degradation"]["sequences_lost"] = right - kept
    result["models"]["int8"]["conversion_seconds"] = int8.seconds
    result["quantization"] = [
        {name: value for name, value in asdict(tensor).items() if value is not None}
        for tensor in tensors.describe(network, compared.saturation())
    ]
    for tensor in result["quantization"]:
        if tensor.get("saturated_share", 0.0) > diagnosis.SATURATED_SHARE:
            result["degradation"].setdefault("saturated", []).append(tensor["name"])
    # A sample may be lost; that share and the limit differ by float64's last digit.
    if gap > limit and not math.isclose(gap, limit):
        result["degradation"]["diagnosis"] = compared.explain(loss)
    if int8.history:
        result["degradation"]["fine_tuning_best_epoch"] = int8.history.best_epoch
    title = f"{result['name']}: int8 hidden state against float, same weights"
    plots.state_error(folder / "state_error.png", errors, title)
    return ["state_error.png"]


def plot_losses(history: History, config: Settings, folder: Path) -> list[str]:
    """Draw the loss curves, if any epoch was run, and return the plots drawn."""
    if not history.epochs:
        return []
    losses = [epoch.loss for epoch in history.epochs], [epoch.val_loss for epoch in history.epochs]
    plots.losses(folder / "loss.png", *losses, title=config.stem)
    return ["loss.png"]


def listed(name: str, contents: Mapping[str, bytes | str]) -> list[dict[str, Any]]:
    """Return name, size and checksum of every file, for the report."""
    raw = {suffix: data.encode() if isinstance(data, str) else data for suffix, data in contents.items()}
    return [
        {"file": f"{name}{suffix}", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for suffix, data in raw.items()
    ]
