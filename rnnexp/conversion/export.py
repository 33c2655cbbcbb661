"""The files of a conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from rnnexp.conversion.candidates import Candidate
from rnnexp.conversion.given import Given
from rnnexp.conversion.samples import Samples
from rnnexp.experiment.export import take_away
from rnnexp.experiment.on_micro import on_micro
from rnnexp.formats.about import About
from rnnexp.formats.tflite.builder import Names
from rnnexp.formats.tflite.float32 import ConversionError
from rnnexp.formats.tflite.graph_converter import to_float32
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.graph.graph import Graph
from rnnexp.preprocessing.input_map import AS_IT_IS
from rnnexp.report.content import Exports
from rnnexp.report.conversion import content


@dataclass(frozen=True)
class Exported:
    """Files, and what the report says of them.

    Attributes:
        name: what their names begin with.
        contents: suffix of the name -> content.
        models: ``int8`` and ``float32``.
        others: the other files.
    """

    name: str
    contents: Mapping[str, bytes | str]
    models: dict[str, content.Model | content.Absent]
    others: Exports


def export(candidate: Candidate, given: Given, name: str, names: Names, *, float32: bool) -> Exported:
    """Write a network in all forms.

    Args:
        candidate: in real numbers and in integers.
        given: what it was made of.
        name: what the files' names begin with.
        names: which tensors of the int8 files have one.
        float32: whether there is to be a float32 file too.
    """
    about, x = _about(candidate, given.graph, name), candidate.inputs(given.evaluation.x)
    taken = take_away(
        name,
        about,
        candidate.network,
        integers=candidate.integers,
        x=x,
        lengths=given.evaluation.lengths,
        step_float32=None,
        samples=given.evaluation.x if given.evaluation.lengths is None else None,
        names=names,
    )
    int8 = to_tflite(candidate.integers, about.to_entries(), names)
    contents: dict[str, bytes | str] = {"-int8.tflite": int8, **taken.files}
    plain = _float32(given.graph, given.calibration, about) if float32 else content.Absent(absent="not asked for")
    if isinstance(plain, bytes):
        contents["-float32.tflite"] = plain
    # A conversion is a matter of a second or two, and trying arenas one more.
    micro = on_micro({f"{name}{suffix}": data for suffix, data in contents.items()}, measure=False)

    def model(suffix: str, data: bytes) -> content.Model:
        return content.Model.of(f"{name}{suffix}", data, micro=micro[f"{name}{suffix}"])

    models: dict[str, content.Model | content.Absent] = {
        "int8": model("-int8.tflite", int8),
        "float32": model("-float32.tflite", plain) if isinstance(plain, bytes) else plain,
    }
    return Exported(name, contents, models, Exports.of(name, taken.files, taken.sizes, micro))


def _about(candidate: Candidate, graph: Graph, name: str) -> About:
    integers = candidate.integers
    classes = integers.softmax
    count = max(integers.outputs, 2)
    task: Literal["classification", "regression"] = "classification" if classes else "regression"
    return About.of(
        candidate.network.architecture,
        task=task,
        dataset=name,
        input_map=candidate.input_map,
        units="",
        masking=graph.masking.value if graph.masking else None,
        classes=tuple(map(str, range(count))) if classes else (),
    )


def _float32(graph: Graph, shown: Samples, about: About) -> bytes | content.Absent:
    """Return the float32 file, which takes the user's inputs as they are, or why there is none."""
    entries = replace(about, input_map=AS_IT_IS).to_entries()
    try:
        return to_float32(graph, shown.x.shape[1], shown.padding, entries)
    except ConversionError as error:
        return content.Absent(absent=f"TensorFlow's converter failed: {error}")
