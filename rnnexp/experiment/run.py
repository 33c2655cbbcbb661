"""The story of a run: load, build, train, export, evaluate, report."""

from __future__ import annotations

import functools
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp import datasets, files
from rnnexp.config import Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.experiment import evaluate as results
from rnnexp.experiment import export as takeaway
from rnnexp.experiment import quantize as conversion
from rnnexp.experiment import starting_weights
from rnnexp.experiment import train as learning
from rnnexp.experiment.train import Snapshot
from rnnexp.formats import about as metadata
from rnnexp.formats.tflite.float32 import ConversionError, Converter
from rnnexp.report import text as report

# Beyond this share of the output range, the exported file does not do what the trained model does, at up to this many
# time steps; over more, the rounding errors of float32 add up like the steps of a random walk.
KERAS_TOLERANCE, KERAS_TOLERANCE_STEPS = 1e-5, 100
MAX_AUTOMATIC_BATCH = 256


def run(config: Settings) -> int:
    """Run one experiment and return the exit code: 0, or 1 if a model could not be exported.

    Raises:
        UserError: for whatever the user can mend; then nothing in the output folder has changed.
    """
    started = time.perf_counter()
    # Read when TensorFlow is first imported, which some data sets do.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    dataset = datasets.load(config)
    resolved = resolve(config, dataset)
    start = starting_weights.load(config, dataset)
    files.check_folder(config.output_dir, "OUTPUT_DIR")
    files.check_folder(config.runs_dir, "RUNS_DIR")
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{config.stem}"
    with files.explained(config.runs_dir):
        folder = files.new_folder(config.runs_dir, name)
        with Console(folder / "log.txt", quiet=config.quiet) as console:
            return _run(resolved, config, dataset, start, folder, console, started)


