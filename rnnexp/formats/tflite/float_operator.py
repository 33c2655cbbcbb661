"""An operator of a float32 TensorFlow Lite file while it is read: its inputs, and its options by the schema's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from rnnexp.formats.foreign.axes import Misfit, Value
from rnnexp.formats.foreign.constant import Constant
from rnnexp.formats.foreign.drawing import Drawing
from rnnexp.formats.tflite.bounds import BYTE, INT32, Table

# The fields of each operator's options, in the order of the schema (schema.fbs); "" are no options.
OPTIONS: dict[str, tuple[str, ...]] = {
    "": (),
    "Conv2DOptions": ("padding", "stride_w", "stride_h", "activation", "dilation_w", "dilation_h", "bias_type"),
    "DepthwiseConv2DOptions": (
        "padding",
        "stride_w",
        "stride_h",
        "depth_multiplier",
        "activation",
        "dilation_w",
        "dilation_h",
    ),
    "Pool2DOptions": ("padding", "stride_w", "stride_h", "filter_width", "filter_height", "activation"),
    "FullyConnectedOptions": ("activation", "weights_format", "keep_num_dims", "asymmetric", "bias_type"),
    "SoftmaxOptions": ("beta",),
    "LogSoftmaxOptions": (),
    "ConcatenationOptions": ("axis", "activation"),
    "AddOptions": ("activation", "pot_scale_int16"),
    "SubOptions": ("activation", "pot_scale_int16"),
    "MulOptions": ("activation",),
    "DivOptions": ("activation",),
    "ReshapeOptions": ("new_shape",),
    "SqueezeOptions": ("squeeze_dims",),
    "StridedSliceOptions": ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "offset"),
    "GatherOptions": ("axis", "batch_dims"),
    "ReducerOptions": ("keep_dims",),
    "PackOptions": ("values_count", "axis"),
    "GeluOptions": ("approximate",),
    "LeakyReluOptions": ("alpha",),
    "ShapeOptions": ("out_type",),
    "CastOptions": ("in_data_type", "out_data_type"),
    "TransposeOptions": (),
    "ExpandDimsOptions": (),
    "SliceOptions": (),
    "PadOptions": (),
    "NegOptions": (),
    "AbsOptions": (),
    "SquareOptions": (),
    "MaximumMinimumOptions": (),
    "LessOptions": (),
    "GreaterOptions": (),
    "SelectOptions": (),
    "SelectV2Options": (),
    "ExpOptions": (),
    "HardSwishOptions": (),
    "FillOptions": (),
    "ReverseV2Options": (),
    "TileOptions": (),
    "UnidirectionalSequenceLSTMOptions": (
        "activation",
        "cell_clip",
        "proj_clip",
        "time_major",
        "asymmetric",
        "diagonal_recurrent_tensors",
    ),
    "BidirectionalSequenceLSTMOptions": (
        "activation",
        "cell_clip",
        "proj_clip",
        "merge_outputs",
        "time_major",
        "asymmetric",
    ),
    "SequenceRNNOptions": ("time_major", "activation", "asymmetric"),
    "BidirectionalSequenceRNNOptions": ("time_major", "activation", "merge_outputs", "asymmetric"),
}
# Options that make no difference to float32.
_IGNORED = frozenset({"asymmetric", "bias_type", "pot_scale_int16", "out_type", "in_data_type", "values_count"})
_BYTES = frozenset(
    {
        "activation",
        "padding",
        "weights_format",
        "keep_num_dims",
        "keep_dims",
        "time_major",
        "merge_outputs",
        "diagonal_recurrent_tensors",
        "offset",
        "approximate",
    }
)
_ACTIVATIONS = {0: "linear", 1: "relu", 2: "hard_tanh", 3: "relu6", 4: "tanh"}
_KINDS = {number: name for name, number in vars(schema.BuiltinOptions).items() if isinstance(number, int)}


@dataclass
class Operator:
    """One operator.

    Attributes:
        kind: which, as ``FULLY_CONNECTED``.
        inputs: what it is given; None where an optional one is left out.
        outputs: shapes of what it gives, as the file says.
        options: the table of these, or None.
        drawing: the graph so far.
    """

    kind: str
    inputs: Sequence[Value | Constant | None]
    outputs: Sequence[tuple[int, ...]]
    options: Table | None
    drawing: Drawing
    _left: set[str] = field(default_factory=set)
    _unread: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._unread = {n for n, one in enumerate(self.inputs) if one is not None}

    def given(self, number: int) -> bool:
        """Tell whether there is an input."""
        return number < len(self.inputs) and self.inputs[number] is not None

    def tensor(self, number: int) -> Value | Constant:
        """Return an input.

        Raises:
            Misfit: if it is not there.
        """
        found = self.inputs[number] if self.given(number) else None
        if found is None:
            raise Misfit(f"its input {number} is missing")
        self._unread.discard(number)
        return found

    def value(self, number: int = 0) -> Value:
        """Return an input that is computed of the graph's."""
        found = self.tensor(number)
        if not isinstance(found, Value):
            raise Misfit("it takes a constant where values of the network are expected")
        return found

    def constant(self, number: int) -> Constant:
        """Return an input that is a constant."""
        found = self.tensor(number)
        if not isinstance(found, Constant):
            raise Misfit(f"its input {number} is not a constant")
        return found

    def array(self, number: int) -> np.ndarray:
        """Return an input that is a constant and depends on nothing."""
        return self.constant(number).fixed()

    def absent(self, *numbers: int, what: str) -> None:
        """See that inputs are left out.

        Raises:
            Misfit: saying what they would be.
        """
        if any(self.given(n) for n in numbers):
            raise Misfit(f"it has {what}")

    def option(self, name: str, default: int = 0) -> int:
        """Return an option that is a whole number or a truth value."""
        self._left.add(name)
        kind = BYTE if name in _BYTES else INT32
        return default if self.options is None else self.options.number(name, kind, default)

    def real(self, name: str) -> float:
        """Return an option that is a float."""
        self._left.add(name)
        return 0.0 if self.options is None else self.options.real(name)

    def row(self, name: str) -> list[int]:
        """Return an option that is several whole numbers."""
        self._left.add(name)
        return [] if self.options is None else self.options.vector(name, INT32).tolist()

    def refuse(self, **options: str) -> None:
        """See that options are 0, which are named with what they mean.

        Raises:
            Misfit: saying so.
        """
        for name, what in options.items():
            if self.real(name) if "clip" in name else self.option(name):
                raise Misfit(f"it has {what}")

    def activated(self, value: Value) -> Value:
        """Return a tensor after the activation that the operator has in it."""
        name = self.activation()
        return value if name == "linear" else self.drawing.activation(value, name)

    def activation(self) -> str:
        """Return the name of the activation that the operator has in it."""
        number = self.option("activation")
        if number not in _ACTIVATIONS:
            raise Misfit(f"its activation function is number {number}")
        return _ACTIVATIONS[number]

    def finish(self, layout: Sequence[str]) -> None:
        """See that nothing was left out.

        Raises:
            Misfit: if it has an option or an input that nothing was made of.
        """
        if self.options is not None:
            if self.options.more():
                raise Misfit("it has options that are not known")
            left = [name for name in layout if name not in self._left | _IGNORED]
            if left:
                raise Misfit(f"its option {left[0]!r} is not known")
        if self._unread:
            raise Misfit(f"its input {min(self._unread)} is not known")


def options(table: Table) -> tuple[Table | None, tuple[str, ...]]:
    """Return an operator's options, and their layout.

    Raises:
        Misfit: if they are not known.
        UserError: if the file is damaged.
    """
    kind = _KINDS.get(table.number("builtin_options_type", BYTE) & 255, "?")
    kind = "" if kind == "NONE" else kind
    if kind not in OPTIONS or table.number("builtin_options_2_type", BYTE):
        raise Misfit("its options are not known")
    return (table.table("builtin_options", OPTIONS[kind]) if kind else None), OPTIONS[kind]
