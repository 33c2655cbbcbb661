"""Running a .tflite file over many samples: quantise in, invoke, dequantise out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError


def quantize(values: np.ndarray, scale: float, zero_point: int, dtype: Any) -> np.ndarray:
    """Return ``values / scale + zero_point``, rounded to nearest (ties to even) and clipped to the type's range."""
    limits = np.iinfo(dtype)
    codes = np.rint(np.asarray(values, np.float64) / scale) + zero_point
    return np.clip(codes, limits.min, limits.max).astype(dtype)


def dequantize(codes: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    """Return ``(codes - zero_point) * scale`` as float32."""
    return ((codes.astype(np.int64) - zero_point) * scale).astype(np.float32)


class TFLiteModel:
    """A TensorFlow Lite model with one input and one output, run sample by sample by LiteRT.

    Args:
        source: a file's path, or its content.
        reference_kernels: use LiteRT's reference kernels in place of its optimised ones.

    Raises:
        UserError: if LiteRT cannot load it.
    """

    def __init__(self, source: Path | bytes, *, reference_kernels: bool = False) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        name = "the model" if isinstance(source, bytes) else str(source)
        kernels = OpResolverType.BUILTIN_REF if reference_kernels else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        try:
            self._interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kernels)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"{name} cannot be loaded as a TensorFlow Lite model: {error}") from error
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def run_codes(self, inputs: np.ndarray) -> np.ndarray:
        """Run inputs ``[n, ...]`` that are already in the model's type; return outputs ``[n, ...]`` in its type."""
        interpreter, outputs = self._interpreter, []
        for sample in inputs:
            interpreter.set_tensor(self._input["index"], sample[None])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(self._output["index"])[0])
        return np.stack(outputs)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Run float samples ``[n, time, features]`` and return float outputs ``[n, outputs]``."""
        if self._input["dtype"] == np.float32:
            return self.run_codes(np.asarray(x, np.float32))
        scale, zero_point = self._input["quantization"]
        codes = self.run_codes(quantize(x, scale, zero_point, self._input["dtype"]))
        return dequantize(codes, *self._output["quantization"])

    def latency_us(self, sample: np.ndarray, *, runs: int = 50) -> float:
        """Return the median time of one inference on ``sample`` ``[time, features]``, in microseconds."""
        codes = np.asarray(sample, np.float32)
        if self._input["dtype"] != np.float32:
            scale, zero_point = self._input["quantization"]
            codes = quantize(sample, scale, zero_point, self._input["dtype"])
        self._interpreter.set_tensor(self._input["index"], codes[None])
        self._interpreter.invoke()
        seconds = []
        for _ in range(runs):
            start = time.perf_counter()
            self._interpreter.invoke()
            seconds.append(time.perf_counter() - start)
        return float(np.median(seconds) * 1e6)