def resolve(config: Settings, dataset: Dataset) -> Settings:
    """Return the settings with everything automatic decided: by the data set, else by its size."""
    # At least 16 steps an epoch, so that small sets learn too; long series overfit with many steps of small batches.
    largest = max(len(dataset.train) // 16, 1)
    general = {
        "batch_size": min(1 << (largest.bit_length() - 1), MAX_AUTOMATIC_BATCH),
        "learning_rate": 0.01,
    }
    automatic = {**general, **dataset.defaults}
    missing = {name: automatic[name] for name, value in config if value is None and name in automatic}
    return config.model_copy(update=missing)


def _run(
    config: Settings,
    given: Settings,
    dataset: Dataset,
    start: list[np.ndarray] | None,
    folder: Path,
    console: Console,
    started: float,
) -> int:
    console.say(
        f"{config.stem}: {len(dataset.train)} sequences of {dataset.train.x.shape[1]} steps to train on, "
        f"{len(dataset.validation)} to validate on, seed {config.seed}"
    )
    about = metadata.describe(config, dataset)
    with Converter(folder / "converter.log") as converter:
        snapshots, history = learning.train(config, dataset, folder, console, start)
        # Whoever interrupts the training wants an end: then no fine-tuning.
        epochs = 0 if history.ended == "interrupted" else config.qat_epochs
        bar = functools.partial(console.training, what="fine-tuning for int8", watched="int8")
        problems, int8 = {}, None
        try:
            int8 = conversion.convert(config, dataset, snapshots, about, fine_tuning_epochs=epochs, progress=bar)
        except UserError as error:
            problems["int8"] = f"{error}. The trained model is in {snapshots[-1].path}"
        exported, step, problem = _export(
            converter, snapshots, about, with_step=config.forward and not dataset.answer_steps
        )
    if problem:
        problems["float32"] = problem
    result = results.begin(config, given, dataset, history)
    result["models"] = {kind: {"absent": text} for kind, text in problems.items()}
    if int8:
        exported["int8"] = int8.paths
    if not exported:
        raise RuntimeError("; ".join(problems.values()))
    console.say(
        f"running the exported files on the {len(dataset.evaluation)} sequences of the {dataset.evaluation_part}"
    )
    outputs, pictures = results.evaluate(result, dataset, snapshots, exported, folder)
    if int8:
        pictures += results.evaluate_int8(result, config, dataset, snapshots[-1], int8, outputs, folder)
    pictures += results.generate(result, dataset, exported, folder)
    pictures += results.plot_losses(history, config, folder)
    taken = takeaway.make(
        config.stem,
        about,
        snapshots[-1].weights,
        network=int8.network if int8 else None,
        x=dataset.evaluation.x,
        step_float32=step.read_bytes() if step else None,
        weight_names=snapshots[-1].weight_names,
    )
    result["exports"] = {"files": takeaway.listed(config.stem, taken.files), **taken.sizes}
    result["training"]["total_seconds"] = time.perf_counter() - started
    text = report.to_json(result)
    files.write_atomically(folder / "report.json", text)
    files.write_atomically(folder / "report.md", report.to_markdown(result, pictures, taken.text))
    published: dict[str, bytes | str | None] = {
        f"{config.stem}-{kind}.tflite": exported[kind][-1].read_bytes() if kind in exported else None
        for kind in ("float32", "int8")
    }
    published |= {f"{config.stem}{suffix}": taken.files.get(suffix) for suffix in takeaway.SUFFIXES}
    published[f"{config.stem}-report.json"] = text
    with files.explained(config.output_dir):
        files.publish(config.output_dir, published)
    _conclude(result, config, folder, [name for name, data in published.items() if data is not None], console)
    return 1 if problems else 0


def _export(
    converter: Converter, snapshots: list[Snapshot], about: dict[str, Any], *, with_step: bool
) -> tuple[dict[str, list[Path]], Path | None, str | None]:
    """Convert every snapshot to float32, and, ``with_step``, the last one's time step.

    Returns:
        The files as ``float32``, the time step's file, and what went wrong; only this, if anything did.
    """
    from rnnexp.training.model import time_step

    entries = metadata.to_entries(about)
    exported = [snapshot.path.with_suffix(".float32.tflite") for snapshot in snapshots]
    jobs = [*zip((snapshot.path for snapshot in snapshots), exported, strict=True)]
    step = None
    if with_step:
        saved = snapshots[-1].path.with_name("time-step.keras")
        step = saved.with_suffix(".float32.tflite")
        time_step(snapshots[-1].model).save(saved)
        jobs.append((saved, step))
    try:
        for path, target in jobs:
            converter.convert(path, target, entries)
    except ConversionError as error:
        return {}, None, f"TensorFlow's converter failed: {error}. The trained model is in {snapshots[-1].path}"
    return {"float32": exported}, step, None


def _conclude(result: dict[str, Any], config: Settings, folder: Path, published: list[str], console: Console) -> None:
    """Print what came out and where it is."""
    headings, rows = report.table(result)
    part = result["data"]["evaluation_part"]
    units = "" if config.task == "classification" else f", in {result['data']['units']}"
    console.table(f"{config.stem}, {part}{units}", headings, rows)
    for note in result["data"]["notes"]:
        console.say(note)
    tolerance = KERAS_TOLERANCE * max(result["data"]["time_steps"] / KERAS_TOLERANCE_STEPS, 1.0) ** 0.5
    for model in result["models"].values():
        if "absent" in model:
            console.warn(model["absent"])
        elif model.get("keras_difference", 0.0) > tolerance:
            console.warn(
                f"the exported float32 file differs from the trained model by {model['keras_difference']:.1e} of the "
                f"output range (expected: {tolerance:.0e} at most)"
            )
    if "generation" in result:
        console.say(report.generation_summary(result))
    degradation = result.get("degradation", {})
    if "gap" in degradation:
        console.say(f"int8 against float32: gap {degradation['gap']:+.2g}, that is, {degradation['gap_means']}")
    for tensor in result.get("quantization", ()):
        if tensor["name"] in degradation.get("saturated", ()):
            console.warn(f"int8 cuts off {tensor['saturated_share']:.1%} of the values of the {tensor['name']}")
    if "diagnosis" in degradation:
        console.warn(
            f"int8 loses {degradation['gap']:.2g}, more than the limit of {degradation['limit']:.2g}: "
            f"{degradation['diagnosis']}"
        )
    training = result["training"]
    speed = f"{report.steps_a_second(training)}, " if training["steps_per_second"] else ""
    console.say(f"{report.epochs(training)}, {speed}{training['total_seconds']:.1f} s in all")
    for name in published:
        console.say(f"  {config.output_dir / name}")
    console.say(f"  {folder}{os.sep}: report.md, report.json, history.csv, model.keras, plots, log.txt")
