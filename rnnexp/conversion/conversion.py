"""A converted network: its numbers, its report and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp import files
from rnnexp.conversion import samples
from rnnexp.conversion.candidates import Candidate
from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError
from rnnexp.network.lengths import placed
from rnnexp.quantization import reference
from rnnexp.report import evaluation
from rnnexp.report.conversion.content import ConversionReport


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
