"""What rewriting leaves computes what was there before, and consists of nodes that there are integers for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnexp.network import cells
from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import (
    Activation,
    AddChannel,
    Affine,
    Dense,
    Flatten,
    GlobalPooling,
    Last,
    Merge,
    Recurrent,
)
from rnnexp.network.graph.recurrence import STEPS
from rnnexp.network.graph.rewrite import simplified
from rnnexp.network.graph.scaling import of_standardized, units_alike

STEPS_OF_TIME, FEATURES = 8, 4
LEFT = (Convolution, Pooling, Dense, Recurrent, Merge, Last, Flatten, AddChannel)
SUMS = {"simple": 1, "lstm": 4, "lstm-peephole": 4, "gru": 3, "gru-reset-before": 3}


class Builder:
    """Random nodes, one after the other."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.nodes = []

    def add(self, kind, reads, *arguments, **options):
        name = f"{kind.__name__.lower()}_{len(self.nodes)}"
        self.nodes.append(kind(name, reads, *arguments, **options))
        return name

    def numbers(self, *shape):
        return self.rng.normal(size=shape) / np.sqrt(shape[0] if len(shape) > 1 else 4.0)

    def recurrent(self, reads, inputs, units, cell, directions, **options):
        if cell == "fastgrnn":
            shapes = cells.load(cell).shapes(inputs, units, rank=int(self.rng.integers(0, 2))).values()
            weights = tuple(tuple(self.numbers(*shape) for shape in shapes) for _ in range(directions))
            return self.add(Recurrent, reads, cell, weights, **options)
        columns = SUMS[cell] * units
        weights = tuple(
            (
                self.numbers(inputs, columns),
                self.numbers(units, columns),
                self.numbers(2, columns) if cell == "gru" else self.numbers(columns),
                *([self.numbers(3, units)] if cell == "lstm-peephole" else []),
            )
            for _ in range(directions)
        )
        return self.add(Recurrent, reads, cell, weights, **options)


@st.composite
def graphs(draw):
    """A random graph with everything that the rules are for."""
    build = Builder(draw(st.integers(0, 2**32 - 1)))
    name, width = INPUT, FEATURES
    if draw(st.booleans()):
        name = build.add(Affine, (name,), build.numbers(width), build.numbers(width))
    if draw(st.booleans()):
        filters = draw(st.integers(1, 5))
        if draw(st.booleans()):
            name, kernel, channels = build.add(AddChannel, (name,), 1), (3, 2, 1, filters), True
        else:
            kernel, channels = (3, 1, width, filters), False
        padding = draw(st.sampled_from([((0, 0), (0, 0)), ((1, 1), (0, 0)), ((2, 0), (0, 0))]))
        name = build.add(Convolution, (name,), build.numbers(*kernel), build.numbers(filters), padding=padding)
        name = build.add(Activation, (name,), draw(st.sampled_from(["linear", "relu"])))
        scale = build.numbers(filters)
        name = build.add(Affine, (name,), abs(scale) if draw(st.booleans()) else scale, build.numbers(filters))
        what = draw(st.sampled_from(["max", "average"]))
        name = build.add(Pooling, (name,), what, (2, 1), (2, 1))
        width = filters
        if channels:
            width, name = filters * (FEATURES - 1), build.add(Flatten, (name,), True)
    if draw(st.booleans()):
        name, width = build.add(Dense, (name,), build.numbers(width, 5), build.numbers(5)), 5
        name = build.add(Activation, (name,), draw(st.sampled_from(["relu", "tanh", "leaky_relu(0.1)"])))
    reads = []
    for _ in range(draw(st.integers(1, 3))):
        cell, directions = draw(st.sampled_from(sorted(STEPS))), draw(st.sampled_from([1, 2]))
        merge = draw(st.sampled_from(["concat", "sum", "ave"]))
        units = 2 if directions == 2 and merge == "concat" else 4
        activation = draw(st.sampled_from(["tanh", "relu"])) if cell == "simple" else "tanh"
        reads.append(build.recurrent((name,), width, units, cell, directions, merge=merge, activation=activation))
    width = 4
    if len(reads) > 1:
        how = draw(st.sampled_from(["concat", "add", "average"]))
        name, width = build.add(Merge, tuple(reads), how), 4 * (len(reads) if how == "concat" else 1)
    else:
        (name,) = reads
    if draw(st.booleans()):
        name = build.add(Activation, (name,), "relu")
    if draw(st.booleans()):
        name = build.recurrent((name,), width, 3, "simple", 1, activation=draw(st.sampled_from(["relu", "tanh"])))
        width = 3
    name = build.add(*draw(st.sampled_from([(Last, (name,)), (GlobalPooling, (name,)), (Flatten, (name,), True)])))
    if draw(st.booleans()):
        name = build.add(Affine, (name,), build.numbers(width), build.numbers(width))
    name = build.add(Dense, (name,), build.numbers(width, 3), build.numbers(3))
    if draw(st.booleans()):
        name = build.add(Activation, (name,), "softmax")
    return Graph(tuple(build.nodes), name, FEATURES)


