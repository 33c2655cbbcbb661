"""The export stage of a run: the float32 files, and the network as weights, as C, and in models of one time step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp.experiment.train import Trained
from rnnexp.formats.about import About
from rnnexp.formats.c import files as c
from rnnexp.formats.c.estimate import instructions
from rnnexp.formats.npz import weights
from rnnexp.formats.tflite.float32 import ConversionError, Converter
from rnnexp.network.network import Network
from rnnexp.quantization.network import IntegerNetwork

if TYPE_CHECKING:
    from rnnexp.formats.tflite.builder import Names

# What each file's name adds to that of the model.
SUFFIXES = (
    "-weights.npz",
    ".h",
    ".c",
    "-test.c",
    "-main.c",
    "-step-int8.tflite",
    "-step-float32.tflite",
    "-encoder-int8.tflite",
    "-decoder-step-int8.tflite",
)


@dataclass(frozen=True)
class Float32:
    """The float32 files of a run.

    Attributes:
        paths: of each snapshot, in order; none, if anything went wrong.
        step: of the last one's time step, if it can go step by step.
        problem: what went wrong.
    """

    paths: list[Path] = field(default_factory=list)
    step: Path | None = None
    problem: str = ""


@dataclass(frozen=True)
class Takeaway:
    """All that can be made of a trained network besides its sequence models.

    Attributes:
        files: suffix of the name -> content.
        sizes: what the network takes on a microcontroller; empty without integers.
        text: all weights, to read.
    """

    files: dict[str, bytes | str]
    sizes: dict[str, Any]
    text: str

    @property
    def steps(self) -> dict[str, bytes]:
        """Kind of model -> its file of one time step, as far as there is one."""
        found = {kind: self.files.get(f"-step-{kind}.tflite") for kind in ("float32", "int8")}
        return {kind: content for kind, content in found.items() if isinstance(content, bytes)}

    def named(self, name: str) -> dict[str, bytes | str]:
        """Return the files by their names, which begin with the model's."""
        return {f"{name}{suffix}": content for suffix, content in self.files.items()}


def to_float32(converter: Converter, trained: Trained, about: About) -> Float32:
    """Convert every snapshot to float32, and of a network that reads forwards the last one's time step."""
    from rnnexp.formats.keras.model import time_step

    entries, last = about.to_entries(), trained.last
    paths = [snapshot.path.with_suffix(".float32.tflite") for snapshot in trained.snapshots]
    jobs = [*zip((snapshot.path for snapshot in trained.snapshots), paths, strict=True)]
    step = None
    if last.network.architecture.forward:
        saved = last.path.with_name("time-step.keras")
        step = saved.with_suffix(".float32.tflite")
        time_step(last.network).save(saved)
        jobs.append((saved, step))
    try:
        for path, target in jobs:
            converter.convert(path, target, entries)
    except ConversionError as error:
        return Float32(problem=f"TensorFlow's converter failed: {error}. The trained model is in {last.path}")
    return Float32(paths, step)


def take_away(
    name: str,
    about: About,
    network: Network,
    *,
    integers: IntegerNetwork | None,
    x: np.ndarray,
    lengths: np.ndarray | None = None,
    step_float32: bytes | None,
    samples: np.ndarray | None = None,
    names: Names = "short",
) -> Takeaway:
    """Return everything that can be made of a trained network.

    Args:
        name: of the files, without suffix.
        about: what they say of themselves.
        network: what was trained.
        integers: of it, if there are any.
        x: samples ``[n, time, features]`` for the C self-test.
        lengths: real steps of each; None: all.
        step_float32: the converted model of one time step, if there is one.
        samples: a few sequences in the data's own units, for the example in C; None: made of ``x``.
        names: which tensors of int8 .tflite files have one.
    """
    # Imported here, like TensorFlow, so that bad settings answer at once.
    from rnnexp.formats.tflite.int8.writer import to_encoder_tflite, to_step_tflite

    arrays, entries = weights.arrays(network, integers, about), about.to_entries()
    files: dict[str, bytes | str] = {"-weights.npz": weights.to_npz(arrays)}
    sizes: dict[str, Any] = {}
    if integers is not None:
        source = c.to_c(integers, name, about, integers.input.encode(x), lengths, samples)
        files |= {".h": source.header, ".c": source.source, "-test.c": source.test, "-main.c": source.main}
        sizes = {
            "constant_bytes": source.constant_bytes,
            "state_bytes": source.state_bytes,
            "stack_bytes": source.stack_bytes,
            "instructions": instructions(integers) or None,
        }
        if integers.encoder:
            files["-encoder-int8.tflite"] = to_encoder_tflite(integers, entries, names)
            if integers.decodes_by_steps:
                files["-decoder-step-int8.tflite"] = to_step_tflite(integers, entries, names)
        elif integers.forward:
            files["-step-int8.tflite"] = to_step_tflite(integers, entries, names)
    if step_float32 is not None:
        files["-step-float32.tflite"] = step_float32
    return Takeaway(files, sizes, weights.to_text(arrays))
