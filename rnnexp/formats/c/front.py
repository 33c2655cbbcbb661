"""Layers that are parallel in time as C: a function each, to which frames come one at a time.

A layer keeps the frames that its next window reads, and as soon as that is whole hands on what it makes of it. So a
sequence needs no more memory than its windows, whoever has all of it and whoever gets it sample by sample. Padding is
frames too: those ahead come before the first one, those behind it after the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import numpy as np

from rnnexp.formats.c.interleaved import bias_bytes, bias_type, interleaved, largest_sum
from rnnexp.formats.c.kept import Kept
from rnnexp.formats.c.text import array, call, code_type, indented
from rnnexp.quantization.cell import Source
from rnnexp.quantization.cut import Cut
from rnnexp.quantization.front import (
    LOWEST,
    IntegerConvolution,
    IntegerEmbedding,
    IntegerFrontLayer,
    IntegerPooling,
    sources,
)
from rnnexp.quantization.interpolation import nodes_of
from rnnexp.quantization.product import CODE_UNIT, RADIX
from rnnexp.quantization.scales import Affine

TEMPLATES = Path(__file__).parent / "templates"


@dataclass
class FrontProgram:
    """Layers ahead of the recurrent ones or behind them.

    Attributes:
        layers: that have functions; an embedding has none.
        name: what these begin with, ``front`` or ``back``.
        struct: the C type of what is kept.
        memory: the name of the pointer to it.
        source: of what the first layer reads.
        kept: what is in the struct.
        largest: a bound on all sums.
        most: a bound on the values that come in, and once this is made on those that are handed on.
        constant_bytes: of weights, biases, tables and embeddings.
        stack_bytes: of the arrays of all functions, which call each other.
        first: the number of the first of these layers.
    """

    layers: Sequence[IntegerFrontLayer]
    name: str
    struct: str
    memory: str
    source: Source
    most: int
    kept: list[Kept] = field(default_factory=list)
    largest: int = 0
    constant_bytes: int = 0
    stack_bytes: int = 0
    first: int = 1
    _functions: list[str] = field(default_factory=list)
    _start: list[str] = field(default_factory=list)
    _end: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        given = sources(self.layers, self.source)
        for number, (layer, source) in enumerate(zip(self.layers, given, strict=False), 1):
            name, width = f"{self.name}_{number}", len(source.scale)
            match layer:
                case IntegerEmbedding():
                    self.first, self.most = 2, int(np.abs(layer.embeddings.astype(np.int64)).max())
                    self.constant_bytes += 2 * layer.embeddings.size
                    self.stack_bytes += 2 * layer.embeddings.shape[1]
                case IntegerConvolution():
                    self._convolution(layer, name, width, int(source.zero_point))
                case IntegerPooling():
                    self._pooling(layer, name, width)

    @property
    def first_function(self) -> str:
        """The name of the function that frames come to."""
        return f"{self.name}_{self.first}" if self.first <= len(self.layers) else f"{self.name}_end"

    def functions(self, end: Sequence[str]) -> list[str]:
        """Return the functions, those first that others call; the statements ``end`` are for a frame of the last."""
        last = f"static void {self.name}_end({self._parameter}, const int16_t *frame)\n{{\n{indented(end)}\n}}"
        return [last, *reversed(self._functions)]

    def entry(self, codes: Affine) -> str:
        """Return the function that an input comes to: a word, or ``codes``, which are made values."""
        features, following, first = len(self.source.scale), self.first_function, self.layers[0]
        if not isinstance(first, IntegerEmbedding):
            # Codes of the type that none stands for count as the nearest that does; of int8 there are none.
            value = (
                f"({codes.unit} * codes[i])" if codes.bits == 8 else f"clamp(codes[i], {codes.lowest}, {codes.highest})"
            )
            return (
                f"static void front_input({self._parameter}, const {code_type(codes)} *codes)\n{{\n"
                f"    int16_t frame[{features}];\n    int i;\n"
                f"    for (i = 0; i < {features}; i++) {{\n        frame[i] = (int16_t){value};\n    }}\n"
                f"    {call(following, self.memory, 'frame')}\n}}"
            )
        words, width = first.embeddings.shape
        place = f"*word < 0 ? 0 : *word < {words} ? *word : {words - 1}"
        return (
            f"{array('int16_t', 'embeddings', [words, width], first.embeddings)}\n\n"
            f"static void front_input({self._parameter}, const int32_t *word)\n{{\n"
            f"    const int32_t place = {place};\n    int16_t frame[{width}];\n    int i;\n"
            f"    for (i = 0; i < {width}; i++) {{\n        frame[i] = embeddings[place][i];\n    }}\n"
            f"    {call(following, self.memory, 'frame')}\n}}"
        )

    @property
    def _parameter(self) -> str:
        return f"{self.struct} *{self.memory}"

    def start(self) -> list[str]:
        """Return the statements ahead of the first frame: what layers behind a layer read must be there before."""
        return list(reversed(self._start))

    def end(self) -> list[str]:
        """Return the statements after the last frame."""
        return self._end

    def _convolution(self, layer: IntegerConvolution, name: str, width: int, zero_point: int) -> None:
        product, activation = layer.sums, layer.activation
        window = np.full(layer.window, max(self.most, abs(RADIX * zero_point)))
        self.largest = max(self.largest, largest_sum(product, window))
        weights = [f"{layer.filters}", f"{2 * layer.window}"]
        constants = [
            array("int8_t", f"{name}_kernel", weights, interleaved(product)),
            array(bias_type(product), f"{name}_bias", weights[:1], product.bias),
        ]
        self.constant_bytes += 2 * product.high.size + bias_bytes(product)
        if isinstance(activation, Cut):
            ahead, behind = "(int16_t)clamp(", f", {activation.low}, {activation.high})"
            self.most = max(abs(activation.low), abs(activation.high))
        else:
            count, nodes = len(activation.values), nodes_of(activation)
            function, kept = ("look_up", activation.values) if nodes is None else ("between", nodes)
            constants.append(array("int16_t", f"{name}_table", [len(kept)], kept))
            self.constant_bytes += 2 * len(kept)
            self.most = int(np.abs(activation.values.astype(np.int64)).max())
            ahead, behind = f"{function}({name}_table, {count - 1}, ", ")"
        frequencies = layer.frequency.count(width // layer.channels)
        self.stack_bytes += 2 * (2 * layer.window * layer.groups + frequencies * layer.filters)
        self._write(
            "convolution.c",
            layer,
            name,
            width,
            RADIX * zero_point,
            constants="\n\n".join(constants),
            filters=layer.filters,
            groups=layer.groups,
            group_channels=layer.group_channels,
            group_filters=layer.filters // layer.groups,
            codes=2 * layer.window,
            all_codes=2 * layer.window * layer.groups,
            fine=CODE_UNIT * RADIX * zero_point,
            coarse=CODE_UNIT * zero_point,
            ahead=ahead,
            behind=behind,
            shift=product.shift,
        )

    def _pooling(self, layer: IntegerPooling, name: str, width: int) -> None:
        frequencies = layer.frequency.count(width // layer.channels)
        self.stack_bytes += 2 * frequencies * layer.channels
        self._write("pooling.c", layer, name, width, LOWEST, lowest=f"({LOWEST + 1} - 1)")

    def _write(
        self,
        template: str,
        layer: IntegerConvolution | IntegerPooling,
        name: str,
        width: int,
        padding: int,
        **values: object,
    ) -> None:
        """Add a layer's function, what it keeps, and what it has to do at the start and at the end."""
        time, frequency, columns = layer.time, layer.frequency, width // layer.channels
        number = int(name.rpartition("_")[2])
        following = f"{self.name}_{number + 1}" if number < len(self.layers) else f"{self.name}_end"
        text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(
            values,
            name=name,
            struct=self.struct,
            memory=self.memory,
            width=width,
            columns=columns,
            channels=layer.channels,
            frequencies=frequency.count(columns),
            span=time.span,
            taps=time.taps,
            stride=time.stride,
            dilation=time.dilation,
            frequency_taps=frequency.taps,
            frequency_stride=frequency.stride,
            frequency_dilation=frequency.dilation,
            frequency_before=frequency.before,
            following=following,
        )
        if time.before or time.after:
            text += "\n" + Template((TEMPLATES / "pad.c").read_text(encoding="utf-8")).substitute(
                name=name, struct=self.struct, memory=self.memory, width=width, padding=_number(padding)
            )
        self._functions.append(text.rstrip("\n"))
        frames = Kept(f"{name}_frames", (f"{time.span} * {width}",), time.span * width)
        self.kept += [frames, Kept(f"{name}_place", (), 1), Kept(f"{name}_wait", (), 1)]
        self._start.append(f"{self.memory}->{name}_place = 0;\n{self.memory}->{name}_wait = {time.span};")
        if time.before:
            self._start[-1] += "\n" + call(f"{name}_pad", self.memory, str(time.before))
        if time.after:
            self._end.append(call(f"{name}_pad", self.memory, str(time.after)))


def _number(value: int) -> str:
    """Return a number of int16; C has no constant that is the smallest one on machines whose int has 16 bits."""
    return str(value) if value > LOWEST else f"({LOWEST + 1} - 1)"
