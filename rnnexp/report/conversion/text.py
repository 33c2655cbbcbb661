"""The report of a conversion for people: in the terminal, as Markdown and as HTML."""

from __future__ import annotations

from rnnexp.report import bits, micro
from rnnexp.report.aligned import aligned
from rnnexp.report.conversion.content import Absent, ConversionReport, Fidelity
from rnnexp.report.document import Document
from rnnexp.report.models import File
from rnnexp.report.text import number


def verdict(report: ConversionReport) -> str:
    """Return in a line what int8 loses."""
    found = report.fidelity
    parts = [f"the int8 outputs are off by {found.ratio:.2f} times what rounding them to 8 bits costs anyway"]
    if found.accuracy:
        lost = 100.0 * (found.accuracy["float"] - found.accuracy["int8"])
        parts.append(
            f"accuracy {found.accuracy['int8']:.2%} (float {found.accuracy['float']:.2%}, {0.0 - lost:+.2f} points)"
        )
    elif found.same_class is not None:
        parts.append(f"the same class for {found.same_class:.2%}")
    if found.gap is not None:
        parts.append(f"gap {found.gap:+.2g} of the target's variance")
    return "; ".join(parts)


def lines(report: ConversionReport) -> list[str]:
    """Return what the terminal shows."""
    return [
        f"{report.name}: {verdict(report)}",
        *(f"warning: {warning}" for warning in report.warnings),
        "",
        *aligned(_facts(report), right=()),
    ]


def document(report: ConversionReport) -> Document:
    """Return the report as a document."""
    page = Document(report.name)
    page.lead(f"{verdict(report)[0].upper()}{verdict(report)[1:]}.")
    page.warnings(report.warnings)
    page.heading("What was converted")
    page.paragraph(f"{report.source.file}, {report.source.framework}.")
    page.table(["layer", "as it was read"], [line.split(": ", 1) for line in report.source.layers])
    page.heading("What int8 loses")
    page.table(["", ""], _facts(report))
    page.heading("Scales that were tried")
    page.paragraph(f"Chosen: {report.chosen}. A simpler way is kept unless another one loses a tenth less.")
    page.table(
        ["way", "error of the outputs"],
        [[way.choice, number(way.error) if way.problem is None else way.problem] for way in report.tried],
    )
    tuning = report.fine_tuning
    if tuning and tuning.tried:
        page.heading("Fine-tuning")
        page.paragraph(
            f"Chosen: {tuning.chosen}. The weights were fitted to {tuning.fitted} sequences of the calibration data. "
            f"Errors are those on {tuning.judged} others, and weights rounded to nearest are kept unless another way "
            "loses a tenth less there." + (f" {tuning.untrained}." if tuning.untrained else "")
        )
        page.table(["way", "error of the outputs"], [[way.choice, number(way.error)] for way in tuning.tried])
    page.heading("Files")
    rows = [
        [kind, "-", model.absent] if isinstance(model, Absent) else [model.file, f"{model.bytes:,}", kind]
        for kind, model in report.models.items()
    ]
    rows += [[file.file, f"{file.bytes:,}", ""] for file in report.exports.files]
    page.table(["file", "bytes", ""], rows)
    on_micro = [(file, file.micro) for file in _files(report) if file.micro]
    if on_micro:
        page.heading("On TensorFlow Lite Micro")
        page.paragraph(micro.MEANING)
        rows = [[file.file, found.arena, " ".join(found.resolver)] for file, found in on_micro]
        page.table(["file", "arena", "operators"], rows)
    page.heading("Tensors")
    page.table(
        ["name", "type", "shape", "scale", "zero point", "saturated"],
        [
            [
                tensor.name,
                tensor.dtype,
                " x ".join(map(str, tensor.shape)),
                f"{tensor.scale:.6g}",
                str(tensor.zero_point),
                "" if tensor.saturated_share is None else f"{tensor.saturated_share:.2%}",
            ]
            for tensor in report.quantization
        ],
    )
    page.paragraph(", ".join(f"{name} {version}" for name, version in report.versions.items()) + ".")
    return page


def _files(report: ConversionReport) -> list[File]:
    models = [model for model in report.models.values() if not isinstance(model, Absent)]
    return [*models, *report.exports.files]


def _facts(report: ConversionReport) -> list[list[str]]:
    """Return what there is to know, a name and a text each."""
    data, check, found = report.data, report.float_check, report.fidelity
    compared = (
        f"differs by {check.difference:.1e} of the outputs' range from {check.against} ({check.sequences} sequences)"
        if check.difference is not None
        else f"not compared: {check.absent}"
    )
    where = "" if data.held_out else ", the calibration data itself"
    rows = [
        ["float check", compared],
        ["evaluated on", f"{data.evaluation} sequences of {data.evaluated_on}{where}"],
        ["output error", f"{number(found.error)} rms, of it {number(found.rounding)} the rounding of the outputs"],
        ["largest error", _largest(found)],
        ["scales", report.chosen],
        *([["fine-tuning", str(report.fine_tuning)]] if report.fine_tuning else []),
        *([["tables", str(report.tables)]] if report.tables else []),
        ["same bits", bits.described(report.bits)],
    ]
    exports = report.exports
    if exports.constant_bytes is not None:
        rows.append(
            [
                "in C",
                f"{exports.constant_bytes:,} bytes of flash, {exports.state_bytes:,} of memory, "
                f"{exports.stack_bytes:,} of stack",
            ]
        )
    if exports.speed:
        rows.append(["instructions", ", ".join(f"about {count} on {chip}" for chip, count in exports.speed)])
    for kind, model in report.models.items():
        text = f"none: {model.absent}" if isinstance(model, Absent) else f"{model.file}, {model.bytes:,} bytes"
        rows.append([kind, text])
    return rows


def _largest(found: Fidelity) -> str:
    text = number(found.largest)
    return (
        text if found.largest_probability is None else f"{text}; {number(found.largest_probability)} of a probability"
    )
