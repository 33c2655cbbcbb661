"""The story of a run: load, build, train, export, evaluate, report."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rnnexp import datasets, files
from rnnexp.config import Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.errors import UserError
from rnnexp.experiment import baselines, build, checks, export, listening, page, pictures
from rnnexp.experiment import evaluate as results
from rnnexp.experiment import folder as folders
from rnnexp.experiment.conclude import conclude
from rnnexp.experiment.export import Takeaway
from rnnexp.experiment.on_micro import on_micro
from rnnexp.experiment.prepare import Prepared, prepare
from rnnexp.experiment.quantize import Int8, quantize_snapshots
from rnnexp.experiment.train import Trained, train
from rnnexp.experiment.watching import EventLog
from rnnexp.formats.tflite.float32 import Converter
from rnnexp.report import gates
from rnnexp.report.content import Exports, Report
from rnnexp.report.evaluation import evaluate, evaluate_baselines
from rnnexp.report.file import to_json
from rnnexp.report.markdown import to_markdown
from rnnexp.report.models import KINDS, AbsentModel, Models
from rnnexp.report.verdict import judge
from rnnexp.report.versions import versions
from rnnexp.threads import one_thread

if TYPE_CHECKING:
    from rnnexp.training.history import Epoch
    from rnnexp.training.programs import Programs

# The row of what a linear path gives without the recurrent layers.
PATH_ALONE = "linear path alone"


@dataclass(frozen=True)
class Made:
    """What a run has made before it evaluates.

    Attributes:
        prepared: what was known before training.
        trained: the float models.
        int8: of these; None where there is none.
        float32: the file of the last one; None where there is none.
        folder: of the run.
    """

    prepared: Prepared
    trained: Trained
    int8: Int8 | None
    float32: Path | None
    folder: Path


@dataclass(frozen=True)
class Shared:
    """What a process shares between runs, and who watches one.

    Attributes:
        load: what reads the data.
        programs: those that are compiled already; None for none.
        converter: one that is there already; None for one of the run's own.
        watch: called after each epoch of the training.
        made: called before the evaluation.
        arenas: whether it is measured what TensorFlow Lite Micro takes, if it is there.
    """

    load: Callable[[Settings], Dataset] = datasets.load
    programs: Programs | None = None
    converter: Converter | None = None
    watch: Callable[[Epoch], object] | None = None
    made: Callable[[Made], object] | None = None
    arenas: bool = True


def run(config: Settings, shared: Shared | None = None) -> Report:
    """Run one experiment and return its report, which is in its folders too.

    Args:
        config: the settings.
        shared: with other runs of the process; None for nothing.

    Raises:
        UserError: for whatever the user can mend; then nothing in the output folder has changed.
    """
    started, shared = time.perf_counter(), shared or Shared()
    # What is wrong is said at once.
    _gates(config)
    stopped = folders.find(config)
    with one_thread():
        prepared = prepare(config, shared.load)
        files.check_folder(config.output_dir, "OUTPUT_DIR")
        files.check_folder(config.runs_dir, "RUNS_DIR")
        with (
            files.explained(config.runs_dir),
            stopped or folders.new(config) as folder,
            Console(folder.path / "log.txt", quiet=config.quiet, run=folder.path.name) as console,
            nullcontext(shared.converter)
            if shared.converter
            else Converter(folder.path / "converter.log") as converter,
        ):
            if config.resume:
                going_on = f"going on with {folder.path}" if folder.resumed else ""
                console.say(going_on or "no run of these settings was stopped")
            return _run(prepared, config, folder.path, console, converter, shared, started)


def _run(
    prepared: Prepared,
    given: Settings,
    folder: Path,
    console: Console,
    converter: Converter,
    shared: Shared,
    started: float,
) -> Report:
    # Imported here, like TensorFlow, so that bad settings answer at once.
    from rnnexp.runtimes.agreement import SEQUENCES, compare_bits

    config, dataset, architecture, about = prepared.config, prepared.dataset, prepared.architecture, prepared.about
    console.say(
        f"{config.stem}: {len(dataset.train)} sequences of {dataset.train.x.shape[1]} steps to train on, "
        f"{len(dataset.validation)} to validate on, seed {config.seed}"
    )
    trained = train(
        config,
        dataset,
        architecture,
        build.unit_scale(dataset),
        folder,
        console,
        prepared.start,
        programs=shared.programs,
        watch=shared.watch,
    )
    history, last = trained.history, trained.last
    chosen = listening.choose(dataset, last.network)
    if chosen:
        about = replace(about, detector=chosen.detector)
    # Whoever interrupts the training wants an end: then no fine-tuning.
    epochs = 0 if history.ended == "interrupted" else config.qat_epochs
    bar = functools.partial(console.training, what="fine-tuning for int8", watched="int8")
    problems, exported, int8 = {}, {}, None
    try:
        int8 = quantize_snapshots(
            trained,
            dataset,
            about,
            gap_limit=config.gap_limit,
            fine_tuning_epochs=epochs,
            io_bits=config.io_bits,
            tables=config.tables,
            progress=bar,
            programs=shared.programs,
        )
    except UserError as error:
        problems["int8"] = f"{error}. The trained model is in {last.path}"
    bits = None
    if int8:
        try:
            some = dataset.evaluation.some(SEQUENCES)
            bits = compare_bits(int8.network, int8.network.input.encode(some.x), some.lengths)
        except UserError as error:
            int8, problems["int8"] = None, str(error)
    # While the converter's process has work, this one has none.
    with baselines.Background(dataset) as simple:
        float32 = export.to_float32(converter, trained, about)
    if float32.problem:
        problems["float32"] = float32.problem
    else:
        exported["float32"] = float32.paths
    if int8:
        exported["int8"] = int8.paths
    if shared.made:
        shared.made(Made(prepared, trained, int8, float32.paths[-1] if float32.paths else None, folder))
    if not exported:
        raise RuntimeError("; ".join(problems.values()))
    console.say(
        f"running the exported files on the {len(dataset.evaluation)} sequences of the {dataset.evaluation_part}"
    )
    name = config.stem
    evaluated = results.evaluate_models(
        name, dataset, trained.snapshots, exported, conversion_seconds=int8.seconds if int8 else None
    )
    plots = pictures.draw_models(folder, name, dataset, evaluated.outputs)
    compared = None
    if int8:
        compared = results.evaluate_int8(dataset, last.network, int8, evaluated.outputs, gap_limit=config.gap_limit)
        plots += pictures.draw_state_errors(folder, name, compared.state_errors)
    generation = results.generate(dataset, exported)
    plots += pictures.draw_generation(folder, name, dataset, generation)
    plots += pictures.draw_losses(folder, name, history)
    taken = export.take_away(
        name,
        about,
        last.network,
        integers=int8.network if int8 else None,
        x=dataset.evaluation.x,
        lengths=dataset.evaluation.lengths,
        step_float32=float32.step.read_bytes() if float32.step else None,
        samples=dataset.shown,
    )
    listened = listening.judge(dataset, chosen, taken.steps)
    contents = {f"{name}-{kind}.tflite": paths[-1].read_bytes() for kind, paths in exported.items()}
    micro = on_micro({**contents, **taken.named(name)}, measure=shared.arenas)
    models = {
        kind: model.model_copy(update={"micro": micro.get(model.file)}) for kind, model in evaluated.models.items()
    }
    notes, path_alone = simple.answers().notes, {}
    if trained.linear_start:
        path_alone = {PATH_ALONE: evaluate(dataset, baselines.asked(trained.linear_start, dataset))}
        notes = {**notes, PATH_ALONE: "part of the network; its gain over this row is what the recurrent layers add"}
    beside = replace(dataset, baselines={**dataset.baselines, **simple.answers().predictions})
    training = results.describe_training(history, time.perf_counter() - started, trained.inner)
    report = Report(
        name=name,
        task=config.task,
        config=config.model_dump(mode="json"),
        automatic=[setting for setting, value in given if value is None and getattr(config, setting) is not None],
        seed=config.seed,
        versions=versions(),
        data=results.describe_data(dataset),
        models=Models(**{kind: AbsentModel(absent=reason) for kind, reason in problems.items()} | models),
        baselines=evaluate_baselines(beside) | path_alone,
        baseline_notes=notes or None,
        verdict=judge(beside, evaluated.outputs, training, weights=sum(values.size for values in last.network.weights)),
        progress=evaluated.progress,
        training=training,
        degradation=compared.degradation if compared else None,
        quantization=compared.tensors if compared else None,
        generation=generation,
        listening=listened,
        examples=results.find_examples(dataset, evaluated.outputs),
        exports=Exports.of(name, taken.files, taken.sizes, micro),
        bits=bits,
    )
    report = report.model_copy(update={"warnings": checks.check(report, dataset.warnings)})
    limits = _gates(config)
    report = report.model_copy(update={"gates": gates.judge(limits, report)}) if limits else report
    text = to_json(report)
    errors = compared.state_errors if compared else None
    page.write(folder, report, architecture, beside, evaluated.outputs, history, errors)
    if config.tensorboard:
        EventLog(folder).conclude(report)
    files.write_atomically(folder / "report.md", to_markdown(report, plots, taken.text))
    published = _publish(config, folder, exported, taken, text)
    # The report comes last: a run with one has ended.
    files.write_atomically(folder / "report.json", text)
    if history.ended != "interrupted":
        trained.checkpoints.clear()
    conclude(report, console)
    for path in published:
        console.say(f"  {path}")
    console.say(f"  {folder}{os.sep}: the same files, report.html, report.md, history.csv, model.keras, plots, log.txt")
    return report


def _gates(config: Settings) -> list[gates.Gate]:
    """Return the limits on the report's figures.

    Raises:
        UserError: if one is none, or of a figure that there is none of.
    """
    return gates.parse(config.fail_on, Report.figure_names(config.task), "FAIL_ON") if config.fail_on else []


def _publish(
    config: Settings, folder: Path, exported: dict[str, list[Path]], taken: Takeaway, report: str
) -> list[Path]:
    """Put the last models, the other files and the report into the output folder, in place of an earlier run's.

    The run's own folder keeps the same files, so that any run can be deployed later.
    """
    contents: dict[str, bytes | str | None] = {
        f"{config.stem}-{kind}.tflite": exported[kind][-1].read_bytes() if kind in exported else None for kind in KINDS
    }
    contents |= {f"{config.stem}{suffix}": taken.files.get(suffix) for suffix in export.SUFFIXES}
    for name, content in contents.items():
        if content is not None:
            files.write_atomically(folder / name, content)
    contents[f"{config.stem}-report.json"] = report
    with files.explained(config.output_dir):
        files.publish(config.output_dir, contents)
    return [config.output_dir / name for name, content in contents.items() if content is not None]
