"""The int8 part of a run: every snapshot as an integer network and a .tflite file, the last one fine-tuned."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp import files
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.experiment.train import Snapshot
from rnnexp.network.network import FloatNetwork
from rnnexp.quantization import integer_network as layered
from rnnexp.quantization.integer_network import LayeredNetwork
from rnnexp.quantization.product import IntegerNetwork
from rnnexp.report import evaluation
from rnnexp.training.fine_tuning import fine_tune, float_network, post_training

if TYPE_CHECKING:
    from rnnexp.console import EpochBar
    from rnnexp.training.trainer import History

# A network that loses less than this share of GAP_LIMIT on the training part is left alone: fine-tuning would only
# move it about.
NOTHING_TO_REPAIR = 1 / 3
# Training sequences that this is judged on, at most.
GAP_SAMPLES = 4096


@dataclass(frozen=True)
class Int8:
    """The int8 form of a trained network.

    Attributes:
        paths: the file of each snapshot, in order; the last one is fine-tuned, if there was a need.
        plain: the last snapshot quantised plainly.
        plain_training_gap: what that loses on the training part.
        network: the last file's integers: an ``IntegerNetwork`` of one layer of simple cells that reads forwards and
            answers once.
        real: the float network that these were rounded from, in the user's numbers.
        history: of the fine-tuning, if there was one.
        seconds: to quantise the last snapshot plainly and write its file.
    """

    paths: list[Path]
    plain: IntegerNetwork | LayeredNetwork
    plain_training_gap: float
    network: IntegerNetwork | LayeredNetwork
    real: FloatNetwork
    history: History | None
    seconds: float


def convert(
    config: Settings,
    dataset: Dataset,
    snapshots: list[Snapshot],
    about: dict[str, Any],
    *,
    fine_tuning_epochs: int,
    progress: Callable[[int], AbstractContextManager[EpochBar]],
) -> Int8:
    """Quantise every snapshot, fine-tune the last one if need be, and write their files beside the snapshots' own.

    Only one layer of simple cells that reads forwards and answers once is fine-tuned.

    Args:
        config: the settings.
        dataset: the data.
        snapshots: float models; the last one is what was trained.
        about: what the files say of themselves (``rnnexp.formats.about``).
        fine_tuning_epochs: how many, if plain quantisation leaves something to repair; 0 for never.
        progress: shows the progress of as many epochs.

    Raises:
        UserError: if weights or ranges are not finite numbers.
    """
    # Imported here, like TensorFlow, so that bad settings answer at once.
    from rnnexp.formats.about import to_entries
    from rnnexp.formats.tflite.int8.writer import to_tflite

    networks = [post_training(config, dataset, snapshot.weights) for snapshot in snapshots[:-1]]
    start = time.perf_counter()
    plain, weights, history = post_training(config, dataset, snapshots[-1].weights), snapshots[-1].weights, None
    to_tflite(plain, to_entries(about))
    seconds = time.perf_counter() - start
    network, plain_gap = plain, training_gap(plain, float_network(config, dataset, weights), dataset)
    needed = plain_gap > config.gap_limit * NOTHING_TO_REPAIR
    if isinstance(plain, IntegerNetwork) and fine_tuning_epochs and needed:
        try:
            with progress(fine_tuning_epochs) as bar:
                tuned = fine_tune(
                    plain, config, dataset, snapshots[-1].trained, epochs=fine_tuning_epochs, on_epoch=bar.advance
                )
            if training_gap(tuned.network, float_network(config, dataset, weights), dataset) < plain_gap:
                network, weights, history = tuned.network, tuned.weights, tuned.history
        except KeyboardInterrupt:
            network = plain  # whoever has no patience for the fine-tuning gets the network without it
    paths = [snapshot.path.with_suffix(".int8.tflite") for snapshot in snapshots]
    for path, written in zip(paths, [*networks, network], strict=True):
        files.write_atomically(path, to_tflite(written, to_entries(about)))
    return Int8(paths, plain, plain_gap, network, float_network(config, dataset, weights), history, seconds)


def training_gap(network: IntegerNetwork | LayeredNetwork, real: FloatNetwork, dataset: Dataset) -> float:
    """Return by how much the loss of an integer network is above that of the float one, on the training part."""
    some = dataset.train.some(GAP_SAMPLES)
    exact, rounded = real.run(some.x), outputs(network, some.x)
    if network.softmax:
        exact, rounded = evaluation.probabilities(exact), evaluation.probabilities(rounded)
    return evaluation.loss(some, rounded) - evaluation.loss(some, exact)


def outputs(network: IntegerNetwork | LayeredNetwork, x: np.ndarray) -> np.ndarray:
    """Return what an integer network makes of ``x``, before any probabilities, in real numbers."""
    return network.output.decode(layered.run(layered.layered(network), network.input.encode(x)))
