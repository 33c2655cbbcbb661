"""The report for people: ``report.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnnexp.network.sampling import spread
from rnnexp.presets import PRESETS
from rnnexp.report import bits, micro
from rnnexp.report.bits import Bits
from rnnexp.report.content import (
    Data,
    Example,
    Exports,
    Generation,
    GenerationFromOrigins,
    Report,
    Training,
)
from rnnexp.report.gates import Outcome, describe, failures
from rnnexp.report.int8 import Degradation, Tensor
from rnnexp.report.listening import in_markdown
from rnnexp.report.markup import cell, harmless
from rnnexp.report.metrics import ClassificationMetrics, RegressionMetrics
from rnnexp.report.models import AbsentModel, ExportedModel
from rnnexp.report.text import epochs, number, robust_gap, steps_a_second, table, units, verdict

# Rows of the table of outputs, at most; report.json has all.
SHOWN_OUTPUTS = 30


def to_markdown(report: Report, plots: Iterable[str], weights: str) -> str:
    """Return the report as Markdown.

    Args:
        report: the report.
        plots: names of files beside it, to be shown.
        weights: all weights as text.
    """
    data, count = report.data, len(report.baselines)
    judgement = [harmless(sentence) for sentence in verdict(report)]
    lines = [
        f"# {report.name}",
        "",
        *([f"**{judgement[0]}.**", "", *(f"- {finding}" for finding in judgement[1:]), ""] if judgement else []),
        *_warnings(report, judgement),
        *_gates(report.gates or []),
        *_preset(report),
        f"{harmless(data.source)}. Units: {harmless(data.units)}. Normalisation: {data.normalization}.",
        "",
        f"{data.train} sequences of {_steps(data)} to train on, {data.validation} to validate on; "
        f"the figures below are of the {data.evaluation} sequences of the {data.evaluation_part}"
        f"{harmless(_comma(units(report)))}.",
        *(f"\n{harmless(note)}" for note in data.notes),
        "",
        "## Results",
        "",
        f"{'The first row is' if count == 1 else f'The first {count} rows are'} what takes no network: trivial "
        "predictions, and simple models that have learned from the same training part. The others are the exported "
        "files, run by LiteRT.",
        *(f"\n{harmless(name)}: {harmless(note)}." for name, note in (report.baseline_notes or {}).items()),
        "",
        *_table(*table(report)),
        *(f"![{name.removesuffix('.png')}]({name})" for name in plots),
        "",
        *_outputs(report),
        *_classes(report),
        *(_examples(report.examples, data) if report.examples else []),
        *(_generation(report.generation, data) if report.generation else []),
        *(in_markdown(report.listening) if report.listening else []),
        "## Files",
        "",
        *(_model(kind, model) for kind, model in report.models.by_kind.items()),
        *_exports(report.exports),
        "",
        *micro.lines((file.file, file.micro) for file in (*report.models.exported.values(), *report.exports.files)),
        *(_int8(report.degradation, report.quantization or [], report.bits or []) if report.degradation else []),
        "## Training",
        "",
        _training(report.training),
        "",
        f"Seed {report.seed}. " + ", ".join(f"{name} {version}" for name, version in report.versions.items()) + ".",
        "",
        "## Settings",
        "",
        *_table(
            ["setting", "value"],
            [
                [name, f"{value}{' (automatic)' if name in report.automatic else ''}"]
                for name, value in report.config.items()
            ],
        ),
        "## Weights",
        "",
        "All numbers of the network, as in the `.npz`; `docs/network.md` has the equations with these names.",
        "",
        "```",
        weights.rstrip("\n"),
        "```",
        "",
    ]
    return "\n".join(lines)


def _warnings(report: Report, said: Sequence[str]) -> list[str]:
    """Return what there is to warn of and is not said yet, a line each."""
    found = [harmless(warning.text) for warning in report.warnings or []]
    more = [f"- Warning: {text}" for text in found if text not in said]
    return [*more, ""] if more else []


def _comma(text: str) -> str:
    return text and f", {text}"


def _steps(data: Data) -> str:
    """Return how many steps sequences have, in words."""
    if data.real_steps is None:
        return f"{data.time_steps} steps"
    return f"up to {data.time_steps} steps ({data.real_steps:.0%} of all are no padding)"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(map(cell, headings))} |",
        "|" + " --- |" * len(headings),
        *(f"| {' | '.join(map(cell, row))} |" for row in rows),
        "",
    ]


def _gates(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what the limits on figures have come to, if there are any."""
    if not outcomes:
        return []
    failed = bool(failures(outcomes))
    heading = "A limit of `FAIL_ON` was crossed:" if failed else "All limits of `FAIL_ON` were kept:"
    return [heading, "", *(f"- {line}" for line in describe(outcomes)), ""]


