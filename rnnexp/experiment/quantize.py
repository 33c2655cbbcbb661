"""The int8 stage of a run: every snapshot as an integer network and a .tflite file, the last one fine-tuned."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnexp import files
from rnnexp.datasets import Dataset, Split
from rnnexp.experiment.train import Trained
from rnnexp.formats.about import About
from rnnexp.network.network import Network
from rnnexp.quantization import reference
from rnnexp.quantization.headroom import Headroom, expected_error, input_limits
from rnnexp.quantization.interpolation import Tables
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.products import without_exact
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.scales import IoBits
from rnnexp.report import evaluation
from rnnexp.report.fine_tuning import FineTuning

if TYPE_CHECKING:
    from rnnexp.console import EpochBar
    from rnnexp.training.history import History
    from rnnexp.training.programs import Programs

# A network that loses less than this share of GAP_LIMIT on the training part is left alone: fine-tuning would only
# move it about.
NOTHING_TO_REPAIR = 1 / 3
# Training sequences that this is judged on, at most.
GAP_SAMPLES = 4096
# Of a large data set, ranges and fine-tuning take sequences of about this many time steps in all, spread evenly.
MOST_STEPS = 2**24


@dataclass(frozen=True)
class Int8:
    """The int8 form of a trained network.

    Attributes:
        paths: the file of each snapshot, in order; the last one is fine-tuned, if there was a need.
        plain: the last snapshot quantised plainly.
        plain_training_gap: what that loses on the training part.
        network: the last file's integers.
        real: the float network that these were rounded from, in the user's numbers.
        fine_tuning: what was tried.
        history: of the fine-tuning, if it was a training that was kept.
        seconds: to quantise the last snapshot plainly and write its file.
        full_tables: what ``plain`` would be with an entry for each place; None where it has them.
    """

    paths: list[Path]
    plain: IntegerNetwork
    plain_training_gap: float
    network: IntegerNetwork
    real: Network
    fine_tuning: FineTuning
    history: History | None
    seconds: float
    full_tables: IntegerNetwork | None = None


@dataclass(frozen=True)
class Calibration:
    """What the ranges of integers are taken from.

    Attributes:
        x: inputs of the training part, of a large one some, and what is known beyond it.
        input_range: the smallest and the largest input of all of these.
        lengths: real steps of each; None: all.
        io_bits: of the codes that come in and go out.
        answered: of a series that is seen in differences, sequences with what came after them; there, codes have as
            much room for what was not seen as costs next to nothing.
        grown: whether ``x`` has more than the training part.
        tables: whether functions have lines between few entries.
    """

    x: np.ndarray
    input_range: tuple[float, float]
    lengths: np.ndarray | None = None
    io_bits: IoBits = 8
    answered: Split | None = None
    grown: bool = False
    tables: Tables = "full"

    @classmethod
    def of(cls, dataset: Dataset, io_bits: IoBits = 8, tables: Tables = "full") -> Calibration:
        """Return that of a data set, for codes of so many bits and functions of that kind."""
        x, part = dataset.train.real_x, enough(dataset.train)
        some, lengths, limits = part.x, part.lengths, (float(x.min()), float(x.max()))
        beyond = dataset.calibration
        if beyond is not None:
            some = np.concatenate([some, beyond])
            if lengths is not None:
                lengths = np.concatenate([lengths, np.full(len(beyond), beyond.shape[1], np.int32)])
            limits = min(limits[0], float(beyond.min())), max(limits[1], float(beyond.max()))
        answered = part if dataset.naive_at_zero else None
        return cls(some, limits, lengths, io_bits, answered, beyond is not None, tables)

    def quantize(self, network: Network, *, exact: bool = False) -> IntegerNetwork:
        """Quantise a network plainly; ``exact``: its products are to know what they were rounded from.

        Raises:
            UserError: if weights or ranges are not finite numbers.
        """
        limits, headroom = self.input_range, None
        # Codes of 16 bits have room enough.
        if self.answered is not None and self.io_bits == 8:
            x = self.answered.x
            error = expected_error(network.run(x) - self.answered.y)
            limits = input_limits(self.input_range, network.run, x, error)
            headroom = Headroom(float(error.min()), self.grown)
        return quantize(
            network,
            self.x,
            limits,
            self.lengths,
            io_bits=self.io_bits,
            headroom=headroom,
            tables=self.tables,
            exact=exact,
        )


def quantize_snapshots(
    trained: Trained,
    dataset: Dataset,
    about: About,
    *,
    gap_limit: float,
    fine_tuning_epochs: int,
    io_bits: IoBits = 8,
    tables: Tables = "full",
    progress: Callable[[int], AbstractContextManager[EpochBar]],
    programs: Programs | None = None,
) -> Int8:
    """Quantise every snapshot, fine-tune the last one if need be, and write their files beside the snapshots' own.

    Args:
        trained: float models; the last one is what was trained.
        dataset: the data.
        about: what the files say of themselves.
        gap_limit: what int8 may lose: a third of it, on the training part, calls for fine-tuning.
        fine_tuning_epochs: how many, if plain quantisation leaves something to repair; 0 for never.
        io_bits: of the codes that come in and go out.
        tables: whether functions have lines between few entries.
        progress: shows the progress of as many epochs.
        programs: those that are compiled already; None for none.

    Raises:
        UserError: if weights or ranges are not finite numbers.
    """
    # Imported here, like TensorFlow, so that bad settings answer at once.
    from rnnexp.experiment.fine_tuning import Repaired, repaired
    from rnnexp.formats.tflite.int8.writer import to_tflite

    calibration, entries, real = Calibration.of(dataset, io_bits, tables), about.to_entries(), trained.last.network
    networks = [calibration.quantize(snapshot.network) for snapshot in trained.snapshots[:-1]]
    start = time.perf_counter()
    exact = calibration.quantize(real, exact=True)
    plain = without_exact(exact)
    to_tflite(plain, entries)
    seconds = time.perf_counter() - start
    plain_gap = training_gap(plain, real, dataset.train)
    found = Repaired(plain, real, FineTuning(skipped="there was no need"))
    if fine_tuning_epochs and plain_gap > gap_limit * NOTHING_TO_REPAIR:
        try:
            with progress(fine_tuning_epochs) as bar:
                found = repaired(
                    plain,
                    exact,
                    trained,
                    enough(dataset.train),
                    epochs=fine_tuning_epochs,
                    loss=lambda integers: training_gap(integers, real, dataset.train),
                    on_epoch=bar.advance,
                    programs=programs,
                )
        except KeyboardInterrupt:
            # Whoever has no patience for the fine-tuning gets the network without it.
            found = Repaired(plain, real, FineTuning(skipped="it was interrupted"))
    paths = [snapshot.path.with_suffix(".int8.tflite") for snapshot in trained.snapshots]
    for path, written in zip(paths, [*networks, found.integers], strict=True):
        files.write_atomically(path, to_tflite(written, entries))
    full = replace(calibration, tables="full").quantize(real) if tables == "interpolated" else None
    return Int8(paths, plain, plain_gap, found.integers, found.real, found.report, found.history, seconds, full)


def enough(part: Split) -> Split:
    """Return the part, or of a large one as much as ``MOST_STEPS`` allow."""
    return part.some(max(MOST_STEPS // part.x.shape[1], 1))


def training_gap(integers: IntegerNetwork, network: Network, train: Split) -> float:
    """Return by how much the loss of an integer network is above that of the float one, on the training part."""
    some = train.some(GAP_SAMPLES)
    exact, rounded = network.run(some.x, lengths=some.lengths), reference.outputs(integers, some.x, some.lengths)
    if integers.softmax:
        exact, rounded = evaluation.probabilities(exact), evaluation.probabilities(rounded)
    return evaluation.loss(some, rounded) - evaluation.loss(some, exact)
