"""The report of a run: ``report.json`` for programs, ``report.md`` for people."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import rnnexp
from rnnexp.presets import PRESETS

SCHEMA = 1
PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert")
# Metrics in the order of the tables, and how each is headed.
HEADINGS = {
    "l1": "L1",
    "l2": "L2",
    "rmse": "RMSE",
    "correlation": "corr.",
    "rmse_to_persistence": "RMSE ratio",
    "direction_accuracy": "direction",
    "memory_capacity": "capacity",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "sequence_accuracy": "sequences",
    "cross_entropy": "cross-ent.",
}


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {
        "rnnexp": rnnexp.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def to_json(report: Mapping[str, Any]) -> str:
    """Return the report as JSON.

    Raises:
        ValueError: if it holds a NaN or an infinity, naming where: those are left out with a reason instead.
    """
    for where, value in _leaves(report):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"report: {where} is {value}")
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _leaves(value: Any, where: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{where}[{number}]")
    else:
        yield where, value


def table(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the comparison of models and baselines as headings and rows of text.

    Models come by epoch, as ``float32 epoch 0``, with the number of sequences where it is not all; a metric that a
    row does not have is a dash.
    """
    named = [(name, scores) for name, scores in report["baselines"].items()]
    for step in report["progress"]:
        some = f" (of {step['sequences']})" if "sequences" in step else ""
        named += [
            (f"{kind} epoch {step['epoch']}{some}", step[kind])
            for kind in report["models"]
            if step.get(kind) is not None
        ]
    shown = [name for name in HEADINGS if any(name in scores for _, scores in named)]
    rows = [[name, *(_number(scores.get(metric)) for metric in shown)] for name, scores in named]
    return ["", *(HEADINGS[name] for name in shown)], rows


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def to_markdown(report: Mapping[str, Any], plots: Iterable[str], weights: str) -> str:
    """Return the report as Markdown, with links to the plots beside it, and all weights as text."""
    data, training, count = report["data"], report["training"], len(report["baselines"])
    headings, rows = table(report)
    lines = [
        f"# {report['name']}",
        "",
        *_preset_lines(report),
        f"{data['source']}. Units: {data['units']}. Normalisation: {data['normalization']}.",
        "",
        f"{data['train']} sequences of {data['time_steps']} steps to train on, {data['validation']} to validate on; "
        f"the figures below are of the {data['evaluation']} sequences of the {data['evaluation_part']}.",
        *(f"\n{note}" for note in data["notes"]),
        "",
        "## Results",
        "",
        f"{'The first row is' if count == 1 else f'The first {count} rows are'} what takes no model at all. Models are "
        "the exported files, run by LiteRT.",
        "",
        "| " + " | ".join(headings) + " |",
        "|" + " --- |" * len(headings),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        *(f"![{name.removesuffix('.png')}]({name})" for name in plots),
        "",
        *_class_lines(report),
        *_example_lines(report),
        *_generation_lines(report),
        "## Files",
        "",
        *(_model_line(kind, model) for kind, model in report["models"].items()),
        *_export_lines(report["exports"]),
        "",
        *_int8_lines(report),
        "## Training",
        "",
        _training_line(training),
        "",
        f"Seed {report['seed']}. " + ", ".join(f"{name} {number}" for name, number in report["versions"].items()) + ".",
        "",
        "## Settings",
        "",
        "| setting | value |",
        "| --- | --- |",
        *(
            f"| {name} | {value}{' (automatic)' if name in report['automatic'] else ''} |"
            for name, value in report["config"].items()
        ),
        "",
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


def epochs(training: Mapping[str, Any]) -> str:
    """Return how many epochs were run, in words."""
    return f"{training['epochs_run']} epoch{'' if training['epochs_run'] == 1 else 's'}"


def steps_a_second(training: Mapping[str, Any]) -> str:
    """Return the speed of the training after its first epoch, which compiles, in words."""
    speed = training["steps_per_second"]
    return f"{speed:.0f} steps a second" if speed >= 10 else f"{speed:.2g} steps a second"


def _training_line(training: Mapping[str, Any]) -> str:
    if not training["epochs_run"]:
        return "None: the weights are those that training would have started from."
    speed = f" ({steps_a_second(training)} after compilation)" if training["steps_per_second"] else ""
    return (
        f"{epochs(training)} in {training['seconds']:.1f} s{speed}, ended: {training['ended']}. "
        f"The weights are those of epoch {training['best_epoch']}: loss {_number(training['loss'])}, "
        f"validation loss {_number(training['val_loss'])} (mean squared error at unit scale, or cross-entropy)."
    )


def _class_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the section on how much of each class is recognised."""
    models = {kind: model["metrics"] for kind, model in report["models"].items() if "metrics" in model}
    if not any("recall" in metrics for metrics in models.values()):
        return []
    counts = [sum(row) for row in next(iter(models.values()))["confusion"]]
    counted = "steps" if report["data"]["every_step"] else "sequences"
    return [
        "## Classes",
        "",
        f"The share of each class's {counted} that is recognised (recall).",
        "",
        f"| class | {counted} | " + " | ".join(models) + " |",
        "|" + " --- |" * (2 + len(models)),
        *(
            f"| {name} | {count} | "
            + " | ".join(_number(found["recall"].get(name)) for found in models.values())
            + " |"
            for name, count in zip(report["data"]["classes"], counts, strict=True)
        ),
        "",
    ]


def _example_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the section with some questions and answers, if they are texts."""
    if "examples" not in report:
        return []
    headings = list(report["examples"][0])
    rows = [[f"`{text}`" if text else "" for text in example.values()] for example in report["examples"]]
    return [
        "## Examples",
        "",
        f"Some questions of the {report['data']['evaluation_part']}, and after them some that a model answers wrongly.",
        "",
        "| " + " | ".join(headings) + " |",
        "|" + " --- |" * len(headings),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def generation_summary(report: Mapping[str, Any]) -> str:
    """Return what closed-loop generation came to, in a line: the error over all steps, or where it broke off."""
    found = report["generation"]
    errors = ", ".join(
        f"{name} {errors['absent'] if 'absent' in errors else _number(errors['rmse'][-1])}"
        for name, errors in found["errors"].items()
    )
    return f"{found['steps']} steps in closed loop: RMSE {errors}"


def _generation_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the section on closed-loop generation, if there was any."""
    if "generation" not in report:
        return []
    found = report["generation"]
    columns = [(name, errors[kind]) for name, errors in found["errors"].items() for kind in ("rmse", "largest")]
    rows = [
        [str(steps), *(_number(values[place] if place < len(values) else None) for _, values in columns)]
        for place, steps in enumerate(found["horizons"])
    ]
    headings = [f"{name}: {what}" for name in found["errors"] for what in ("RMSE", "largest error")]
    return [
        "## Closed-loop generation",
        "",
        f"From the window just before the {report['data']['evaluation_part']}, every prediction fed back as an input. "
        f"Errors over the first steps, in {report['data']['units']}; persistence stays at the window's last value.",
        *(f"\n{name}: {errors['absent']}." for name, errors in found["errors"].items() if "absent" in errors),
        "",
        "| " + " | ".join(["steps", *headings]) + " |",
        "|" + " --- |" * (1 + len(headings)),
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def _preset_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the line on the preset, if there was one."""
    name = report["config"]["preset"]
    return [f"Preset `{name}`: {PRESETS[name].about}.", ""] if name else []


def _int8_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the section on what int8 costs and on every tensor of it."""
    if "degradation" not in report:
        return []
    cost = report["degradation"]
    tuned = f"before fine-tuning {cost['plain_gap']:+.2g}" if cost["fine_tuned"] else "not fine-tuned"
    sequences = f" (of whole sequences {cost['sequences_lost']:+.2g})" if "sequences_lost" in cost else ""
    lines = [
        "## int8",
        "",
        f"The gap is {cost['gap']:+.2g}, that is, {cost['gap_means']}{sequences}; {tuned}; "
        f"the limit is {cost['limit']:.2g}. The hidden state is at most {cost['state_error']:.1%} of full scale off.",
        "",
        *([f"**{cost['diagnosis']}**", ""] if "diagnosis" in cost else []),
        "| tensor | type | shape | scale | zero point | smallest | largest | cut off |",
        "|" + " --- |" * 8,
    ]
    for tensor in report["quantization"]:
        share = f"{tensor['saturated_share']:.2%}" if "saturated_share" in tensor else "-"
        shape = " x ".join(map(str, tensor["shape"]))
        lines.append(
            f"| {tensor['name']} | {tensor['dtype']} | {shape} | {tensor['scale']:.6g} | {tensor['zero_point']} "
            f"| {tensor['min']:.4g} | {tensor['max']:.4g} | {share} |"
        )
    return [*lines, ""]


def _export_lines(exports: Mapping[str, Any]) -> list[str]:
    """Return the lines on the other files that a network is in."""
    lines = [f"- `{file['file']}`, {file['bytes']:,} bytes" for file in exports["files"]]
    if "constant_bytes" in exports:
        lines.append(
            f"\nIn C, the network takes {exports['constant_bytes']:,} bytes of flash for its numbers, besides code, "
            f"{exports['state_bytes']:,} bytes of memory for each stream or sequence, and {exports['stack_bytes']:,} "
            "on the stack for the codes of a time step."
        )
    return lines


def _model_line(kind: str, model: Mapping[str, Any]) -> str:
    if "file" not in model:
        return f"- {kind}: none. {model['absent']}"
    return f"- {kind}: `{model['file']}`, {model['bytes']:,} bytes, {model['latency_us']:.0f} µs an inference" + (
        f", largest difference from Keras {model['keras_difference']:.1e} of the output range"
        if "keras_difference" in model
        else ""
    )
