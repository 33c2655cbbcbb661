"""The story of a run: load, build, train, export, evaluate, report."""

from __future__ import annotations

import functools
import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rnnexp import datasets, files
from rnnexp.config import Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.experiment import build, export, starting_weights
from rnnexp.experiment import evaluate as results
from rnnexp.experiment.quantize import quantize_snapshots
from rnnexp.experiment.train import train
from rnnexp.formats.about import About
from rnnexp.formats.tflite.float32 import Converter
from rnnexp.network.architecture import Architecture
from rnnexp.network.network import Network
from rnnexp.report import text as report

# Beyond this share of the output range, the exported file does not do what the trained model does, at up to this many
# time steps; over more, the rounding errors of float32 add up like the steps of a random walk.
KERAS_TOLERANCE, KERAS_TOLERANCE_STEPS = 1e-5, 100


def run(config: Settings) -> int:
    """Run one experiment and return the exit code: 0, or 1 if a model could not be exported.

    Raises:
        UserError: for whatever the user can mend; then nothing in the output folder has changed.
    """
    started = time.perf_counter()
    # Read when TensorFlow is first imported, which some data sets do.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    dataset = datasets.load(config)
    resolved, architecture = build.resolve(config, dataset), build.architecture(config, dataset)
    start = starting_weights.load(config.weights, architecture, dataset.name) if config.weights else None
    files.check_folder(config.output_dir, "OUTPUT_DIR")
    files.check_folder(config.runs_dir, "RUNS_DIR")
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{config.stem}"
    with files.explained(config.runs_dir):
        folder = files.new_folder(config.runs_dir, name)
        with Console(folder / "log.txt", quiet=config.quiet) as console:
            return _run(resolved, config, dataset, architecture, start, folder, console, started)


def _run(
    config: Settings,
    given: Settings,
    dataset: Dataset,
    architecture: Architecture,
    start: Network | None,
    folder: Path,
    console: Console,
    started: float,
) -> int:
    console.say(
        f"{config.stem}: {len(dataset.train)} sequences of {dataset.train.x.shape[1]} steps to train on, "
        f"{len(dataset.validation)} to validate on, seed {config.seed}"
    )
    about = About.of(
        architecture,
        task=dataset.task,
        dataset=dataset.name,
        input_map=dataset.input_map,
        units=dataset.units,
        classes=dataset.class_names,
    )
    with Converter(folder / "converter.log") as converter:
        trained = train(config, dataset, architecture, build.unit_scale(dataset), folder, console, start)
        history, last = trained.history, trained.last
        # Whoever interrupts the training wants an end: then no fine-tuning.
        epochs = 0 if history.ended == "interrupted" else config.qat_epochs
        bar = functools.partial(console.training, what="fine-tuning for int8", watched="int8")
        problems, exported, int8 = {}, {}, None
        try:
            int8 = quantize_snapshots(
                trained, dataset, about, gap_limit=config.gap_limit, fine_tuning_epochs=epochs, progress=bar
            )
        except UserError as error:
            problems["int8"] = f"{error}. The trained model is in {last.path}"
        float32 = export.to_float32(converter, trained, about)
    if float32.problem:
        problems["float32"] = float32.problem
    else:
        exported["float32"] = float32.paths
    result = results.begin(config, given, dataset, history)
    result["models"] = {kind: {"absent": text} for kind, text in problems.items()}
    if int8:
        exported["int8"] = int8.paths
    if not exported:
        raise RuntimeError("; ".join(problems.values()))
    console.say(
        f"running the exported files on the {len(dataset.evaluation)} sequences of the {dataset.evaluation_part}"
    )
    outputs, pictures = results.evaluate(result, dataset, trained.snapshots, exported, folder)
    if int8:
        pictures += results.evaluate_int8(result, config, dataset, last, int8, outputs, folder)
    pictures += results.generate(result, dataset, exported, folder)
    pictures += results.plot_losses(history, config, folder)
    taken = export.take_away(
        config.stem,
        about,
        last.network,
        integers=int8.network if int8 else None,
        x=dataset.evaluation.x,
        step_float32=float32.step.read_bytes() if float32.step else None,
    )
    result["exports"] = {"files": results.listed(config.stem, taken.files), **taken.sizes}
    result["training"]["total_seconds"] = time.perf_counter() - started
    text = report.to_json(result)
    files.write_atomically(folder / "report.json", text)
    files.write_atomically(folder / "report.md", report.to_markdown(result, pictures, taken.text))
    published: dict[str, bytes | str | None] = {
        f"{config.stem}-{kind}.tflite": exported[kind][-1].read_bytes() if kind in exported else None
        for kind in ("float32", "int8")
    }
    published |= {f"{config.stem}{suffix}": taken.files.get(suffix) for suffix in export.SUFFIXES}
    published[f"{config.stem}-report.json"] = text
    with files.explained(config.output_dir):
        files.publish(config.output_dir, published)
    _conclude(result, config, folder, [name for name, data in published.items() if data is not None], console)
    return 1 if problems else 0


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
