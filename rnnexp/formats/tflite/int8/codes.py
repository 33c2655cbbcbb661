"""Products in a TensorFlow Lite graph, and the fine and coarse codes that they multiply."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnnexp.formats.tflite.int8.constants import Segment, bias_codes, bias_columns, weights_of, with_columns
from rnnexp.formats.tflite.int8.numbers import UPPER, NumberWriter, limiting, ratio
from rnnexp.formats.tflite.int8.operators import NO_TENSOR, RELU
from rnnexp.formats.tflite.int8.value import Value
from rnnexp.quantization.product import CODE_UNIT, RADIX, Product
from rnnexp.quantization.scales import Affine


@dataclass
class CodeWriter(NumberWriter):
    """Adds what products need to a subgraph."""

    # Of joined values what ``_grouped_codes`` made, and the values, so that no other one gets their identity.
    _groups: dict[tuple[Any, ...], tuple[list[int], list[Segment], list[Value]]] = field(default_factory=dict)
    _codes: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def products(
        self, product: Product, values: Sequence[Value], name: str, last: int | None = None, result: str = ""
    ) -> int:
        """Return the rounded sums of a product's rows, int16 ``[1, rows]``, in a tensor that may have its own name.

        With ``last``, they are places, none below 0 or beyond it.
        """
        graph, scale = self.graph, scale_of_values(product, name)
        fine, columns = scale / CODE_UNIT, bias_columns(product)
        codes, segments, count = self._all_codes(values, scale, name, 0 if columns is None else columns.shape[1])
        weights = weights_of(product, segments)
        if columns is not None:
            weights = np.concatenate([weights, with_columns(columns, count)], axis=1)
        made, activation = limiting(fine, 2.0**-product.shift, product.step, last)
        kernel_scale = RADIX * product.scale * (made / product.step)
        inputs = [codes, graph.named(graph.constant(f"{self.scope}{name}_kernel", weights, scale=kernel_scale))]
        if columns is None:
            bias = graph.constant(f"{self.scope}{name}_bias", product.bias, scale=kernel_scale * fine)
            inputs.append(graph.named(bias))
        sums = self.tensor(result or f"{name}_sums", [1, len(product.high)], np.int16, made)
        self.fully_connected(inputs if columns is None else [*inputs, NO_TENSOR], sums, activation=activation)
        graph.layouts[id(product)] = tuple(segments), count
        return sums if activation != RELU else self._not_beyond(sums, made, last, name)

    def _all_codes(
        self, values: Sequence[Value], scale: float, name: str, columns: int
    ) -> tuple[int, list[Segment], int]:
        """Return fine and coarse codes of joined values, int16 ``[inputs, 2]``, each only once.

        And how they lie, and how many codes of biases there are, if any.

        Args:
            values: whose.
            scale: of the values.
            name: of the product.
            columns: how many codes of biases follow at least.
        """
        key = (*map(id, values), scale)
        if key not in self._groups:
            self._groups[key] = (*self._grouped_codes(values, scale, name), list(values))
        found, segments, _ = self._groups[key]
        enough = [count for *other, count in self._codes if tuple(other) == key and columns and count >= columns]
        columns = min(enough, default=columns)
        key = (*key, columns)
        if key not in self._codes:
            inputs, fine = sum(value.units for value in values) + columns // 2, scale / CODE_UNIT
            if columns:
                codes = bias_codes(columns).reshape(-1, 2)
                found = [*found, self.graph.constant(f"codes_of_{columns}_biases", codes, scale=fine)]
            self._codes[key] = found[0]
            if len(found) > 1:
                self._codes[key] = self.concatenate(found, [inputs, 2], 0, np.int16, fine, f"{name}_all_codes")
            elif values[0].scale != scale and values[0].pairs is None:
                self._codes[key] = self.reshape(found[0], [inputs, 2], np.int16, fine, f"{name}_all_codes")
        return self._codes[key], segments, columns

    def _grouped_codes(self, values: Sequence[Value], scale: float, name: str) -> tuple[list[int], list[Segment]]:
        groups: list[list[Value]] = []
        for value in values:
            # Older kernels join int8 only where scales are equal.
            last = groups[-1][0] if groups else value
            if groups and value.is_int8 and last.is_int8 and value.scale == last.scale:
                groups[-1].append(value)
            else:
                groups.append([value])
        found = [
            self._codes_of_int8(group, scale, name) if group[0].is_int8 else self._codes_of_number(group[0], name)
            for group in groups
        ]
        sizes = [sum(value.units for value in group) for group in groups]
        return found, [Segment(size, planar=not group[0].is_int8) for size, group in zip(sizes, groups, strict=True)]

    def _codes_of_int8(self, values: Sequence[Value], scale: float, name: str) -> int:
        units, parts = sum(value.units for value in values), 2
        if all(value.codes is not None for value in values):
            parts, given = 1, [value.codes for value in values if value.codes is not None]
        else:
            given = [self.as_pairs(value, "input") for value in values]
        joined = given[0]
        if len(given) > 1:
            joined = self.concatenate(given, [1, units, parts], 1, np.int8, values[0].scale, "inputs_and_state")
        # QUANTIZE from int8 to int16 is missing in older runtimes, so this CAST, and the unit of the codes joined next.
        wide = self.cast(joined, np.int16, scale, f"{name}_pairs")
        matrix = [[RADIX, 1], [1, 0]] if parts == 2 else [[RADIX], [1]]
        return self.combine(wide, [units, 2], matrix, scale, f"{name}_codes", CODE_UNIT)

    def _codes_of_number(self, value: Value, name: str) -> int:
        number = self.number(value)
        upper = self._shifted(number, value.scale, UPPER, f"{name}_upper", value.scale)
        both = self.concatenate([number, upper], [2 * value.units, 1], 0, np.int16, value.scale, f"{name}_number")
        return self.combine(both, [value.units, 2], [[1, 0], [0, 1]], value.scale, f"{name}_number_codes", CODE_UNIT)

    def input_codes(self, codes: int, affine: Affine, shape: list[int], scale: float) -> int:
        """Return input codes as a whole sequence is read, int8 ``[steps, 1, numbers, parts]``: 1 part, or 2 of int16.

        From here on, to be joined with the state, they are numbers in units of ``scale``. The columns of kernels make
        up for the true scale, biases for the true zero point.
        """
        if shape[-1] == 1:
            return self.reshape(codes, shape, np.int8, scale, "input_codes")
        values = Value.of_codes(self, codes, shape[0] * shape[2], scale, affine)
        return self.reshape(self.as_pairs(values, "input"), shape, np.int8, scale, "input_values")


def scale_of_values(product: Product, name: str) -> float:
    """Return that of the values which a product was made for, exactly: kernels see the ratio of all its scales.

    Raises:
        ValueError: if float32 does not hold that ratio.
    """
    scale = product.value_scale
    exact = ratio(scale / CODE_UNIT, RADIX * product.scale, product.step)
    # What float32 does not hold at all is refused where it is written.
    if math.isfinite(exact) and exact != 2.0**-product.shift:
        raise ValueError(f"the scales of the product {name!r} are not exact in float32: they need few digits")
    return scale
