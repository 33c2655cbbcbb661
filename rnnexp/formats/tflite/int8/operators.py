"""Operators of integer TensorFlow Lite graphs, each with the tensor that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.tflite.builder import Subgraph

Op = schema.BuiltinOperator

# The lowest versions of the kernels that take these types.
CAST_VERSION = 4  # int16
CONCATENATION_VERSION = {np.int8: 2, np.int16: 3}
FILL_VERSION = 3  # int8
FULLY_CONNECTED_VERSION = 7  # int16 inputs with int64 biases
INT8_VERSION = 2  # GATHER, SOFTMAX, STRIDED_SLICE of int8
MAXIMUM_VERSION = 4  # int16; MINIMUM likewise
QUANTIZE_VERSION = 3  # int16
SOFTMAX_VERSION = {np.int8: INT8_VERSION, np.int16: 3}
SPLIT_VERSION = 4  # int16
STRIDED_SLICE_VERSION = {np.int8: INT8_VERSION, np.int16: 4}
# In the place of an input that is left out.
NO_TENSOR = -1

NO_ACTIVATION = schema.ActivationFunctionType.NONE
RELU = schema.ActivationFunctionType.RELU
RELU_N1_TO_1 = schema.ActivationFunctionType.RELU_N1_TO_1
RELU6 = schema.ActivationFunctionType.RELU6


@dataclass
class Operators:
    """Adds operators to a subgraph.

    Attributes:
        graph: where they are added.
        scope: begins the names of tensors.
    """

    graph: Subgraph
    scope: str = ""

    def combine(
        self, values: int, shape: list[int], matrix: list[list[int]], scale: float, name: str, finer: int = 1
    ) -> int:
        """Multiply int16 numbers ``[..., m]`` with a small integer matrix ``[k, m]``; return int16 of a shape, exact.

        With ``finer``, the result has a scale smaller by this, and so numbers larger by this.
        """
        result = self.tensor(name, shape, np.int16, scale / finer)
        weights = self.graph.constant(f"{self.scope}{name}_from", np.array(matrix, np.int8), scale=1.0)
        nothing = self.graph.constant(f"{self.scope}{name}_bias", np.zeros(len(matrix), np.int64), scale=scale)
        self.fully_connected([values, weights, nothing], result)
        return result

    def cast(self, values: int, dtype: Any, scale: float | None, name: str) -> int:
        """Return the same numbers in another type."""
        result = self.tensor(name, self.graph.shape(values), dtype, scale)
        self.graph.operator(Op.CAST, [values], [result], schema.CastOptionsT(), version=CAST_VERSION)
        return result

    def reshape(self, values: int, shape: list[int], dtype: Any, scale: float | None, name: str) -> int:
        """Return the same numbers in another shape."""
        result = self.tensor(name, shape, dtype, scale)
        options = schema.ReshapeOptionsT()
        options.newShape = np.array(shape, np.int32)
        self.graph.operator(Op.RESHAPE, [values, self.graph.constant("shape", options.newShape)], [result], options)
        return result

    def concatenate(self, values: list[int], shape: list[int], axis: int, dtype: Any, scale: float, name: str) -> int:
        """Return tensors joined along an axis."""
        result = self.tensor(name, shape, dtype, scale)
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        self.graph.operator(Op.CONCATENATION, values, [result], options, version=CONCATENATION_VERSION[dtype])
        return result

    def fully_connected(
        self, inputs: list[int], output: int, *, keep_dimensions: bool = False, activation: int = NO_ACTIVATION
    ) -> None:
        """Multiply with a kernel."""
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims, options.fusedActivationFunction = keep_dimensions, activation
        self.graph.operator(Op.FULLY_CONNECTED, inputs, [output], options, version=FULLY_CONNECTED_VERSION)

    def tensor(self, name: str, shape: list[int], dtype: Any, scale: float | None = None) -> int:
        """Add a tensor in this scope."""
        return self.graph.tensor(f"{self.scope}{name}", shape, dtype, scale=scale)
