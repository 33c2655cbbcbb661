"""What a run came to: the parts of the report that say what the data was, and what the exported files make of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp.datasets import Dataset
from rnnexp.datasets.dataset import Continuation
from rnnexp.experiment.quantize import Int8
from rnnexp.experiment.robust_gap import robust_gap
from rnnexp.experiment.train import Snapshot
from rnnexp.network.lengths import at_the_start, placed
from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.preprocessing import characters
from rnnexp.preprocessing.input_map import Characters
from rnnexp.quantization import diagnosis, reference, tensors
from rnnexp.quantization.interpolation import tables_of
from rnnexp.report import evaluation, generation, metrics
from rnnexp.report.content import Data, Example, Generation, Training
from rnnexp.report.int8 import Contribution, Degradation, Tensor
from rnnexp.report.interpolation import Interpolation
from rnnexp.report.metrics import Metrics
from rnnexp.report.models import ExportedModel, Progress
from rnnexp.runtimes.tflite import TFLiteModel

if TYPE_CHECKING:
    from rnnexp.training.history import History

# Long sequences take long in an interpreter: what is not the result itself, models before the last one and the check of
# the export, takes sequences of about this many time steps in all.
ASIDE_STEPS = 2**21
# Questions that the report shows, and as many again that were answered wrongly.
EXAMPLES = 6


@dataclass(frozen=True)
class ModelsEvaluation:
    """What the exported files came to on the evaluation part.

    Attributes:
        models: kind -> the last file.
        progress: all files.
        outputs: kind -> of the last file, ``[n, outputs]`` or ``[n, time, outputs]``.
    """

    models: dict[str, ExportedModel]
    progress: list[Progress]
    outputs: dict[str, np.ndarray]


@dataclass(frozen=True)
class Int8Evaluation:
    """What quantisation cost, and what it made of every tensor.

    Attributes:
        degradation: the cost.
        tensors: of the int8 network.
        state_errors: the largest difference of integer and float states, ``[time]``, as a share of full scale.
    """

    degradation: Degradation
    tensors: list[Tensor]
    state_errors: np.ndarray


def describe_data(dataset: Dataset) -> Data:
    """Return what the report says of the data set."""
    return Data(
        source=dataset.source,
        units=dataset.units,
        normalization=dataset.normalization,
        input_map=dataset.input_map,
        train=len(dataset.train),
        validation=len(dataset.validation),
        evaluation=len(dataset.evaluation),
        evaluation_part=dataset.evaluation_part,
        time_steps=dataset.train.x.shape[1],
        features=dataset.train.x.shape[2],
        real_steps=_real_steps(dataset),
        every_step=dataset.every_step,
        answer_steps=dataset.answer_steps,
        classes=list(dataset.class_names),
        notes=list(dataset.notes),
        outputs=_output_names(dataset),
    )


def _output_names(dataset: Dataset) -> list[str] | None:
    columns = dataset.columns
    return columns.output_places if columns is not None and columns.outputs > 1 else None


def _real_steps(dataset: Dataset) -> float | None:
    """Return the share of the evaluation part's steps that are no padding; None, where there is none at all."""
    part = dataset.evaluation
    return None if part.lengths is None else float(part.lengths.mean()) / part.x.shape[1]


def describe_training(history: History, total_seconds: float, inner: int = 0) -> Training:
    """Return what the report says of the training, and of how long everything took."""
    best = next((epoch for epoch in history.epochs if epoch.number == history.best_epoch), None)
    least = min(history.epochs, key=lambda epoch: epoch.val_loss, default=None)
    return Training(
        epochs_run=len(history.epochs),
        best_epoch=history.best_epoch,
        ended=history.ended,
        seconds=history.seconds,
        compile_seconds=history.compile_seconds,
        steps_per_second=history.steps_per_second,
        loss=best.loss if best else None,
        val_loss=best.val_loss if best else None,
        total_seconds=total_seconds,
        inner=inner or None,
        least_val_loss=least.val_loss if least else None,
        least_val_loss_epoch=least.number if least else None,
    )


