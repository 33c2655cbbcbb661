"""The exported C, compiled on this machine and called from Python."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.formats.c.text import identifier
from rnnexp.network.lengths import at_the_start, placed
from rnnexp.preprocessing.input_map import AS_IT_IS, InputMap
from rnnexp.quantization.network import IntegerNetwork

NAME = "network"
# After which a compiler is taken to hang.
SECONDS = 600.0


class CompiledNetwork:
    """An integer network as a shared library, made by the C compiler that ``CC`` names, else ``cc``.

    Args:
        network: the integers.
        input_map: how its inputs are made, where it is to listen.

    Raises:
        UserError: if there is no compiler, or it fails.
    """

    def __init__(self, network: IntegerNetwork, input_map: InputMap = AS_IT_IS) -> None:
        self._network = network
        codes = np.zeros((1, network.sequence_length, network.features), network.input.dtype)
        files = to_c(network, NAME, About(input_map=input_map), codes)
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
                    timeout=SECONDS,
                )
            except subprocess.TimeoutExpired:
                raise UserError(f"the C compiler {command[0]!r} was not done after {SECONDS:g} s") from None
            except OSError as error:
                raise UserError(
                    f"no C compiler: {command[0]!r} cannot be run ({error.strerror}); install one, or name one in the "
                    "environment variable CC"
                ) from None
            if done.returncode:
                raise UserError(f"the C compiler {command[0]!r} failed: {done.stderr.strip()}")
            # Once loaded, the library needs its file no more.
            self._library = ctypes.CDLL(str(library))
        self._run = self._function("run")
        self._sound_bytes = files.sound_bytes
        self._buffers = np.empty(0 if self._network.streams else files.state_bytes // 2, np.int16)
        self._state = np.empty(files.state_bytes, np.uint8)

    def _function(self, name: str) -> Callable[..., None]:
        found: Callable[..., None] = getattr(self._library, f"{identifier(NAME)}_{name}")
        return found

    def listen(self, codes: np.ndarray) -> np.ndarray:
        """Return the output codes after every step of a sequence of any length, ``[time, outputs]``.

        Args:
            codes: ``[time, features]``; the network must read forwards.
        """
        network = self._network
        inputs = np.ascontiguousarray(codes, network.input.dtype)
        outputs = np.empty((len(inputs), network.outputs), network.output.dtype)
        init, step, output = (self._function(name) for name in ("init", "step", "output"))
        state = self._state.ctypes.data_as(ctypes.c_void_p)
        init(state)
        for given, made in zip(inputs, outputs, strict=True):
            step(state, given.ctypes.data_as(ctypes.c_void_p))
            output(state, made.ctypes.data_as(ctypes.c_void_p))
        return outputs

    @property
    def listens(self) -> bool:
        """Whether there is C from sound to input codes."""
        return self._sound_bytes > 0

    def hear(self, clips: np.ndarray, steps: int | None = None) -> np.ndarray:
        """Return the input codes that the C makes of sound, ``[n, steps, features]``.

        Args:
            clips: int16 ``[n, samples]``.
            steps: how many there are in them; None: those of a sequence.
        """
        network, prefix = self._network, identifier(NAME)
        begin, push = (getattr(self._library, f"{prefix}_sound_{name}") for name in ("init", "push"))
        sound = (ctypes.c_int32 * (self._sound_bytes // 4))()
        codes = np.zeros((len(clips), steps or network.sequence_length, network.features), network.input.dtype)
        for clip, frames in zip(np.ascontiguousarray(clips, np.int16), codes, strict=True):
            samples, count = ctypes.c_void_p(clip.ctypes.data), ctypes.c_int32(len(clip))
            begin(sound)
            for frame in frames:
                push(sound, ctypes.byref(samples), ctypes.byref(count), frame.ctypes.data_as(ctypes.c_void_p))
        return codes

    def run(self, codes: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Return output codes, before any softmax, for input codes ``[n, time, features]``.

        Args:
            codes: the inputs, or words, int32 ``[n, time]``, with any padding where the network has it.
            lengths: real steps of each sequence, ``[n]``; None: all.

        Returns:
            ``[n, outputs]``, or ``[n, steps, outputs]``, with the zero point at steps of padding.
        """
        network = self._network
        inputs = np.ascontiguousarray(codes, network.input.dtype)
        places = (network.output_steps,) if network.every_step else ()
        shape = (len(codes), *places, network.outputs)
        outputs = np.full(shape, network.output.zero_point, network.output.dtype)
        if network.variable_length:
            lengths = np.full(len(codes), network.sequence_length) if lengths is None else lengths
            # In C there is no padding.
            inputs = np.ascontiguousarray(at_the_start(inputs, lengths, network.padding))
        for number, (given, made) in enumerate(zip(inputs, outputs, strict=True)):
            arrays = [given, made] if network.streams else [self._buffers, given, made]
            *arguments, result = (values.ctypes.data_as(ctypes.c_void_p) for values in arrays)
            length = [] if lengths is None else [ctypes.c_int32(int(lengths[number]))]
            self._run(*arguments, *length, result)
        return placed(outputs, lengths, network.padding) if network.answers_each_step else outputs
