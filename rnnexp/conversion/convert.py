"""The story of a conversion: read, check, rewrite, choose, quantise, write, compare the bits, report."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rnnexp import files
from rnnexp.conversion import float_check, samples
from rnnexp.conversion.candidates import Bits, Candidate, Search
from rnnexp.conversion.fidelity import measure
from rnnexp.conversion.runtimes import compare_bits
from rnnexp.conversion.samples import Samples
from rnnexp.conversion.sources import Source, open_model
from rnnexp.conversion.tuning import FineTune, tuned
from rnnexp.errors import UserError
from rnnexp.experiment.export import take_away
from rnnexp.formats.about import About
from rnnexp.formats.tflite.builder import Names
from rnnexp.formats.tflite.float32 import ConversionError
from rnnexp.formats.tflite.graph_converter import to_float32
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.nodes import Activation, GlobalPooling
from rnnexp.network.graph.parts import CannotConvertError
from rnnexp.network.graph.rewrite import simplified
from rnnexp.network.lengths import placed, real
from rnnexp.preprocessing.input_map import AS_IT_IS
from rnnexp.quantization import reference, tensors
from rnnexp.quantization.diagnosis import SATURATED_SHARE, Comparison
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.report import evaluation
from rnnexp.report.content import Exports
from rnnexp.report.conversion import content, text
from rnnexp.report.conversion.content import ConversionReport
from rnnexp.report.fine_tuning import Way
from rnnexp.report.int8 import Tensor
from rnnexp.report.models import File
from rnnexp.report.versions import versions
from rnnexp.version import __version__

# Bytes of a name, behind which the suffixes still fit.
MOST_OF_A_NAME = 200
# More of the evaluation's inputs than this outside of what was calibrated is worth a warning.
OUTSIDE_SHARE = 0.01
# The same for the error over that of rounding the outputs alone.
LARGEST_RATIO = 2.0
# Of the range of a yes or no's logits: less than this on one side of 0 are no answers.
ONE_SIDE = 0.02


@dataclass(frozen=True)
class Conversion:
    """A converted network.

    Attributes:
        candidate: the network in real numbers and in integers.
        report: what the conversion came to.
        contents: suffix of the name -> content, of all files.
        channels: what a step of the model's outputs has, where it has an axis more than the files, which have one row.
    """

    candidate: Candidate
    report: ConversionReport
    contents: Mapping[str, bytes | str]
    channels: tuple[int, ...] = ()

    def __call__(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Return the int8 network's outputs as real numbers, as the model that was converted gives them.

        Args:
            x: its inputs, ``[n, time, features]``, or words ``[n, time]``; padding where the model masks it.
            lengths: real steps of each, ``[n]``, padding at the end; None: those that the model's mask says, or all.

        Raises:
            UserError: if the model takes other inputs.
        """
        candidate = self.candidate
        given = samples.fitting(Samples("the input", np.asarray(x), lengths=lengths), candidate.graph, None)
        found = reference.outputs(candidate.integers, candidate.inputs(given.x), given.lengths)
        if candidate.integers.answers_each_step:
            found = placed(found, given.lengths, given.padding)
        found = evaluation.probabilities(found) if candidate.integers.softmax else found
        return found.reshape(*found.shape[:2], *self.channels) if self.channels else found

    def save(self, folder: Path | str = "tflite_models") -> list[Path]:
        """Write all files into a folder, each whole, and return their paths.

        Raises:
            UserError: if they cannot be written there.
        """
        folder = Path(folder)
        named = {f"{self.report.name}{suffix}": data for suffix, data in self.contents.items()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files.publish(folder, named)
        except OSError as error:
            raise UserError(f"cannot write into {folder}: {error.strerror or error}") from None
        return [folder / name for name in named]


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
) -> Conversion:
    """Convert a trained recurrent network to int8 without loss.

    Args:
        model: ``keras.Model``, ``torch.nn.Module``, or the path of a file: ``.keras``, ``.h5``, ``.onnx``, ``.tflite``.
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

    Raises:
        UserError: if the model or the data cannot be used, naming the layer or the array.
    """
    start = time.perf_counter()
    fitting = Path(name).name == name and any(map(str.isalnum, name)) and name.isprintable()
    if name and not (fitting and len(name.encode("utf-8", "replace")) <= MOST_OF_A_NAME):
        raise UserError(f"the name is {name!r}: one with letters or digits, and without folders, as files can have")
    given = _samples(calibration, "--calibration")
    source = open_model(model, given.x, until or "", begin or "")
    shown = samples.fitting(given, source.graph, steps)
    judged = shown if evaluate is None else samples.fitting(_samples(evaluate, "--evaluate"), source.graph, steps)
    check = float_check.compare(source, shown)
    graph, notes = _with_probabilities(source.graph)
    if graph.axes.startswith("T"):
        notes.append("the model takes [time, n, features]; calibration and evaluation are read as [n, time, features]")
    channels = graph.run(shown.x[:1]).shape[2:]
    channels = channels if len(channels) > 1 else ()
    if channels:
        notes.append(
            f"the model gives {list(channels)} at each step; the files have these {math.prod(channels)} in a row"
        )
    _refuse_padding(source, shown)
    simpler = simplified(graph, shown.x)
    float_check.rewritten(graph, simpler, shown)
    try:
        best, tried = Search(simpler, shown, ("int8", "int16") if input == "auto" else (input,), output).best()
    except CannotConvertError as error:
        raise UserError(_refusal(source, error)) from None
    best, fine_tuning = tuned(best, shown, fine_tune)
    float_check.lowered(best.graph, best.network, shown.with_inputs(best.inputs(shown.x)))
    fidelity = measure(best, judged)
    name = name or _name(source.name)
    about = _about(best, name, judged)
    entries = about.to_entries()
    codes = best.integers.input.encode(best.inputs(judged.x))
    bits = compare_bits(best.integers, codes, judged.lengths)
    taken = take_away(
        name,
        about,
        best.network,
        integers=best.integers,
        x=best.inputs(judged.x),
        lengths=judged.lengths,
        step_float32=None,
        names=names,
    )
    contents: dict[str, bytes | str] = {"-int8.tflite": to_tflite(best.integers, entries, names), **taken.files}
    plain = _float32(simpler, shown, about) if float32 else content.Absent(absent="not asked for")
    if isinstance(plain, bytes):
        contents["-float32.tflite"] = plain
    saturation = Comparison(best.integers, best.network, best.inputs(judged.x), judged.lengths).saturation()
    outside = samples.outside(judged, shown)
    report = ConversionReport(
        name=name,
        versions={"rnnexp": __version__, **versions()},
        source=content.Source(
            file=source.name,
            framework=source.graph.framework,
            layers=[f"{node.name}: {node.kind}" for node in source.graph.nodes],
            begin=begin,
            until=until,
        ),
        data=content.Data(
            calibration=len(shown.x),
            evaluation=len(judged.x),
            evaluated_on=judged.name,
            held_out=evaluate is not None,
            time_steps=shown.x.shape[1],
            features=source.graph.features,
            real_steps=None if judged.lengths is None else float(real(judged.lengths, judged.x.shape[1]).mean()),
            outside=outside,
        ),
        float_check=check,
        tried=[
            Way(
                choice=str(way.choice),
                error=None if way.problem else way.error,
                problem=way.problem or None,
            )
            for way in tried
        ],
        chosen=str(best.choice),
        fine_tuning=fine_tuning,
        fidelity=fidelity,
        bits=bits,
        models={
            "int8": content.Model(**_file(name, "-int8.tflite", contents["-int8.tflite"])),
            "float32": content.Model(**_file(name, "-float32.tflite", plain)) if isinstance(plain, bytes) else plain,
        },
        exports=Exports(
            files=[File(**_file(name, suffix, data)) for suffix, data in taken.files.items()], **taken.sizes
        ),
        quantization=[
            Tensor(**{**vars(tensor), "shape": list(tensor.shape)})
            for tensor in tensors.describe(best.integers, saturation)
        ],
        warnings=[*notes, *_one_sided(best.integers), *_warnings(fidelity, outside, saturation, check)],
        seconds=time.perf_counter() - start,
    )
    page = text.document(report)
    contents |= {
        "-report.json": report.model_dump_json(by_alias=True, indent=2) + "\n",
        "-report.md": page.to_markdown(),
        "-report.html": page.to_html(),
    }
    return Conversion(best, report, contents, channels)


