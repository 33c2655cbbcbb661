"""Parts of graphs compute what they compute within the whole."""

from dataclasses import replace

import numpy as np
import pytest

from rnnexp.errors import UserError
from rnnexp.network.graph.convolution import Convolution
from rnnexp.network.graph.cut import cut
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import Activation, AddChannel, Dense, Flatten, GlobalPooling, Merge
from rnnexp.network.masking import Masking


def graph():
    rng = np.random.default_rng(0)
    nodes = (
        AddChannel("input", (INPUT,), 2),
        Convolution("conv/sums", ("input",), rng.normal(size=(3, 2, 2, 4)), rng.normal(size=4)),
        Activation("conv", ("conv/sums",), "relu"),
        Flatten("flat", ("conv",), keeps_time=True),
        Dense("one/sums", ("flat",), rng.normal(size=(8, 5)), rng.normal(size=5)),
        Activation("one", ("one/sums",), "tanh"),
        Dense("two", ("flat",), rng.normal(size=(8, 5)), rng.normal(size=5)),
        Merge("sum", ("one", "two"), "add"),
        Merge("more", ("sum", "flat"), "concat"),
        GlobalPooling("mean", ("more",)),
        Dense("answer", ("mean",), rng.normal(size=(13, 2)), rng.normal(size=2)),
    )
    return Graph(nodes, "answer", 6, 7)


X = np.random.default_rng(1).normal(size=(3, 7, 6))


@pytest.mark.parametrize("until", ["conv", "flat", "one", "sum", "mean"])
def test_ends_with_a_layer(until):
    part = cut(graph(), until=until)
    np.testing.assert_array_equal(part.run(X), graph().values(X)[until])
    assert part.nodes[-1].name == until


@pytest.mark.parametrize(
    ("begin", "source"), [("conv", "input"), ("flat", "conv"), ("one", "flat"), ("two", "flat"), ("mean", "more")]
)
@pytest.mark.parametrize("steps", [7, None])
def test_begins_with_a_layer_that_reads_what_it_read(begin, source, steps):
    whole = replace(graph(), steps=steps)
    part = cut(whole, begin)
    given = whole.values(X)[source]
    assert part.features == given[0, 0].size
    assert part.steps == (steps and given.shape[1])
    np.testing.assert_array_equal(part.run(given.reshape(*given.shape[:2], -1)), whole.run(X))


def test_is_the_middle():
    part = cut(graph(), "one", "sum")
    assert [node.name for node in part.nodes] == ["one/sums", "one", "two", "sum"]
    np.testing.assert_array_equal(part.run(graph().values(X)["flat"]), graph().values(X)["sum"])


def test_is_the_whole():
    part = cut(graph())
    assert [node.name for node in part.nodes] == [node.name for node in graph().nodes]
    assert cut(graph(), "input").features == 6


def test_says_nothing_of_lengths_unless_it_begins_with_the_input():
    whole = replace(graph(), masking=Masking(0.0))
    assert cut(whole, until="sum").masking == Masking(0.0)
    assert cut(whole, "input").masking == Masking(0.0)
    assert cut(whole, "flat").masking is None


@pytest.mark.parametrize(
    ("begin", "until", "message"),
    [
        ("one", "nine", "there is no layer 'nine'"),
        ("ones", "", "there is no layer 'ones'"),
        ("sum", "", "reads 2 values"),
        ("answer", "", "no steps"),
        ("two", "flat", "there is no layer 'two' ahead of 'flat'"),
    ],
)
def test_refuses(begin, until, message):
    with pytest.raises(UserError, match=message):
        cut(graph(), begin, until)


def test_refuses_what_reads_something_ahead():
    nodes = (*graph().nodes[:8], Merge("more", ("sum", "conv"), "concat"))
    # Shapes do not matter here.
    with pytest.raises(UserError, match=r"'more' is behind 'one', and reads 'conv', which is ahead of it"):
        cut(Graph(nodes, "more", 6, 7), "one")