def _preset(report: Report) -> list[str]:
    """Return the line on the preset, if there was one."""
    name = report.config.get("preset")
    return [f"Preset `{name}`: {PRESETS[str(name)].about}.", ""] if name else []


def _outputs(report: Report) -> list[str]:
    """Return the section on each of several outputs: steps ahead, columns."""
    names = report.data.outputs or []
    rows = {**report.baselines, **{kind: model.metrics for kind, model in report.models.exported.items()}}
    errors = {
        name: metrics.rmse_by_output
        for name, metrics in rows.items()
        if isinstance(metrics, RegressionMetrics) and metrics.rmse_by_output
    }
    if not errors:
        return []
    shown = spread(len(names), SHOWN_OUTPUTS)
    some = f", {len(shown)} of {len(names)}" if len(shown) < len(names) else ""
    return [
        "## Outputs",
        "",
        f"RMSE of each output{some}, in {harmless(report.data.units)}.",
        "",
        *_table(["", *errors], [[names[place], *(number(each[place]) for each in errors.values())] for place in shown]),
    ]


def _classes(report: Report) -> list[str]:
    """Return the section on how much of each class is recognised."""
    models = {
        kind: model.metrics
        for kind, model in report.models.exported.items()
        if isinstance(model.metrics, ClassificationMetrics)
    }
    if not models:
        return []
    counts = [sum(row) for row in next(iter(models.values())).confusion]
    counted = "steps" if report.data.every_step else "sequences"
    rows = [
        [name, str(count), *(number(metrics.recall.get(name)) for metrics in models.values())]
        for name, count in zip(report.data.classes, counts, strict=True)
    ]
    return [
        "## Classes",
        "",
        f"The share of each class's {counted} that is recognised (recall).",
        "",
        *_table(["class", counted, *models], rows),
    ]


def _examples(examples: list[Example], data: Data) -> list[str]:
    """Return the section with some questions and answers."""
    shown = [example.model_dump() for example in examples]
    rows = [[f"`{text}`" if text else "" for text in example.values()] for example in shown]
    return [
        "## Examples",
        "",
        f"Some questions of the {data.evaluation_part}, and after them some that a model answers wrongly.",
        "",
        *_table(list(shown[0]), rows),
    ]


def _generation(generation: Generation, data: Data) -> list[str]:
    """Return the section on closed-loop generation."""
    columns = [values for errors in generation.errors.values() for values in (errors.rmse, errors.largest)]
    rows = [
        [str(steps), *(number(values[place] if place < len(values) else None) for values in columns)]
        for place, steps in enumerate(generation.horizons)
    ]
    headings = [f"{name}: {what}" for name in generation.errors for what in ("RMSE", "largest error")]
    return [
        "## Closed-loop generation",
        "",
        f"From the window just before the {data.evaluation_part}, every prediction fed back as an input. "
        f"Errors over the first steps, in {harmless(data.units)}; persistence stays at the window's last value.",
        *(f"\n{name}: {errors.absent}." for name, errors in generation.errors.items() if errors.absent),
        "",
        *_table(["steps", *headings], rows),
        *(_from_origins(generation.from_origins, data) if generation.from_origins else []),
    ]