def _samples(given: Any, flag: str) -> Samples:
    if isinstance(given, Samples):
        return given
    if isinstance(given, str | Path):
        return samples.load(Path(given), flag)
    return Samples(flag, np.asarray(given))


def _with_probabilities(graph: Graph) -> tuple[Graph, list[str]]:
    """Return a network that ends in probabilities where it ended in their logarithms, and what to say of that."""
    last = graph.node(graph.output)
    if not isinstance(last, Activation) or last.activation != "log_softmax":
        return graph, []
    nodes = tuple(replace(node, activation="softmax") if node is last else node for node in graph.nodes)
    note = "the model gives logarithms of probabilities (log_softmax); what was written gives the probabilities"
    return replace(graph, nodes=nodes), [note]


def _refuse_padding(source: Source, shown: Samples) -> None:
    """Refuse what is made of all steps, where only the user's lengths tell which of them are real."""
    if shown.lengths is None or source.graph.masking is not None:
        return
    for node in source.graph.nodes:
        if isinstance(node, GlobalPooling):
            raise UserError(_refusal(source, CannotConvertError(node, "it would take the steps of padding too")))


def _refusal(source: Source, error: CannotConvertError) -> str:
    """Return the message for a layer that there is no way for, with its number and what can be done."""
    names = [node.name for node in source.graph.nodes]
    number = names.index(error.name) + 1 if error.name in names else None
    where = f"{source.name}: layer {number}, {error}" if number else f"{source.name}: {error}"
    ahead = [node.name for node in source.graph.nodes[: (number or 1) - 1]]
    return where + (f". What is ahead of it may: --until {ahead[-1]}" if ahead else "")


