"""The story of a conversion: read, check, rewrite, choose, quantise, write, compare the bits, report."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rnnexp.conversion import float_check
from rnnexp.conversion.candidates import Bits, Candidate, Search, Tried
from rnnexp.conversion.conversion import Conversion
from rnnexp.conversion.doubts import doubts, one_sided
from rnnexp.conversion.export import Exported, export
from rnnexp.conversion.fidelity import measure
from rnnexp.conversion.given import Given, read
from rnnexp.conversion.tuning import FineTune, tuned
from rnnexp.errors import UserError
from rnnexp.formats.tflite.builder import Names
from rnnexp.network.graph.parts import CannotConvertError
from rnnexp.quantization import tensors
from rnnexp.quantization.diagnosis import Comparison
from rnnexp.quantization.interpolation import Tables, tables_of
from rnnexp.report.conversion import text
from rnnexp.report.conversion.content import ConversionReport
from rnnexp.report.fine_tuning import FineTuning, Way
from rnnexp.report.int8 import Tensor
from rnnexp.report.interpolation import Interpolation
from rnnexp.report.versions import versions
from rnnexp.runtimes.agreement import compare_bits
from rnnexp.threads import one_thread
from rnnexp.version import __version__

# Bytes of a name, behind which the suffixes still fit.
MOST_OF_A_NAME = 200


def convert(
    model: Any,
    calibration: Any,
    evaluate: Any = None,
    *,
    name: str = "",
    steps: int | None = None,
    begin: str | None = None,
    until: str | None = None,
    input: Literal["auto", "int8", "int16"] = "auto",  # noqa: A002  (as the command line has it)
    output: Bits = "int8",
    float32: bool = True,
    fine_tune: FineTune = "auto",
    names: Names = "short",
    tables: Tables = "full",
) -> Conversion:
    """Convert a trained recurrent network to int8 without loss.

    Args:
        model: ``keras.Model``, ``torch.nn.Module``, or the path of a file: ``.keras``, ``.h5``, ``.onnx``, ``.tflite``,
            ``-weights.npz``.
        calibration: sequences that show what the network will see: ``[n, time, features]``, or words ``[n, time]``; or
            ``Samples``, or the path of a ``.npz`` with ``x``, and ``y`` and ``lengths`` if there are such.
        evaluate: the same, held out: what the report's figures are of. None: the calibration data.
        name: of the files, without suffix; by default the model's.
        steps: of a sequence, where the model leaves it open.
        begin: the layer to begin at: what it reads is the input.
        until: the last layer to convert.
        input: the type of the input; ``auto`` is int8, or int16 where that loses at least a tenth less.
        output: the type of the output, before any softmax.
        float32: whether there is to be a float32 file too, for which TensorFlow is loaded in a process of its own.
        fine_tune: ``auto`` looks for integers that together lose less, for about a second, where outputs lose more
            than their own rounding; ``full`` does so for as long as it takes, and everywhere; ``off`` never.
        names: which tensors of the int8 files have one: all, or weights and what comes in and goes out.
        tables: of gates and activations: ``interpolated`` ones have every 16th entry in C, and lines between them.

    Raises:
        UserError: if the model or the data cannot be used, naming the layer or the array.
    """
    start = time.perf_counter()
    fitting = Path(name).name == name and any(map(str.isalnum, name)) and name.isprintable()
    if name and not (fitting and len(name.encode("utf-8", "replace")) <= MOST_OF_A_NAME):
        raise UserError(f"the name is {name!r}: one with letters or digits, and without folders, as files can have")
    with one_thread():
        given = read(model, calibration, evaluate, steps=steps, begin=begin, until=until)
        # What is made meanwhile is in memory, and lost if the network was misread.
        with given.checking:
            chosen = _chosen(given, input, output, fine_tune, tables)
            name = name or _name(given.source.name)
            exported = export(chosen.best, given, name, names, float32=float32)
            report = _report(given, chosen, exported)
        report = report.model_copy(update={"seconds": time.perf_counter() - start})
    return Conversion(chosen.best, report, {**exported.contents, **_pages(report)}, given.channels)


@dataclass(frozen=True)
class _Chosen:
    """The integers that are exported, what else was tried, and what fine-tuning and interpolated tables did."""

    best: Candidate
    tried: Sequence[Tried]
    fine_tuning: FineTuning
    tables: Interpolation | None


def _chosen(
    given: Given, width: Literal["auto", "int8", "int16"], output: Bits, fine_tune: FineTune, tables: Tables
) -> _Chosen:
    """Return the integers that lose least."""
    shown = given.calibration
    widths: tuple[Bits, ...] = ("int8", "int16") if width == "auto" else (width,)
    search, lines = Search(given.graph, shown, widths, output, tables), None
    try:
        plain, tried = search.best()
    except CannotConvertError as error:
        raise given.refusal(error) from None
    if tables == "interpolated":
        added = plain.error - replace(search, tables="full").candidate(plain.choice).error
        smaller, full = tables_of(plain.integers)
        lines = Interpolation(
            added=added,
            means="the output error, before any fine-tuning",
            smaller=smaller,
            full=full,
        )
    if fine_tune == "full":
        # What takes long is not done for a network that was misread.
        given.checking.wait()
    best, fine_tuning = tuned(plain, shown, fine_tune)
    float_check.lowered(best.graph, best.network, shown.with_inputs(best.inputs(shown.x)))
    return _Chosen(best, tried, fine_tuning, lines)


def _report(given: Given, chosen: _Chosen, exported: Exported) -> ConversionReport:
    """Measure the network on the evaluation data, in every runtime at hand, and return what there is to say."""
    best = chosen.best
    judged, integers = given.evaluation, best.integers
    x = best.inputs(judged.x)
    fidelity = measure(best, judged)
    saturation = Comparison(integers, best.network, x, judged.lengths).saturation()
    bits = compare_bits(integers, integers.input.encode(x), judged.lengths)
    data, check = given.described(), given.checking.result
    return ConversionReport(
        name=exported.name,
        versions={"rnnexp": __version__, **versions()},
        source=given.source_described(),
        data=data,
        float_check=check,
        tried=[
            Way(choice=str(way.choice), error=None if way.problem else way.error, problem=way.problem or None)
            for way in chosen.tried
        ],
        chosen=str(best.choice),
        fine_tuning=chosen.fine_tuning,
        tables=chosen.tables,
        fidelity=fidelity,
        bits=bits,
        models=exported.models,
        exports=exported.others,
        quantization=[
            Tensor(**{**vars(tensor), "shape": list(tensor.shape)}) for tensor in tensors.describe(integers, saturation)
        ],
        warnings=[*given.notes, *one_sided(integers), *doubts(fidelity, data.outside, saturation, check)],
        seconds=0.0,
    )


def _pages(report: ConversionReport) -> dict[str, str]:
    """Return the files of a report: suffix of the name -> content."""
    page = text.document(report)
    return {
        "-report.json": report.model_dump_json(by_alias=True, indent=2) + "\n",
        "-report.md": page.to_markdown(),
        "-report.html": page.to_html(),
    }


def _name(source: str) -> str:
    """Return what the files' names begin with."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(source).stem).strip("-.") or "network"
