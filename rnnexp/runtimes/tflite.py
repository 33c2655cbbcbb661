"""Running a .tflite file over many samples: quantise in, invoke, dequantise out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.network.lengths import at_the_start, placed

# Whose arithmetic: LiteRT's optimised kernels, its reference kernels, or TensorFlow Lite Micro's.
Kernels = Literal["litert", "reference", "micro"]


def quantize(values: np.ndarray, scale: float, zero_point: int, dtype: Any) -> np.ndarray:
    """Return ``values / scale + zero_point``, rounded to nearest (ties to even) and clipped to the type's range."""
    limits = np.iinfo(dtype)
    codes = np.array(values, np.float64)
    codes /= scale
    np.rint(codes, out=codes)
    codes += zero_point
    return np.clip(codes, limits.min, limits.max, out=codes).astype(dtype)


def dequantize(codes: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    """Return ``(codes - zero_point) * scale`` as float32."""
    return ((codes.astype(np.int64) - zero_point) * scale).astype(np.float32)


@dataclass(frozen=True)
class TensorSpec:
    """A model's input or output: shape with the batch of 1, type, and scale and zero point, 0 and 0 if it is float."""

    shape: tuple[int, ...]
    dtype: Any
    scale: float
    zero_point: int


class Runtime(Protocol):
    """What runs a model's content, one sample at a time. Inputs and outputs are known by their place in order."""

    inputs: list[TensorSpec]
    outputs: list[TensorSpec]

    def set_input(self, place: int, sample: np.ndarray) -> None:
        """Set an input, with its batch of 1."""

    def invoke(self) -> None:
        """Run the model on the inputs that are set."""

    def get_output(self, place: int) -> np.ndarray:
        """Return a copy of an output, with its batch of 1."""


class _LiteRT:
    """LiteRT, without delegates, so that the named kernels are what runs."""

    def __init__(self, content: bytes, *, reference: bool) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        kernels = OpResolverType.BUILTIN_REF if reference else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self._interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kernels)
        self._interpreter.allocate_tensors()
        given, made = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._given, self._made = ([details["index"] for details in tensors] for tensors in (given, made))
        self.inputs, self.outputs = (
            [
                TensorSpec(tuple(map(int, details["shape"])), details["dtype"], *details["quantization"])
                for details in tensors
            ]
            for tensors in (given, made)
        )

    def set_input(self, place: int, sample: np.ndarray) -> None:
        self._interpreter.set_tensor(self._given[place], sample)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get_output(self, place: int) -> np.ndarray:
        return self._interpreter.get_tensor(self._made[place])


class _Micro:
    """TensorFlow Lite Micro, in this process."""

    # The arena must hold the activations of all subgraphs, each with the whole input.
    ARENA_BYTES = 1 << 20
    ARENA_INPUTS = 16
    # What is computed of the whole sequence at once can be larger than that.
    ARENA_GRAPHS = 2

    def __init__(self, content: bytes) -> None:
        try:
            from tflite_micro import runtime
        except ImportError as error:
            raise UserError(
                f"TensorFlow Lite Micro cannot be loaded ({error}): install it with `pip install --pre tflite-micro`"
            ) from error
        from rnnexp.formats.tflite.metadata import interface_sizes, largest_graph

        given, made = interface_sizes(content)
        arena = self.ARENA_BYTES + self.ARENA_INPUTS * sum(given) + self.ARENA_GRAPHS * largest_graph(content)
        self._interpreter = runtime.Interpreter.from_bytes(content, arena_size=arena)
        self.inputs = [self._spec(self._interpreter.get_input_details(place)) for place in range(len(given))]
        self.outputs = [self._spec(self._interpreter.get_output_details(place)) for place in range(len(made))]

    @staticmethod
    def _spec(details: dict[str, Any]) -> TensorSpec:
        scale, zero_point = (
            next(iter(details["quantization_parameters"][name].tolist()), 0) for name in ("scales", "zero_points")
        )
        return TensorSpec(tuple(map(int, details["shape"])), details["dtype"], scale, zero_point)

    def set_input(self, place: int, sample: np.ndarray) -> None:
        self._interpreter.set_input(sample, place)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def get_output(self, place: int) -> np.ndarray:
        return self._interpreter.get_output(place).copy()


def load(source: Path | bytes, kernels: Kernels = "litert") -> Runtime:
    """Load a model, with any number of inputs and outputs.

    Args:
        source: a file's path, or its content.
        kernels: whose arithmetic.

    Raises:
        UserError: if the runtime is not installed or cannot load the model.
    """
    name = "the model" if isinstance(source, bytes) else str(source)
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        return _Micro(content) if kernels == "micro" else _LiteRT(content, reference=kernels == "reference")
    except (ValueError, RuntimeError) as error:
        raise UserError(f"{name} cannot be loaded as a TensorFlow Lite model: {error}") from error


def takes_lengths(runtime: Runtime) -> bool:
    """Tell whether a model takes a sequence and its length, int32 ``[1]``, and has one output."""
    return (
        len(runtime.outputs) == 1
        and len(runtime.inputs) == 2
        and (runtime.inputs[1].shape, runtime.inputs[1].dtype) == ((1,), np.int32)
    )


