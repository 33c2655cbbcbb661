"""The graph of a network as a drawing: its layers from the input to the output, with their sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Convolution, Embedding, FrontLayer, Pooling
from rnnexp.network.layer import Layer
from rnnexp.report.page.texts import Text

# In pixels: a box, the way to the next one, and what is above and below them for other ways.
WIDTH, HEIGHT, WAY, AROUND = 170, 84, 64, 58
CELLS = {
    "simple": Text("simple RNN", "単純な RNN"),
    "lstm": Text.same("LSTM"),
    "gru": Text.same("GRU"),
    "fastgrnn": Text.same("FastGRNN"),
    "dense": Text("dense", "全結合"),
    "gru-reset-before": Text("GRU (reset before)", "GRU (reset before)"),
    "lstm-peephole": Text("LSTM with peepholes", "ピープホール付き LSTM"),
}


@dataclass(frozen=True)
class _Box:
    """A layer as it is drawn.

    Attributes:
        title: what it is.
        lines: its sizes, below.
        ways: of a recurrent layer, an arrow for each direction in which it reads; without: it has no loop.
        numbers: what goes on from it, beside the arrow.
    """

    title: Text
    lines: tuple[Text, ...]
    ways: tuple[str, ...] = ()
    numbers: Text = field(default_factory=lambda: Text.same(""))


@dataclass(frozen=True)
class Drawing:
    """The drawing of a network."""

    architecture: Architecture

    @property
    def html(self) -> str:
        """The drawing as SVG within HTML."""
        boxes, recurrent = _boxes(self.architecture), len(self.architecture.front) + 1
        width = len(boxes) * WIDTH + (len(boxes) - 1) * WAY + 2
        height = HEIGHT + AROUND * (2 if self.architecture.linear_path else 1) + 2
        content = "".join(
            part for number, box in enumerate(boxes) for part in _drawn(box, number, number + 1 < len(boxes))
        )
        if self.architecture.linear_path:
            inputs = self.architecture.sequence_length * self.architecture.features
            size = f"{inputs:,} × {self.architecture.outputs:,}"
            content += _around(0, len(boxes) - 1, Text("linear path: ", "線形経路: ") + Text.same(size), below=True)
        for number, made in enumerate(self.architecture.reads):
            for source in made:
                if source != number - 1:
                    content += _around(source + recurrent, number + recurrent, Text.same(""))
        title = Text("The network from input to output", "入力から出力までのネットワーク")
        return (
            f'<div class="drawing" tabindex="0"><svg role="img" aria-label="{title.en} / {title.ja}" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">{content}</svg></div>'
        )


def _boxes(network: Architecture) -> list[_Box]:
    """Return the layers from the input to the output."""
    steps, width = network.sequence_length, network.features
    found = [_Box(Text("input", "入力"), _extent(steps, width), numbers=_a_step(width))]
    for ahead in network.front:
        steps, width = ahead.extent(steps, width)
        found.append(_front(ahead, steps, width))
    weights = network.shapes
    for layer, scopes in zip(network.layers, network.scopes, strict=True):
        count = sum(math.prod(shape) for name, shape in weights.items() if name.startswith(tuple(scopes)))
        found.append(_recurrent(layer, network.activation, count))
        width = layer.width
    for behind in network.back:
        steps, width = behind.extent(steps, width)
        found.append(_front(behind, steps, width))
    count = sum(math.prod(shape) for name, shape in weights.items() if name.startswith("output/"))
    head = Text("output layer", "出力層")
    many = "" if network.outputs == 1 else "s"
    outputs = Text(f"{network.outputs:,} output{many}", f"出力 {network.outputs:,} 個")
    if network.softmax:
        outputs += Text(", ", "、") + Text.same("softmax" if network.outputs > 1 else "sigmoid")
    when = Text("after the last step", "最後のステップの後")
    if network.every_step:
        when = Text(f"at each of {network.output_steps:,} steps", f"{network.output_steps:,} ステップの各々")
    return [*found, _Box(head, (outputs, when, _count(count)))]


def _recurrent(layer: Layer, activation: str, weights: int) -> _Box:
    used = layer.activation or activation
    units = Text(f"{layer.units} units, {used}", f"{layer.units} ユニット、{used}")
    ways = ("→", "←") if layer.bidirectional else ("←",) if layer.backwards else ("→",)
    if layer.bidirectional:
        units = Text(f"2 × {layer.units} units, {used}", f"2 × {layer.units} ユニット、{used}")
    context = Text(f"last × {layer.repeats}", f"最後 × {layer.repeats}")
    return _Box(
        CELLS.get(layer.cell, Text.same(layer.cell)),
        (units, _count(weights)),
        ways=() if layer.cell == "dense" else ways,
        numbers=context if layer.repeats else _a_step(layer.width),
    )


def _front(layer: FrontLayer, steps: int, width: int) -> _Box:
    """Return the box of a layer that is parallel in time, with what it gives."""
    if isinstance(layer, Embedding):
        title = Text(f"embedding, {layer.words:,} words", f"埋め込み、{layer.words:,} 語")
    elif isinstance(layer, Convolution):
        title = Text(f"convolution, {layer.filters} filters", f"畳み込み、{layer.filters} フィルター")
    elif isinstance(layer, Pooling):
        title = Text("max pooling", "最大値プーリング")
    else:
        title = Text.same(type(layer).__name__)
    return _Box(title, _extent(steps, width), numbers=_a_step(width))


def _extent(steps: int, width: int) -> tuple[Text, Text]:
    return Text(f"{steps:,} steps", f"{steps:,} ステップ"), Text(
        f"{width:,} value{'s' * (width != 1)} a step", f"1 ステップに {width:,} 個の値"
    )


def _count(weights: int) -> Text:
    return Text(f"{weights:,} weights", f"重み {weights:,} 個")


def _a_step(width: int) -> Text:
    return Text.same(f"{width:,}")


def _left(number: int) -> int:
    return 1 + number * (WIDTH + WAY)


def _drawn(box: _Box, number: int, goes_on: bool) -> Iterator[str]:
    left, middle = _left(number), AROUND + HEIGHT / 2
    yield f'<rect x="{left}" y="{AROUND}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    for line, text in enumerate((box.title, *box.lines)):
        kind = "size" if line else "title"
        line_at = AROUND + 20 + 18 * line
        yield f'<text class="{kind}" x="{left + WIDTH / 2}" y="{line_at}" text-anchor="middle">{text.svg}</text>'
    for place, way in enumerate(box.ways):
        # A loop over the box for each direction: a recurrent layer reads what it gave at the step before.
        middle_of_loop = left + WIDTH * (place + 1) / (len(box.ways) + 1)
        begin, end = middle_of_loop + 16, middle_of_loop - 16
        yield f'<path d="M{begin} {AROUND} C{begin + 12} {AROUND - 30} {end - 12} {AROUND - 30} {end} {AROUND - 4}"/>'
        yield _head(end, AROUND, "down")
        yield f'<text class="size" x="{middle_of_loop}" y="{AROUND - 27}" text-anchor="middle">{way}</text>'
    if goes_on:
        begin, end = left + WIDTH, left + WIDTH + WAY
        yield f'<path d="M{begin} {middle} H{end - 6}"/>{_head(end, middle, "right")}'
        beside = f'x="{(begin + end) / 2}" y="{middle - 7}"'
        yield f'<text class="size" {beside} text-anchor="middle">{box.numbers.svg}</text>'


def _around(source: int, target: int, name: Text, *, below: bool = False) -> str:
    """Return a way from a box around those between to another, above them or below."""
    begin, end = _left(source) + WIDTH * 0.88, _left(target) + WIDTH * 0.12
    edge, far = (AROUND + HEIGHT, 2 * AROUND + HEIGHT - 22) if below else (AROUND, 10)
    arrow = _head(end, edge, "up" if below else "down")
    stop = edge + 5 if below else edge - 5
    return (
        f'<path d="M{begin} {edge} V{far} H{end} V{stop}"/>{arrow}'
        f'<text class="size" x="{(begin + end) / 2}" y="{far + 16}" text-anchor="middle">{name.svg}</text>'
    )


def _head(x: float, y: float, way: str) -> str:
    """Return the head of an arrow that ends at a point."""
    across, along = 4, 8
    corners = {
        "right": f"l{-along} {-across} v{2 * across} z",
        "down": f"l{-across} {-along} h{2 * across} z",
        "up": f"l{-across} {along} h{2 * across} z",
    }
    return f'<path class="end" d="M{x} {y} {corners[way]}"/>'
