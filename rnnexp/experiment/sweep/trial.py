"""One trial: it trains, quantises and evaluates, by the stages of a run and with the same bits, and leaves no file."""

from __future__ import annotations

import functools
import hashlib
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnexp.config import Settings
from rnnexp.console import Console
from rnnexp.datasets import Dataset
from rnnexp.experiment import build
from rnnexp.experiment import evaluate as results
from rnnexp.experiment.prepare import prepare
from rnnexp.experiment.quantize import quantize_snapshots
from rnnexp.experiment.run import Made, Shared, run
from rnnexp.experiment.sweep.data import DataKept
from rnnexp.experiment.sweep.machine import processor
from rnnexp.experiment.sweep.outcome import Outcome
from rnnexp.experiment.train import train
from rnnexp.formats.c import files as c
from rnnexp.formats.npz import weights
from rnnexp.formats.tflite.float32 import ConversionError, Converter
from rnnexp.quantization import diagnosis
from rnnexp.report import evaluation
from rnnexp.report.metrics import numbers
from rnnexp.runtimes.tflite import TFLiteModel
from rnnexp.threads import one_thread

if TYPE_CHECKING:
    from rnnexp.training.history import Epoch


@dataclass(frozen=True)
class Trial:
    """What a trial came to, and the baselines of its data.

    Attributes:
        outcome: in plain numbers.
        baselines: name -> metrics.
    """

    outcome: Outcome
    baselines: dict[str, dict[str, float]]


class Workshop:
    """What a process keeps between trials: compiled programs, data sets, and TensorFlow's converter in its process.

    Use as a context manager; leaving it ends the converter.

    Args:
        folder: for what trials leave for a moment, and for what the converter prints.
    """

    def __init__(self, folder: Path) -> None:
        from rnnexp.training.programs import Programs

        self._folder, self._programs, self._data = folder, Programs(), DataKept()
        self._converter, self._threads = Converter(folder / "converter.log"), one_thread()

    def __enter__(self) -> Workshop:
        self._threads.__enter__()
        self._converter.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._converter.__exit__(*error)
        self._threads.__exit__(*error)

    @property
    def broken(self) -> bool:
        """Whether the converter's process has ended: whatever the trial came to then is no fault of its settings."""
        return self._converter.ended

    def try_settings(self, config: Settings, watch: Callable[[Epoch], object] | None = None) -> Trial:
        """Train, quantise and evaluate on the validation part.

        Args:
            config: the settings.
            watch: called after each epoch.

        Raises:
            UserError: for whatever the user can mend.
            ConversionError: if there is no float32 file.
        """
        started = time.perf_counter()
        prepared = prepare(config, self._load)
        config, about = prepared.config, prepared.about
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            with Console(folder / "log.txt", quiet=True) as console:
                trained = train(
                    config,
                    prepared.dataset,
                    prepared.architecture,
                    build.unit_scale(prepared.dataset),
                    folder,
                    console,
                    prepared.start,
                    programs=self._programs,
                    watch=watch,
                    solve=lambda dataset: self._data.of(dataset).linear_model,
                    only_last=True,
                )
                last = trained.last
                int8 = quantize_snapshots(
                    trained,
                    prepared.dataset,
                    about,
                    gap_limit=config.gap_limit,
                    fine_tuning_epochs=config.qat_epochs,
                    io_bits=config.io_bits,
                    tables=config.tables,
                    progress=functools.partial(console.training, what="fine-tuning"),
                    programs=self._programs,
                )
                float32 = last.path.with_suffix(".float32.tflite")
                self._converter.convert(last.path, float32, about.to_entries())
            return self._judge(Made(prepared, trained, int8, float32, folder), started)

    def run(self, config: Settings, watch: Callable[[Epoch], object] | None = None) -> Trial:
        """Do the same as a script would, with every file; the test part is then in the report.

        Args:
            config: the settings, which say where files go.
            watch: called after each epoch.

        Raises:
            UserError: for whatever the user can mend.
            ConversionError: if there is a file missing.
        """
        started, found = time.perf_counter(), []

        def judge(made: Made) -> None:
            judged = self._judge(made, started)
            found.append(replace(judged, outcome=replace(judged.outcome, run=made.folder.name)))

        run(config, Shared(self._load, self._programs, self._converter, watch, judge, arenas=False))
        return found[0]

    def _load(self, config: Settings) -> Dataset:
        return self._data.load(config).dataset

    def _judge(self, made: Made, started: float) -> Trial:
        """Evaluate what was made on the validation part."""
        prepared, trained, int8 = made.prepared, made.trained, made.int8
        if int8 is None or made.float32 is None:
            raise ConversionError("there is no int8 file, or no float32 file")
        data = self._data.of(prepared.dataset)
        config, dataset, last = prepared.config, data.validated, trained.last
        part, about = dataset.evaluation, prepared.about
        outputs = {
            kind: TFLiteModel(path).predict(part.x, part.lengths)
            for kind, path in {"float32": made.float32, "int8": int8.paths[-1]}.items()
        }
        losses = {kind: evaluation.loss(part, found) for kind, found in outputs.items()}
        state_errors = diagnosis.Comparison(int8.network, int8.real, part.x, part.lengths).state_error()
        figures = {kind: numbers(evaluation.evaluate(dataset, made)) for kind, made in outputs.items()}
        # A sample for the self-test that comes with the source, of which only the sizes are asked.
        lengths = None if part.lengths is None else part.lengths[:1]
        source = c.to_c(int8.network, config.stem, about, int8.network.input.encode(part.x[:1]), lengths)
        seconds = time.perf_counter() - started
        training = results.describe_training(trained.history, seconds, trained.inner)
        outcome = Outcome(
            float32=figures["float32"],
            int8=figures["int8"],
            gap=losses["int8"] - losses["float32"],
            state_error=float(state_errors.max()),
            fine_tuned=int8.fine_tuning.helped,
            flash_bytes=source.constant_bytes,
            state_bytes=source.state_bytes,
            weights=sum(values.size for values in last.network.weights),
            epochs_run=training.epochs_run,
            best_epoch=training.best_epoch,
            loss=training.loss,
            val_loss=training.val_loss,
            digest=digest(weights.arrays(last.network, int8.network, about)),
            part=dataset.evaluation_part,
            data=data.key,
            seconds=seconds,
            processor=processor(),
        )
        return Trial(outcome, data.baselines)


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of the weights and integers of a ``-weights.npz``, whatever it says of itself."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        if name != "about":
            found.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
            found.update(np.ascontiguousarray(arrays[name]).tobytes())
    return found.hexdigest()
