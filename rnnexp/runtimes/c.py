"""The exported C, compiled on this machine and called from Python."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.formats.c.text import identifier
from rnnexp.quantization.network import IntegerNetwork

NAME = "network"


class CompiledNetwork:
    """An integer network as a shared library, made by the C compiler that ``CC`` names, else ``cc``.

    Args:
        network: the integers.

    Raises:
        UserError: if there is no compiler, or it fails.
    """

    def __init__(self, network: IntegerNetwork) -> None:
        self._network = network
        codes = np.zeros((1, network.sequence_length, network.features), np.int8)
        files = to_c(network, NAME, About(), codes)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / f"{NAME}.h").write_text(files.header, encoding="utf-8")
            (folder / f"{NAME}.c").write_text(files.source, encoding="utf-8")
            library = folder / f"{NAME}.so"
            command = [*shlex.split(os.environ.get("CC", "cc")), "-std=c99", "-O2", "-shared", "-fPIC"]
            try:
                done = subprocess.run(
                    [*command, "-o", str(library), str(folder / f"{NAME}.c")],
                    capture_output=True,
                    text=True,
                    check=False,
                )
            except OSError as error:
                raise UserError(
                    f"no C compiler: {command[0]!r} cannot be run ({error.strerror}); install one, or name one in the "
                    "environment variable CC"
                ) from None
            if done.returncode:
                raise UserError(f"the C compiler {command[0]!r} failed: {done.stderr.strip()}")
            # Once loaded, the library needs its file no more.
            self._library = ctypes.CDLL(str(library))
        self._run = getattr(self._library, f"{identifier(NAME)}_run")
        self._buffers = np.empty(0 if self._network.forward else files.state_bytes // 2, np.int16)

    def run(self, codes: np.ndarray) -> np.ndarray:
        """Return output codes, before any softmax, for int8 input codes ``[n, time, features]``.

        Returns:
            int8 ``[n, outputs]``, or ``[n, steps, outputs]``.
        """
        network = self._network
        inputs = np.ascontiguousarray(codes, np.int8)
        places = (network.output_steps,) if network.every_step else ()
        outputs = np.empty((len(codes), *places, network.outputs), np.int8)
        for given, made in zip(inputs, outputs, strict=True):
            arrays = [given, made] if network.forward else [self._buffers, given, made]
            self._run(*(values.ctypes.data_as(ctypes.c_void_p) for values in arrays))
        return outputs