def _name(source: str) -> str:
    """Return what the files' names begin with."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(source).stem).strip("-.") or "network"


def _about(candidate: Candidate, name: str, judged: Samples) -> About:
    integers = candidate.integers
    classes = integers.softmax
    count = max(integers.outputs, 2)
    task: Literal["classification", "regression"] = "classification" if classes else "regression"
    del judged
    return About.of(
        candidate.network.architecture,
        task=task,
        dataset=name,
        input_map=candidate.input_map,
        units="",
        classes=tuple(map(str, range(count))) if classes else (),
    )


def _float32(graph: Graph, shown: Samples, about: About) -> bytes | content.Absent:
    """Return the float32 file, which takes the user's inputs as they are, or why there is none."""
    entries = replace(about, input_map=AS_IT_IS).to_entries()
    try:
        return to_float32(graph, shown.x.shape[1], shown.padding, entries)
    except ConversionError as error:
        return content.Absent(absent=f"TensorFlow's converter failed: {error}")


def _file(name: str, suffix: str, data: bytes | str) -> dict[str, Any]:
    raw = data.encode() if isinstance(data, str) else data
    return {"file": f"{name}{suffix}", "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def _one_sided(network: IntegerNetwork) -> list[str]:
    """Return what to say of a yes or no whose codes hardly reach one of the two, because no calibration data does."""
    if not network.softmax or network.outputs != 1:
        return []
    low, high = network.output.limits
    if min(-low, high) >= ONE_SIDE * (high - low):
        return []
    seen, other = ("no", "yes") if high < -low else ("yes", "no")
    return [
        f"the calibration data shows {seen} alone (probabilities {'below' if seen == 'no' else 'above'} 0.5): int8 can "
        f"never answer {other}; give calibration data of both"
    ]


def _warnings(
    fidelity: content.Fidelity, outside: float, saturation: Mapping[str, float], check: content.FloatCheck
) -> list[str]:
    """Return what a user must know."""
    found = []
    if check.absent is not None:
        found.append(f"that the network was read right has not been checked: {check.absent}")
    if outside > OUTSIDE_SHARE:
        found.append(
            f"{outside:.1%} of the evaluation's inputs lie outside what the calibration data showed: give more of it"
        )
    cut_off = {name: share for name, share in saturation.items() if share > SATURATED_SHARE and name != "input"}
    found += [
        f"{share:.1%} of the values of the {name} are cut off: give more calibration data"
        for name, share in cut_off.items()
    ]
    if fidelity.ratio > LARGEST_RATIO:
        found.append(f"the outputs are off by {fidelity.ratio:.1f} times what rounding them costs")
    return found
