"""What is inside a TensorFlow Lite file, for people and as JSON: the command ``rnnexp inspect``."""

from __future__ import annotations

import json
import math
import mmap
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from rnnexp.console import print_lines
from rnnexp.errors import UserError
from rnnexp.formats.tflite.arrays import BITS_ONLY, keys, raw_reason, write_npz
from rnnexp.formats.tflite.bounds import Span
from rnnexp.formats.tflite.reader import NO_TENSOR, ModelFile, Tensor, read
from rnnexp.report.aligned import aligned, shown

# Which of its inputs an operator looks up by index or key.
LOOKUPS = {
    "GATHER": (0,),
    "GATHER_ND": (0,),
    "EMBEDDING_LOOKUP": (1,),
    "EMBEDDING_LOOKUP_SPARSE": (4,),
    "HASHTABLE_LOOKUP": (1, 2),
}
# In a shape signature, a size that may change.
ANY_SIZE = -1


@dataclass(frozen=True)
class Options:
    """Show what is inside a TensorFlow Lite file, whoever wrote it."""

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE", help="the .tflite file")]
    json: Annotated[tyro.conf.FlagCreatePairsOff[bool], tyro.conf.arg(help="print JSON")] = False
    weights: Annotated[
        Path | None, tyro.conf.arg(metavar="OUT.npz", help="write all constants, with names and scales, to this file")
    ] = None


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        UserError: if the file cannot be read, or is damaged, or the weights cannot be written.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    options = tyro.cli(Options, prog="rnnexp inspect", args=arguments)
    file = open_file(options.file)
    description = describe(file, str(options.file))
    count = None
    if options.weights:
        if options.weights.suffix != ".npz" or options.weights.resolve() == options.file.resolve():
            raise UserError(f"--weights {options.weights}: constants are written to a new file with a name in .npz")
        count = write_npz(file, options.weights)
    if options.json:
        print_lines([json.dumps(description, allow_nan=False)])
    else:
        print_lines(lines(description))
        if count is not None:
            print_lines(["", f"{options.weights}: {count} constants"])
    return 0


def open_file(path: Path) -> ModelFile:
    """Read a file.

    Raises:
        UserError: if it cannot be read, or is no TensorFlow Lite file, or a damaged one.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UserError(f"{path} is a folder, not a TensorFlow Lite file")
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"{path} is not a regular file, as a TensorFlow Lite file has to be")
        if not status.st_size:
            raise UserError(f"{path} is empty, not a TensorFlow Lite file")
        with path.open("rb") as file:
            # Only the pages that are looked at are loaded: models can be larger than the memory.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return read(content, str(path))


def describe(file: ModelFile, name: str) -> dict[str, Any]:
    """Return all that the command tells, in the form of its JSON."""
    tables, weights = _constant_buffers(file)
    kinds = dict.fromkeys(weights, "weights") | dict.fromkeys(tables, "tables")
    array_names = keys(file)

    def tensor(graph: int, number: int) -> dict[str, Any]:
        entry = file.subgraphs[graph].tensors[number]
        constant = file.constant(entry)
        return {
            **_brief(entry, number),
            "constant_bytes": constant.size,
            "kind": kinds.get(entry.buffer) if constant.size else None,
            "key": array_names.get((graph, number)),
            "notes": list(_notes(entry, constant)),
        }

    return {
        "file": name,
        "bytes": len(file.content),
        "version": file.version,
        "description": file.description,
        "metadata": [{"name": entry, "bytes": file.buffers[number].size} for entry, number in file.metadata],
        "bytes_by_kind": _bytes_by_kind(file, tables, weights),
        "subgraphs": [
            {
                "index": graph,
                "name": entry.name,
                "inputs": [_brief(entry.tensors[number], number) for number in entry.inputs],
                "outputs": [_brief(entry.tensors[number], number) for number in entry.outputs],
                "operators": dict(Counter(operator.name for operator in entry.operators).most_common()),
                "tensors": [tensor(graph, number) for number in range(len(entry.tensors))],
            }
            for graph, entry in enumerate(file.subgraphs)
        ],
    }


def lines(description: dict[str, Any]) -> Iterator[str]:
    """Put what ``describe`` returns into lines of text, none of them cut."""
    yield shown(description["file"])
    yield f"{description['bytes']:,} bytes, schema version {description['version']}"
    if description["description"]:
        yield f"description: {shown(description['description'])}"
    if description["metadata"]:
        yield "metadata: " + ", ".join(
            f"{shown(entry['name'])} ({entry['bytes']:,} bytes)" for entry in description["metadata"]
        )
    yield ""
    yield from aligned(((kind, f"{count:,}", "bytes") for kind, count in description["bytes_by_kind"].items()), right=1)
    for graph in description["subgraphs"]:
        yield ""
        yield f"subgraph {graph['index']}: {shown(graph['name']) or '(no name)'}"
        operators = [f"{count} {shown(name)}" for name, count in graph["operators"].items()]
        yield f"operators: {', '.join(operators) or 'none'}"
        rows: list[tuple[str, ...]] = [("", "type", "shape", "bytes", "kind", "scale", "zero point", "name")]
        rows += [_row("input", entry) for entry in graph["inputs"]]
        rows += [_row("output", entry) for entry in graph["outputs"]]
        rows += [_row("tensor", entry) for entry in graph["tensors"]]
        yield from (f"  {line}" for line in aligned(rows, right=3))
        for entry in graph["tensors"]:
            yield from _more(entry)


def _bytes_by_kind(file: ModelFile, tables: set[int], weights: set[int]) -> dict[str, int]:
    """Share out the file's bytes; where ranges overlap, as only in odd files, to the first kind that has them."""
    spans: list[Span] = []
    counts = {}
    for kind, more in (
        ("weights", [file.buffers[number] for number in weights]),
        ("tables", [file.buffers[number] for number in tables]),
        ("names", file.names),
    ):
        before = _covered(spans)
        spans += more
        counts[kind] = _covered(spans) - before
    return {**counts, "rest": len(file.content) - _covered(spans)}