def _from_origins(found: GenerationFromOrigins, data: Data) -> list[str]:
    """Return the paragraph on generation from many origins."""
    rows = [
        [
            str(steps),
            *(number(errors.rmse[place] if place < len(errors.rmse) else None) for errors in found.errors.values()),
        ]
        for place, steps in enumerate(found.horizons)
    ]
    return [
        f"The same from {found.origins} origins spread over the {data.evaluation_part}, {found.steps} steps from each: "
        f"RMSE over the first steps of all of them, in {harmless(data.units)}.",
        "",
        *_table(["steps", *found.errors], rows),
    ]


def _model(kind: str, model: ExportedModel | AbsentModel) -> str:
    """Return the line on a model's file."""
    if isinstance(model, AbsentModel):
        return f"- {kind}: none. {model.absent}"
    return f"- {kind}: `{model.file}`, {model.bytes:,} bytes, {model.latency_us:.0f} µs an inference" + (
        ""
        if model.keras_difference is None
        else f", largest difference from Keras {model.keras_difference:.1e} of the output range"
    )


def _exports(exports: Exports) -> list[str]:
    """Return the lines on the other files that a network is in."""
    lines = [f"- `{file.file}`, {file.bytes:,} bytes" for file in exports.files]
    if exports.constant_bytes is not None:
        lines.append(
            f"\nIn C, the network takes {exports.constant_bytes:,} bytes of flash for its numbers, besides code, "
            f"{exports.state_bytes:,} bytes of memory for each stream or sequence, and {exports.stack_bytes:,} "
            "on the stack for the codes of a time step."
        )
    if exports.speed:
        counted = ", ".join(f"{count} on {chip}" for chip, count in exports.speed)
        lines[-1] += f" A step takes about so many instructions (with -O2): {counted}."
    return lines


def _int8(cost: Degradation, tensors: list[Tensor], same: list[Bits]) -> list[str]:
    """Return the section on what int8 costs, where its bits were compared, and on every tensor of it."""
    tuned = f"before fine-tuning {cost.plain_gap:+.2g}" if cost.fine_tuned else "not fine-tuned"
    if cost.fine_tuning and cost.fine_tuning.tried:
        tuned += f"; {cost.fine_tuning}"
    sequences = "" if cost.sequences_lost is None else f" (of whole sequences {cost.sequences_lost:+.2g})"
    robust = f"; the robust gap: {robust_gap(cost)}" if cost.robust_gap_means else ""
    rows = [
        [
            tensor.name,
            tensor.dtype,
            " x ".join(map(str, tensor.shape)),
            f"{tensor.scale:.6g}",
            str(tensor.zero_point),
            number(tensor.min),
            number(tensor.max),
            "-" if tensor.saturated_share is None else f"{tensor.saturated_share:.2%}",
        ]
        for tensor in tensors
    ]
    return [
        "## int8",
        "",
        f"The gap is {cost.gap:+.2g}, that is, {cost.gap_means}{sequences}{robust}; {tuned}; "
        f"the limit is {cost.limit:.2g}. The hidden state is at most {cost.state_error:.1%} of full scale off."
        + (f" Tables are {cost.tables}." if cost.tables else ""),
        *([f"The bits are the same in {bits.described(same)}."] if same else []),
        "",
        *(line for text in (cost.diagnosis, cost.robust_diagnosis) if text for line in (f"**{text}**", "")),
        *_table(["tensor", "type", "shape", "scale", "zero point", "smallest", "largest", "cut off"], rows),
    ]


def _training(training: Training) -> str:
    """Return how the training went, in a paragraph."""
    if not training.epochs_run:
        return "None: the weights are those that training would have started from."
    speed = f" ({steps_a_second(training)} after compilation)" if training.steps_per_second else ""
    return (
        f"{epochs(training)} in {training.seconds:.1f} s{speed}, ended: {training.ended}. "
        f"The weights are those of epoch {training.best_epoch}{_losses(training)}."
    )


def _losses(training: Training) -> str:
    """Return the losses of the epoch that was kept, and what chose it."""
    if not training.best_epoch:
        return ", those that training started from: what it learned was no better by more than chance"
    by = f", of the last {training.inner} training sequences, which chose the epoch" if training.inner else ""
    return (
        f": loss {number(training.loss)}, validation loss {number(training.val_loss)}{by} (mean squared error at unit "
        "scale, or cross-entropy)"
    )
