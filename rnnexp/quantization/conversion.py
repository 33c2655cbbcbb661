"""The int8 part of a run: every snapshot as an integer network and a .tflite file, the last one fine-tuned."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import rnnexp
from rnnexp import files
from rnnexp.config import Settings
from rnnexp.datasets import Dataset
from rnnexp.learning import Snapshot
from rnnexp.quantization.finetuning import fine_tune, post_training
from rnnexp.quantization.network import IntegerNetwork

if TYPE_CHECKING:
    from rnnexp.training import Epoch, History


@dataclass(frozen=True)
class Int8:
    """The int8 form of a trained network.

    Attributes:
        paths: the file of each snapshot, in order; the last one is fine-tuned.
        plain: the last snapshot quantised plainly.
        network: the last file's integers.
        weights: the float weights that these were rounded from, float64 in the user's numbers.
        history: of the fine-tuning, if there was one.
        seconds: to quantise the last snapshot plainly and write its file.
    """

    paths: list[Path]
    plain: IntegerNetwork
    network: IntegerNetwork
    weights: list[np.ndarray]
    history: History | None
    seconds: float


def convert(
    config: Settings,
    dataset: Dataset,
    snapshots: list[Snapshot],
    *,
    on_epoch: Callable[[Epoch], object] | None = None,
) -> Int8:
    """Quantise every snapshot, fine-tune the last one, and write their files beside the snapshots' own.

    Raises:
        UserError: if weights or ranges are not finite numbers.
    """
    # Imported here, like TensorFlow, so that bad settings answer at once.
    from rnnexp.export.int8 import to_tflite

    networks = [post_training(config, dataset, snapshot.weights) for snapshot in snapshots[:-1]]
    start = time.perf_counter()
    networks.append(post_training(config, dataset, snapshots[-1].weights))
    to_tflite(networks[-1], metadata(dataset))
    seconds = time.perf_counter() - start
    plain, weights, history = networks[-1], snapshots[-1].weights, None
    if config.qat_epochs:
        tuned = fine_tune(plain, config, dataset, snapshots[-1].trained, epochs=config.qat_epochs, on_epoch=on_epoch)
        networks[-1], weights, history = tuned.network, tuned.weights, tuned.history
    paths = [snapshot.path.with_suffix(".int8.tflite") for snapshot in snapshots]
    for path, network in zip(paths, networks, strict=True):
        files.write_atomically(path, to_tflite(network, metadata(dataset)))
    return Int8(paths, plain, networks[-1], weights, history, seconds)


def metadata(dataset: Dataset) -> dict[str, str]:
    """Return what the file says about itself: who wrote it, and how its inputs are made."""
    about = {
        "version": rnnexp.__version__,
        "dataset": dataset.name,
        "normalization": dataset.normalization,
        "units": dataset.units,
    }
    return {"rnnexp": json.dumps(about, ensure_ascii=False)}