def _constant_buffers(file: ModelFile) -> tuple[set[int], set[int]]:
    """Return the numbers of the buffers that hold tables, and of those that hold weights."""
    constants, tables = set(), set()
    for graph in file.subgraphs:
        constants |= {tensor.buffer for tensor in graph.tensors if file.constant(tensor).size}
        for operator in graph.operators:
            for place in LOOKUPS.get(operator.name, ()):
                if place < operator.inputs.size and operator.inputs[place] != NO_TENSOR:
                    tables.add(graph.tensors[operator.inputs[place]].buffer)
    return constants & tables, constants - tables


def _covered(spans: Iterable[Span]) -> int:
    """Return how many bytes lie in at least one of the spans."""
    count = end = 0
    for span in sorted(spans, key=lambda span: span.start):
        count += max(0, span.end - max(end, span.start))
        end = max(end, span.end)
    return count


def _brief(tensor: Tensor, number: int) -> dict[str, Any]:
    """Describe a tensor as an input or an output; numbers that are not finite are None."""
    return {
        "index": number,
        "name": tensor.name,
        "type": tensor.type,
        "shape": list(tensor.shape),
        "shape_signature": list(tensor.shape_signature),
        "scale": [value if math.isfinite(value) else None for value in tensor.scale.tolist()],
        "zero_point": tensor.zero_point.tolist(),
        "quantized_dimension": tensor.quantized_dimension if tensor.scale.size else None,
    }


def _notes(tensor: Tensor, constant: Span) -> Iterator[str]:
    """Say what is out of the ordinary."""
    if constant.size and (reason := raw_reason(tensor, constant.size)):
        yield f"constant only as its raw bytes: {reason}"
    elif constant.size and tensor.type in BITS_ONLY:
        yield f"constant only as the bits of {tensor.type}"
    if tensor.external:
        yield f"values in another file: {tensor.external}"
    if tensor.details:
        yield f"quantised in a way that is not shown: {tensor.details}"
    if not np.isfinite(tensor.scale).all():
        yield "a scale that is not finite"
    if tensor.zero_point.size not in (0, tensor.scale.size):
        yield f"{tensor.scale.size:,} scales, but {tensor.zero_point.size:,} zero points"
    if tensor.scale.size > 1:
        dimension = tensor.quantized_dimension
        length = tensor.shape[dimension] if 0 <= dimension < len(tensor.shape) else None
        if length != tensor.scale.size:
            yield f"{tensor.scale.size:,} scales, which do not fit dimension {dimension} of the shape"


def _row(use: str, entry: dict[str, Any]) -> tuple[str, ...]:
    """Return the table's row for a tensor; ``_more`` has what does not fit."""
    shape = entry["shape_signature"] or entry["shape"]
    constant = entry.get("constant_bytes", 0)
    return (
        f"{use} {entry['index']}",
        entry["type"],
        f"[{', '.join('?' if size == ANY_SIZE else str(size) for size in shape)}]",
        f"{constant:,}" if constant else "",
        entry.get("kind") or "",
        _short(entry["scale"], _number),
        _short(entry["zero_point"], str),
        shown(entry["name"]),
    )


def _more(entry: dict[str, Any]) -> Iterator[str]:
    """Give the scales of a tensor that has several, and its notes."""
    if len(entry["scale"]) > 1:
        yield f"  tensor {entry['index']}, scales along dimension {entry['quantized_dimension']}: " + " ".join(
            map(_number, entry["scale"])
        )
    if len(set(entry["zero_point"])) > 1:
        yield f"  tensor {entry['index']}, zero points: " + " ".join(map(str, entry["zero_point"]))
    for note in entry["notes"]:
        yield f"  tensor {entry['index']}: {shown(note)}"


def _short(numbers: Sequence[Any], text: Callable[[Any], str]) -> str:
    """Put numbers into a cell if all are the same, else say how many there are."""
    return text(numbers[0]) if len(set(numbers)) == 1 else f"{len(numbers)} values" if numbers else ""


def _number(value: float | None) -> str:
    """Write a float32 with the digits that tell it from all others."""
    return "not finite" if value is None else f"{value:.9g}"