def evaluate_models(
    name: str,
    dataset: Dataset,
    snapshots: Sequence[Snapshot],
    exported: Mapping[str, Sequence[Path]],
    *,
    conversion_seconds: float | None,
) -> ModelsEvaluation:
    """Run the exported files on the evaluation part.

    Args:
        name: of the published files, without suffix.
        dataset: the data.
        snapshots: the trained models.
        exported: kind of model -> a file for each snapshot.
        conversion_seconds: what the report says of the int8 file.
    """
    aside = dataset.with_some_evaluation(max(ASIDE_STEPS // dataset.evaluation.x.shape[1], 1))
    judged = [*[aside] * (len(snapshots) - 1), dataset]
    scores: dict[str, list[Metrics]] = {}
    outputs: dict[str, np.ndarray] = {}
    models: dict[str, ExportedModel] = {}
    for kind, paths in exported.items():
        scores[kind] = []
        for path, data in zip(paths, judged, strict=True):
            outputs[kind] = TFLiteModel(path).predict(data.evaluation.x, data.evaluation.lengths)
            scores[kind].append(evaluation.evaluate(data, outputs[kind]))
        models[kind] = ExportedModel.of(
            f"{name}-{kind}.tflite",
            paths[-1].read_bytes(),
            metrics=scores[kind][-1],
            latency_us=TFLiteModel(paths[-1]).latency_us(dataset.evaluation.x[0]),
            keras_difference=_keras_difference(outputs[kind], dataset, aside, snapshots[-1])
            if kind == "float32"
            else None,
            conversion_seconds=conversion_seconds if kind == "int8" else None,
        )
    progress = [
        Progress(
            epoch=snapshot.epoch,
            sequences=None if data is dataset else len(data.evaluation),
            **{kind: of_all[number] for kind, of_all in scores.items()},
        )
        for number, (snapshot, data) in enumerate(zip(snapshots, judged, strict=True))
    ]
    return ModelsEvaluation(models, progress, outputs)


def _keras_difference(outputs: np.ndarray, dataset: Dataset, aside: Dataset, snapshot: Snapshot) -> float:
    """Return the largest difference of a file's outputs from the Keras model's, as a share of the outputs' range."""
    some, part = outputs[spread(len(dataset.evaluation), len(aside.evaluation))], aside.evaluation
    architecture = snapshot.network.architecture
    x = placed(part.x, part.lengths, architecture.padding)
    # Called batch by batch, not through ``predict``, whose graph rewriting fills the terminal with errors of its own.
    batches = np.array_split(x, np.ceil(len(x) / 512))
    lengths = [None] * len(batches) if part.lengths is None else np.array_split(part.lengths, len(batches))
    from_keras = np.concatenate(
        [
            np.asarray(snapshot.model(batch.astype(np.float32) if own is None else [batch.astype(np.float32), own]))
            for batch, own in zip(batches, lengths, strict=True)
        ]
    )
    if architecture.answers_each_step:
        from_keras = at_the_start(from_keras, part.lengths, architecture.padding)
    return float(np.abs(some - from_keras).max()) / (float(np.ptp(from_keras)) or 1.0)


def find_examples(dataset: Dataset, outputs: Mapping[str, np.ndarray]) -> list[Example] | None:
    """Return some questions with the true answer and those of each model: some of all, some of the wrong.

    None, if questions and answers are no texts.

    Args:
        dataset: the data.
        outputs: kind of model -> probabilities ``[n, time, classes]``.
    """
    if not isinstance(dataset.input_map, Characters):
        return None
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
    return [Example(**dict(zip(columns, row, strict=True))) for row in answers]


def generate(dataset: Dataset, exported: Mapping[str, Sequence[Path]]) -> Generation | None:
    """Let the last file of each kind go on with the series in closed loop; None, where there is nothing to go on with.

    Args:
        dataset: the data.
        exported: kind of model -> a file for each snapshot.
    """
    continuation = dataset.continuation
    if continuation is None or not len(continuation.truth):
        return None
    models = {kind: TFLiteModel(paths[-1]) for kind, paths in exported.items()}

    def go_on(model: TFLiteModel, start: Continuation) -> np.ndarray:
        return generation.generate(
            model.predict, dataset.input_map, start.window, len(start.truth), beside=start.beside
        )

    generated = {kind: go_on(model, continuation) for kind, model in models.items()}
    many = {kind: [go_on(model, origin) for origin in dataset.origins] for kind, model in models.items()}
    return generation.compare(continuation, generated, generation.compare_origins(dataset.origins, many))


def evaluate_int8(
    dataset: Dataset, trained: Network, int8: Int8, outputs: Mapping[str, np.ndarray], *, gap_limit: float
) -> Int8Evaluation:
    """Compare the int8 network with the float one on the evaluation part.

    Args:
        dataset: the data.
        trained: the float network before any fine-tuning, in the user's numbers: it stands in for the float32 file
            where the converter has failed.
        int8: what was made of it.
        outputs: of the written files, by kind.
        gap_limit: the setting; a sample may be lost in any case.
    """
    x, lengths, network = dataset.evaluation.x, dataset.evaluation.lengths, int8.network
    compared = diagnosis.Comparison(network, int8.real, x, lengths)

    def final(outputs: np.ndarray) -> np.ndarray:
        return evaluation.probabilities(outputs) if int8.network.softmax else outputs

    def loss(outputs: np.ndarray) -> float:
        return evaluation.loss(dataset.evaluation, final(outputs))

    classes = dataset.task == "classification"
    float32 = outputs["float32"] if "float32" in outputs else final(trained.run(x, lengths=lengths))
    before = evaluation.loss(dataset.evaluation, float32)
    gap = evaluation.loss(dataset.evaluation, outputs["int8"]) - before
    limit = max(gap_limit, 1 / len(x)) if classes else gap_limit
    robust = None if classes else robust_gap(dataset.evaluation, float32, outputs["int8"], limit, compared)
    helped, tables = int8.fine_tuning.helped, None
    plain_gap = loss(reference.outputs(int8.plain, x, lengths)) - before if helped else gap
    if int8.full_tables is not None:
        added = plain_gap + before - loss(reference.outputs(int8.full_tables, x, lengths))
        smaller, full = tables_of(network)
        tables = Interpolation(
            added=added,
            means="the gap, before any fine-tuning",
            smaller=smaller,
            full=full,
        )
    state_errors = compared.state_error()
    some = dataset.evaluation.some(diagnosis.SAMPLES)
    described = [
        Tensor(**{**vars(tensor), "shape": list(tensor.shape)})
        for tensor in tensors.describe(network, compared.saturation())
    ]
    saturated = [tensor.name for tensor in described if (tensor.saturated_share or 0.0) > diagnosis.SATURATED_SHARE]
    degradation = Degradation(
        gap=gap,
        gap_means="the share of accuracy lost" if classes else "(L2 int8 - L2 float32) / target variance",
        limit=limit,
        plain_gap=plain_gap,
        state_error=float(state_errors.max()),
        plain_training_gap=int8.plain_training_gap,
        fine_tuned=int8.fine_tuning.helped,
        fine_tuned_in_float=evaluation.evaluate(dataset, final(int8.real.run(x, lengths=lengths))),
        sequences_lost=_sequences_lost(dataset.evaluation.y, float32, outputs["int8"]) if dataset.every_step else None,
        robust_gap=robust.gap if robust else None,
        robust_gap_means=robust.means if robust else None,
        robust_diagnosis=robust.diagnosis if robust else None,
        saturated=saturated or None,
        # A sample may be lost; that share and the limit differ by float64's last digit.
        diagnosis=compared.explain(loss) if gap > limit and not math.isclose(gap, limit) else None,
        fine_tuning_best_epoch=int8.history.best_epoch if int8.history else None,
        fine_tuning=int8.fine_tuning if int8.fine_tuning.tried else None,
        tables=tables,
        contributions=[
            Contribution(name=each.name, output_error=each.output_error, gap=each.loss)
            for each in compared.contributions_by_tensor(lambda outputs: evaluation.loss(some, final(outputs)))
        ],
    )
    return Int8Evaluation(degradation, described, state_errors)


def _sequences_lost(labels: np.ndarray, before: np.ndarray, after: np.ndarray) -> float:
    """Return the share of whole sequences ``[n, time]`` that the later outputs have lost."""
    right, kept = (
        metrics.sequence_accuracy(labels, evaluation.class_probabilities(outputs)) for outputs in (before, after)
    )
    return right - kept
