"""Networks with random weights for raw values, their C as a library, and what ``rnnexp run`` answers of them."""

import ctypes
import subprocess

import numpy as np
from helpers.c_compiler import STRICT, write_files
from helpers.random_networks import layered

from rnnexp.commands.run import predict
from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.preprocessing.input_map import (
    AsItIs,
    Change,
    Columns,
    Difference,
    Standardized,
    TrainingRange,
    WindowChange,
    WindowDifference,
    WindowRange,
)
from rnnexp.preprocessing.standard import Target
from rnnexp.quantization.quantizer import quantize

STEPS = 9
SEASONAL = WindowDifference(to=2.0, flat_range=20.4, season=3)
CALENDAR = TrainingRange(to=2.0, minimum=-1.0, range=2.0)
# A map of one feature, or of four, with how many outputs.
MAPS = {
    "none": (AsItIs(), 1),
    "train": (TrainingRange(to=2.0, minimum=16.7, range=1510.8), 2),
    "window": (WindowRange(to=255.0, flat_range=20.4), 1),
    "difference": (Difference(to=2.0, range=90.5), 1),
    "window-difference": (WindowDifference(to=2.0, flat_range=20.4), 3),
    "change": (Change(to=0.7, range=19.5), 1),
    "window-change": (WindowChange(to=2.0, flat_range=2.4), 2),
    "season": (SEASONAL, 5),
}
SEVERAL = {
    "windows": (WindowRange(to=2.0, flat_range=20.4), 2),
    "features": (
        TrainingRange(to=1.0, minimum=(1.0, 2.5, 3.0, 4.0), range=(900.0, 800.0, 1e3, 1e3), axis="feature"),
        2,
    ),
    "targets": (Columns(columns=(SEASONAL, SEASONAL, Difference(to=2.0, range=90.5), CALENDAR), targets=2), 6),
    "inputs": (
        Columns(columns=(Change(to=2.0, range=19.5), WindowRange(to=2.0, flat_range=3.0), CALENDAR, CALENDAR)),
        3,
    ),
    "recordings": (
        Standardized(
            mean=(0.3, 500.0), deviation=(300.0, 400.0), samples_per_step=2, target=Target(offset=3.5, scale=100.0)
        ),
        1,
    ),
}


def walks(features, whole, seed=0, count=60):
    """Return windows ``[n, time, features]`` that come and go; the first is flat."""
    random = np.random.default_rng(seed)
    values = 500 + np.cumsum(random.normal(size=(count, STEPS, features)) * 30, axis=1)
    values = np.rint(values) if whole else np.round(values, 2)
    values[0] = 7.0
    return values


def scaled(input_map, values):
    """Return inputs as a network sees them."""
    offset, scale = input_map.scaling(values)
    return ((values - offset) / scale).astype(np.float32)


class Exported:
    """A network with random weights for windows, its C, and what ``rnnexp run`` answers."""

    def __init__(self, input_map, cells=(("simple", 5),), *, features=1, classes=0, about=None, io_bits=8, **options):
        known = walks(features, whole=False, seed=5)
        x = scaled(input_map, known)
        made = layered(*cells, steps=STEPS, features=features, softmax=bool(classes), **options)
        self.network = quantize(made, x.astype(np.float64), io_bits=io_bits)
        self.about = about or About(
            task="classification" if classes else "regression",
            input_map=input_map,
            classes=tuple("abcdefg"[:classes]),
            padding=options.get("padding", ""),
        )
        lengths = np.full(len(known), STEPS) if self.network.variable_length else None
        codes = self.network.input.encode(x)
        self.files = to_c(self.network, "net", self.about, codes, lengths, known)
        self.classes = classes

    def answers(self, values, lengths=None):
        """Return what ``rnnexp run --runtime numpy`` says, a row for each window."""
        content = to_tflite(self.network, self.about.to_entries())
        made = predict(content, self.about, values, "numpy", "net", lengths)
        made = np.concatenate([1 - made, made], axis=-1) if self.classes == 2 else made
        return made.reshape(len(values), -1)

    def in_c(self, library, values, lengths=None, *, whole=False):
        """Return what the C says."""
        steps = self.network.output_steps
        width = steps if whole and self.classes else steps * max(self.network.outputs, self.classes)
        made = np.zeros((len(values), width), np.int32 if whole else np.float64)
        function = library.net_predict_int if whole else library.net_predict
        buffers = [] if self.network.streams else [pointer(np.zeros(1 << 16, np.int16))]
        for number, (window, row) in enumerate(zip(values, made, strict=True)):
            given = np.ascontiguousarray(window, np.int32 if whole else np.float64)
            length = [] if lengths is None else [ctypes.c_int32(int(lengths[number]))]
            function(*buffers, pointer(given), *length, pointer(row))
        return made


def pointer(values):
    return values.ctypes.data_as(ctypes.c_void_p)


def library(folder, files, more="", *options):
    """Return the C, with more of it behind, as a shared library."""
    write_files(folder, "net", files)
    (folder / "all.c").write_text(f'#include "net.c"\n{more}')
    command = ["cc", *STRICT, "-Wconversion", "-Wshadow", "-O2", *options, "-shared", "-fPIC", "-o", "net.so", "all.c"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(folder / "net.so"))
