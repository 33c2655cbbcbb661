"""Whole runs for tests: small data, an experiment, and what it left."""

import atexit
import dataclasses
import functools
import json
import os
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
from filelock import FileLock

from rnnexp.config import Settings
from rnnexp.experiment import run as experiment
from rnnexp.formats.tflite.float32 import Converter
from rnnexp.report.content import Report

PROJECT = Path(__file__).resolve().parents[2]
# Kept by each worker of pytest-xdist, of which there may be many: those of one file's tests.
FEW_PROGRAMS = 4


@dataclasses.dataclass(frozen=True)
class Finished:
    """A run that has ended: its settings, what it returned, and where its files are."""

    config: Settings
    returned: Report
    folder: Path

    @property
    def code(self):
        return self.returned.exit_code

    @property
    def model(self):
        return self.config.output_dir / f"{self.config.stem}-float32.tflite"

    @property
    def report_file(self):
        return self.config.output_dir / f"{self.config.stem}-report.json"

    @property
    def report(self):
        """The written file's content, as JSON."""
        return json.loads(self.report_file.read_text())


def wave(count=90):
    """A series with a trend and a season, to two digits."""
    t = np.arange(count)
    return np.round(50 + 0.3 * t + 8 * np.sin(t / 3), 2)


def write_series(folder, name, lines, header="data"):
    """Write ``data/<name>.csv`` below ``folder``."""
    path = folder / "data" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *(str(line) for line in lines)]) + "\n")
    return path


def once(tmp_path_factory, name, make):
    """Return ``make(folder)``, made once for all workers of pytest-xdist, which have a session each."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    folder, kept = place / f"{name}-run", place / f"{name}.pickle"
    with FileLock(place / f"{name}.lock"):
        if not kept.exists():
            folder.mkdir()
            kept.write_bytes(pickle.dumps(make(folder)))
    return pickle.loads(kept.read_bytes())


@functools.cache
def shared():
    """What the trials of a sweep share, and come to the same bits with, for the runs of this process."""
    # TensorFlow is loaded by those who train alone.
    from rnnexp.training.programs import Programs

    folder = Path(tempfile.mkdtemp(prefix="converter-"))
    converter = Converter(folder / "converter.log")

    def end():
        converter.__exit__(None, None, None)
        shutil.rmtree(folder)

    atexit.register(end)
    return experiment.Shared(programs=Programs(FEW_PROGRAMS), converter=converter)


def run(config):
    """Run an experiment and return what it came to."""
    report = experiment.run(config, shared())
    return Finished(config, report, max(config.runs_dir.iterdir(), key=lambda path: path.stat().st_mtime_ns))


def folders(path):
    return {"output_dir": path / "out", "runs_dir": path / "runs"}