class TFLiteModel:
    """A TensorFlow Lite model with one input and one output, run sample by sample.

    There may be a second input with the real length of the sample, int32 ``[1]``.

    Args:
        source: a file's path, or its content.
        kernels: whose arithmetic.

    Raises:
        UserError: if the runtime is not installed or cannot load the model.
    """

    def __init__(self, source: Path | bytes, *, kernels: Kernels = "litert") -> None:
        self._runtime, self._about = load(source, kernels), About()
        if takes_lengths(self._runtime):
            from rnnexp.formats.tflite.metadata import read_about

            content = source if isinstance(source, bytes) else Path(source).read_bytes()
            self._about = read_about(content) or self._about
        if not (takes_lengths(self._runtime) or (len(self._runtime.inputs), len(self._runtime.outputs)) == (1, 1)):
            name = "the model" if isinstance(source, bytes) else str(source)
            given, made = len(self._runtime.inputs), len(self._runtime.outputs)
            raise UserError(f"{name} has {given} inputs and {made} outputs, not one of each")

    @property
    def input(self) -> TensorSpec:
        """The shape and type of the input."""
        return self._runtime.inputs[0]

    @property
    def output(self) -> TensorSpec:
        """The shape and type of the output."""
        return self._runtime.outputs[0]

    @property
    def variable_length(self) -> bool:
        """Whether there is an input for lengths."""
        return len(self._runtime.inputs) > 1

    def run_codes(self, inputs: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Run inputs ``[n, ...]`` that are already in the model's type, padded as it takes them.

        Returns:
            Outputs ``[n, ...]`` in its type.
        """
        runtime, outputs = self._runtime, []
        if self.variable_length and lengths is None:
            lengths = np.full(len(inputs), self.input.shape[1])
        for number, sample in enumerate(inputs):
            runtime.set_input(0, sample[None])
            if lengths is not None:
                runtime.set_input(1, np.array([lengths[number]], np.int32))
            runtime.invoke()
            outputs.append(runtime.get_output(0)[0])
        return np.stack(outputs)

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Return float inputs in the model's type; numbers of words, int32, are their own codes."""
        if self.input.dtype in (np.float32, np.int32):
            return np.asarray(x).astype(self.input.dtype)
        return quantize(x, self.input.scale, self.input.zero_point, self.input.dtype)

    def predict(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Run float samples ``[n, time, features]`` and return float outputs ``[n, outputs]``, or at every step.

        Real steps, of which there are ``lengths``, come first, in outputs at every step too; None: all are real.
        """
        about = self._about
        outputs = self.run_codes(placed(self.encode(x), lengths, about.padding), lengths)
        if about.every_step and not about.answer_steps:
            outputs = at_the_start(outputs, lengths, about.padding)
        if self.output.dtype == np.float32:
            return outputs
        return dequantize(outputs, self.output.scale, self.output.zero_point)

    def latency_us(self, sample: np.ndarray, *, runs: int = 50) -> float:
        """Return the median time of one inference on ``sample`` ``[time, features]``, in microseconds."""
        invoke = self._runtime.invoke
        self._runtime.set_input(0, self.encode(sample)[None])
        if self.variable_length:
            self._runtime.set_input(1, np.array([len(sample)], np.int32))
        invoke()
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            invoke()
            seconds.append(time.perf_counter() - start)
        return float(np.median(seconds) * 1e6)


class TFLiteStepModel:
    """A TensorFlow Lite model of one time step that keeps its states.

    It is ``(input, state, ...) -> (output, next state, ...)``, with any number of states.

    Args:
        source: a file's path, or its content.
        kernels: whose arithmetic.

    Raises:
        UserError: if the runtime is not installed, or this is no model of a time step.
    """

    def __init__(self, source: Path | bytes, *, kernels: Kernels = "litert") -> None:
        self._runtime = load(source, kernels)
        given, made = self._runtime.inputs, self._runtime.outputs
        # One that has no states to keep is told from one that takes whole sequences by its input.
        if len(given[0].shape) != 2 or given[1:] != made[1:]:
            raise UserError("this is no model of one time step: it needs (input, states) -> (output, next states)")
        self.input, *self.states = given
        self.output = made[0]

    def run_codes(self, inputs: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Run sequences ``[n, time, features]`` that are already in the model's type, each from states of real 0.

        Returns:
            Outputs ``[n, time, outputs]`` and states ``[n, time, ...]`` after every step, in the model's types.
        """
        outputs, *states = (
            np.empty((*inputs.shape[:2], *spec.shape[1:]), spec.dtype) for spec in (self.output, *self.states)
        )
        for n, sequence in enumerate(inputs):
            for time_step, (output, kept) in enumerate(self._steps(sequence)):
                outputs[n, time_step] = output
                for found, values in zip(states, kept, strict=True):
                    found[n, time_step] = values[0]
        return outputs, states

    def listen(self, x: np.ndarray) -> np.ndarray:
        """Run one float sequence of any length ``[time, features]``, and return float outputs ``[time, outputs]``."""
        floating = self.input.dtype == np.float32
        codes = x if floating else quantize(x, self.input.scale, self.input.zero_point, self.input.dtype)
        made = np.empty((len(x), *self.output.shape[1:]), self.output.dtype)
        for step, (output, _) in enumerate(self._steps(codes.astype(self.input.dtype, copy=False))):
            made[step] = output
        return made if floating else dequantize(made, self.output.scale, self.output.zero_point)

    def _steps(self, sequence: np.ndarray) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
        """Yield the output and the states after each sample ``[features]``, from states of real 0."""
        kept = [np.full(spec.shape, spec.zero_point, spec.dtype) for spec in self.states]
        for sample in sequence:
            for place, values in enumerate((sample[None], *kept)):
                self._runtime.set_input(place, values)
            self._runtime.invoke()
            output, *kept = (self._runtime.get_output(place) for place in range(len(kept) + 1))
            yield output[0], kept