def assert_same(found, expected):
    assert np.abs(found - expected).max() <= 1e-9 * max(1.0, float(np.abs(expected).max()))


@given(graphs(), st.integers(0, 2**32 - 1))
@settings(max_examples=150)
def test_rewriting_changes_nothing_and_leaves_few_kinds(graph, seed):
    x = np.random.default_rng(seed).normal(size=(3, STEPS_OF_TIME, FEATURES))
    found, expected = simplified(graph, x), graph.run(x)
    assert_same(found.run(x), expected)
    for node in found.nodes:
        last = node.name == found.output and isinstance(node, Activation) and node.activation == "softmax"
        assert isinstance(node, LEFT) or last, node
        assert not (isinstance(node, Pooling) and node.what == "average")
        assert not (isinstance(node, Recurrent) and len(node.directions) == 2 and node.merge != "concat")


@given(graphs(), st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=60)
def test_other_scales_change_nothing(graph, seed, floor):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, STEPS_OF_TIME, FEATURES))
    plain = simplified(graph, x)
    mean, deviation = rng.normal(size=FEATURES), rng.uniform(0.1, 10.0, FEATURES)
    assert_same(of_standardized(plain, x, mean, deviation).run((x - mean) / deviation), plain.run(x))
    assert_same(units_alike(plain, x, floor).run(x), plain.run(x))


def test_units_become_alike():
    rng = np.random.default_rng(0)
    scale = 10.0 ** -np.arange(4)
    kernel, recurrent = rng.uniform(0.1, 1.0, (FEATURES, 4)) * scale, 0.1 * np.eye(4)
    nodes = (
        Recurrent("rnn", (INPUT,), "simple", ((kernel, recurrent, np.zeros(4)),), activation="relu", every_step=False),
        Dense("out", ("rnn",), rng.normal(size=(4, 2)), np.zeros(2)),
    )
    graph, x = Graph(nodes, "out", FEATURES), rng.uniform(size=(5, STEPS_OF_TIME, FEATURES))
    before = graph.values(x)["rnn"].max(axis=0)
    after = units_alike(graph, x, 1e-6).values(x)["rnn"].max(axis=0)
    assert before.max() / before.min() > 100.0
    assert after.max() / after.min() < 3.0


def test_a_convolution_of_one_step_behind_a_layer_is_one_of_every_step():
    made = Builder(0)
    layer = made.recurrent((INPUT,), FEATURES, 3, "lstm", 1)
    kernel, bias = made.numbers(1, 1, 3, 2), made.numbers(2)
    out = made.add(Convolution, (layer,), kernel, bias)
    ahead = made.add(Convolution, (INPUT,), made.numbers(1, 1, FEATURES, 2), bias)
    for output, kind in ((out, Dense), (ahead, Convolution)):
        nodes = [node for node in made.nodes if node.name in ((layer, out) if output == out else (ahead,))]
        graph, x = Graph(tuple(nodes), output, FEATURES), np.random.default_rng(0).normal(size=(2, 7, FEATURES))
        found = simplified(graph, x)
        assert isinstance(found.node(output), kind)
        assert_same(found.run(x), graph.run(x))


def test_what_reads_what_is_not_there_is_refused():
    from rnnexp.network.graph.graph import in_order

    with pytest.raises(ValueError, match="'a' reads what is not there"):
        in_order([Last("a", ("b",))])
