"""What graphs become computes what they do, or is refused by name."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network.graph.test_rewrite import STEPS_OF_TIME, assert_same, graphs

from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.lower import lower
from rnnexp.network.graph.nodes import (
    Activation,
    AddChannel,
    Dense,
    Flatten,
    GlobalPooling,
    Last,
    Merge,
    Recurrent,
    Repeat,
)
from rnnexp.network.graph.parts import CannotConvertError
from rnnexp.network.graph.rewrite import simplified
from rnnexp.report.evaluation import probabilities

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 7, 3))


def simple(name, reads, inputs, units, directions=1, **options):
    weights = tuple(
        (RNG.normal(size=(inputs, units)), RNG.normal(size=(units, units)) / 2, RNG.normal(size=units))
        for _ in range(directions)
    )
    return Recurrent(name, reads, "simple", weights, **options)


def dense(name, reads, inputs, units, activation="linear"):
    return Dense(name, reads, RNG.normal(size=(inputs, units)), RNG.normal(size=units), activation)


def outputs(network, x):
    found = network.run(x)
    return probabilities(found) if network.architecture.softmax else found


@given(graphs(), st.integers(0, 2**32 - 1))
@settings(max_examples=150)
def test_what_is_lowered_computes_the_same(graph, seed):
    x = np.random.default_rng(seed).normal(size=(3, STEPS_OF_TIME, graph.features))
    simpler = simplified(graph, x)
    try:
        network = lower(simpler, x)
    except CannotConvertError as error:
        assert "cannot be converted" in str(error)  # noqa: PT017
        return
    expected = graph.run(x)
    assert_same(outputs(network, x).reshape(expected.shape), expected)


FORMS = {
    "a head behind two directions": [
        simple("rnn", (INPUT,), 3, 4, 2, every_step=False),
        dense("hidden", ("rnn",), 8, 5, "tanh"),
        dense("out", ("hidden",), 5, 2),
    ],
    "the last step of two directions": [
        simple("rnn", (INPUT,), 3, 4, 2),
        Last("last", ("rnn",)),
        dense("out", ("last",), 8, 2),
    ],
    "two branches that end": [
        simple("a", (INPUT,), 3, 4, 2, every_step=False),
        simple("b", (INPUT,), 3, 5, every_step=False, backwards=True),
        dense("hidden", ("a", "b"), 13, 5, "relu"),
        dense("out", ("hidden",), 5, 2),
    ],
    "a skip over a layer": [
        simple("a", (INPUT,), 3, 4),
        simple("b", ("a",), 4, 5),
        Merge("both", ("a", "b", INPUT)),
        simple("c", ("both",), 12, 3, every_step=False),
        dense("out", ("c",), 3, 2),
    ],
    "an output of several layers": [
        simple("a", (INPUT,), 3, 4),
        simple("b", ("a",), 4, 5),
        dense("out", ("a", "b"), 9, 2),
    ],
    "all steps, and two layers behind": [
        simple("a", (INPUT,), 3, 4),
        Flatten("all", ("a",)),
        dense("hidden", ("all",), 28, 5, "relu"),
        dense("out", ("hidden",), 5, 2),
    ],
    "an encoder and a decoder": [
        simple("a", (INPUT,), 3, 4, 2, every_step=False),
        Repeat("again", ("a",), 5),
        simple("b", ("again",), 8, 4),
        dense("out", ("b",), 4, 2),
    ],
    "dense layers between an encoder and a decoder": [
        simple("a", (INPUT,), 3, 4, 2, every_step=False),
        dense("small", ("a",), 8, 2, "tanh"),
        dense("smaller", ("small",), 2, 1, "relu"),
        Repeat("again", ("smaller",), 5),
        simple("b", ("again",), 1, 4, 2),
        dense("out", ("b",), 8, 2),
    ],
    "a decoder of all steps of a convolution": [
        Convolution("conv", (INPUT,), RNG.normal(size=(2, 1, 3, 4)), RNG.normal(size=4), activation="relu"),
        Flatten("all", ("conv",)),
        Repeat("again", ("all",), 5),
        simple("b", ("again",), 24, 4),
        dense("out", ("b",), 4, 2),
    ],
    "a decoder of the last step of a convolution": [
        Convolution("conv", (INPUT,), RNG.normal(size=(2, 1, 3, 4)), RNG.normal(size=4), activation="relu"),
        Last("end", ("conv",)),
        dense("small", ("end",), 4, 2, "tanh"),
        Repeat("again", ("small",), 3),
        simple("b", ("again",), 2, 4),
        dense("out", ("b",), 4, 2),
    ],
    "a decoder of a dense layer over all steps": [
        Convolution("conv", (INPUT,), RNG.normal(size=(2, 1, 3, 4)), RNG.normal(size=4), activation="relu"),
        Flatten("all", ("conv",)),
        dense("small", ("all",), 24, 2, "tanh"),
        Repeat("again", ("small",), 3),
        simple("b", ("again",), 2, 4, every_step=False),
        dense("out", ("b",), 4, 2),
    ],
    "the largest of several layers": [
        simple("a", (INPUT,), 3, 4),
        simple("b", ("a",), 4, 4, 2),
        Merge("both", ("a", "b", INPUT)),
        GlobalPooling("most", ("both",), "max"),
        dense("out", ("most",), 15, 2),
    ],
    "all steps of several layers": [
        simple("a", (INPUT,), 3, 4),
        simple("b", ("a",), 4, 4),
        Merge("both", ("a", "b")),
        Flatten("all", ("both",)),
        dense("hidden", ("all",), 56, 5, "relu"),
        dense("out", ("hidden",), 5, 2),
    ],
    "an answer of all steps of several layers": [
        simple("a", (INPUT,), 3, 4),
        simple("b", ("a",), 4, 4),
        Merge("both", ("b", "a")),
        Flatten("all", ("both",)),
        dense("out", ("all",), 56, 2),
    ],
    "several channels that go out": [
        AddChannel("split", (INPUT,), 1),
        Convolution("conv", ("split",), RNG.normal(size=(3, 2, 1, 2)), RNG.normal(size=2), padding=((1, 1), (0, 0))),
    ],
    "a linear path beside": [
        simple("a", (INPUT,), 3, 4, 2, every_step=False),
        Flatten("window", (INPUT,)),
        dense("path", ("window",), 21, 2),
        dense("layers", ("a",), 8, 2),
        Merge("out", ("layers", "path"), "add"),
    ],
    "a convolution alone": [
        Convolution("conv", (INPUT,), RNG.normal(size=(2, 1, 3, 4)), RNG.normal(size=4), activation="relu"),
        Flatten("all", ("conv",)),
        dense("out", ("all",), 24, 2),
    ],
    "layers at every step around a convolution": [
        dense("ahead", (INPUT,), 3, 4, "tanh"),
        Convolution("conv", ("ahead",), RNG.normal(size=(2, 1, 4, 4)), RNG.normal(size=4), activation="relu"),
        dense("behind", ("conv",), 4, 3, "tanh"),
        simple("a", ("behind",), 3, 4, every_step=False),
        dense("out", ("a",), 4, 2),
    ],
}


@pytest.mark.parametrize("nodes", FORMS.values(), ids=FORMS)
def test_each_form(nodes):
    graph = Graph(tuple(nodes), nodes[-1].name, 3)
    expected = graph.run(X)
    assert_same(lower(simplified(graph, X), X).run(X).reshape(expected.shape), expected)


REFUSED = {
    "can be repeated, and once": [
        simple("a", (INPUT,), 3, 4, every_step=False),
        Repeat("again", ("a",), 5),
        simple("b", ("again",), 4, 4, every_step=False),
        Repeat("more", ("b",), 5),
        simple("c", ("more",), 4, 4),
    ],
    "means at the edges": [
        Pooling("means", (INPUT,), "average", (2, 1), (2, 1), ((0, 1), (0, 0))),
        simple("a", ("means",), 3, 4),
    ],
    "answers at every step behind": [
        simple("a", (INPUT,), 3, 4),
        Convolution("conv", ("a",), RNG.normal(size=(2, 1, 4, 4)), np.zeros(4)),
    ],
    "probabilities of several channels": [
        AddChannel("split", (INPUT,), 1),
        Convolution("conv", ("split",), RNG.normal(size=(1, 2, 1, 2)), RNG.normal(size=2)),
        Activation("shares", ("conv",), "softmax"),
    ],
    "others read the same values": [
        Convolution("conv", (INPUT,), RNG.normal(size=(1, 1, 3, 3)), np.zeros(3)),
        simple("a", ("conv", INPUT), 6, 4, every_step=False),
        dense("out", ("a",), 4, 2),
    ],
    "it comes after": [
        simple("a", (INPUT,), 3, 4),
        Convolution("conv", ("a",), RNG.normal(size=(2, 1, 4, 4)), np.zeros(4)),
        simple("b", ("conv",), 4, 4, every_step=False),
        dense("out", ("b",), 4, 2),
    ],
}


@pytest.mark.parametrize(("why", "nodes"), REFUSED.items(), ids=REFUSED)
def test_refused(why, nodes):
    graph = Graph(tuple(nodes), nodes[-1].name, 3)
    with pytest.raises(CannotConvertError, match=why):
        lower(graph, X)
