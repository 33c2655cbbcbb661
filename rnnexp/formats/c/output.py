"""The output layer in C: its constants, and the statements that make outputs of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnexp.formats.c.cell import BYTE
from rnnexp.formats.c.codes import Codes, Segment, count, ordered
from rnnexp.formats.c.interleaved import bias_bytes, bias_type, interleaved, largest_sum
from rnnexp.formats.c.rows import Columns, Rows, Sums
from rnnexp.formats.c.text import array, indented
from rnnexp.quantization.network import IntegerNetwork


@dataclass(frozen=True)
class OutputLayer:
    """What makes outputs.

    Attributes:
        network: the integers.
        outputs: the C name of how many there are.
        limits: how large the values can be that it reads.
        largest_input: how large these of a linear path can be.
    """

    network: IntegerNetwork
    outputs: str
    limits: np.ndarray
    largest_input: int

    @property
    def constants(self) -> str:
        """The weights and biases."""
        layer = self.network.output_layer
        if self.network.flattened:
            kernel = array("int8_t", "output_kernel", [self.outputs, "2 * VALUES"], interleaved(layer))
            return f"{kernel}\n\n{array(bias_type(layer), 'output_bias', [self.outputs], layer.bias)}"
        columns = self._codes.count
        return "\n\n".join(self._rows.definitions("output_kernel", "output_bias", self.outputs, columns))

    @property
    def constant_bytes(self) -> int:
        """What these take, but for the biases of rows."""
        layer = self.network.output_layer
        return 2 * layer.high.size + bias_bytes(layer) if self.network.flattened else 2 * self._rows.weights.size

    @property
    def biases(self) -> int:
        """How many biases of rows there are."""
        return 0 if self.network.flattened else self.network.outputs

    @property
    def stack_bytes(self) -> int:
        """What arrays take; the values of all steps are taken step by step."""
        if self.network.flattened:
            return 4 * len(self.network.back_sources[-1].scale) + 8 * self.network.outputs
        window = self.network.path_inputs if self.network.forward else 0
        return self._codes.bytes + 2 * self.network.outputs + window * self.network.input.bits // BYTE

    @property
    def largest(self) -> int:
        """A bound on the sums of what takes the values of all steps."""
        return largest_sum(self.network.output_layer, self.limits) if self.network.flattened else 0

    @property
    def largest_row(self) -> int:
        """A bound on the sums of rows."""
        return 0 if self.network.flattened else self._rows.largest

    @property
    def statements(self) -> str:
        """What makes the sums of rows, in the body of a function that has the values, and the window."""
        sums = Sums(
            "sums",
            "output_kernel",
            "output_bias",
            self.outputs,
            f"{self._codes.arguments}, {self._rows.shift}",
            [None],
        )
        arrays = [self._codes.array, f"int16_t sums[{self.outputs}];"]
        return indented([*arrays, f"const row_sum added = {self._codes.total};", "int i;", *sums.calls()])

    @property
    def _codes(self) -> Codes:
        segments = [Segment("values", "VALUES", Columns(0, self.limits))]
        if inputs := self.network.path_inputs:
            lower = self.network.input.bits != BYTE
            window = Columns(len(self.limits), np.full(inputs, self.largest_input), lower)
            segments.append(Segment("window", "WINDOW", window, "inputs"))
        found = ordered(segments)
        return Codes("codes", "added", count(found, lower=True), count(found, lower=False), found, [])

    @property
    def _rows(self) -> Rows:
        return Rows(self.network.output_layer, self._codes.columns)
