"""Networks of this project become graphs that compute the same, and that become networks again."""

import numpy as np
import pytest
from helpers.random_fronts import WORDS, network, words
from helpers.random_networks import inputs

from rnnexp.network.front import Convolution, Embedding, Pooling
from rnnexp.network.graph.lift import lift
from rnnexp.network.graph.lower import lower
from rnnexp.network.graph.rewrite import simplified
from rnnexp.network.layer import Layer
from rnnexp.network.windows import Axis
from rnnexp.report.evaluation import probabilities

STEPS, FEATURES = 9, 4
CAUSAL = Convolution(Axis.causal(3), Axis(), FEATURES, 6, activation="relu")
SPECTRAL = Convolution(Axis(3, 2, before=1), Axis(2, 2), 1, 3, activation="custom")
NETWORKS = {
    "simple, custom": ((), [("simple", 5)], (), {"activation": "custom", "max_value": 255.0}),
    "LSTM, linear path": ((), [("lstm", 5)], (), {"linear_path": True}),
    "two of both directions": ((), [("gru", 4, "both"), ("gru", 3, "both")], (), {"softmax": True, "outputs": 3}),
    "backwards": ((), [("gru-reset-before", 4, "backwards"), ("simple", 3)], (), {}),
    "a yes or no at every step": ((), [("simple", 4)], (), {"every_step": True, "softmax": True, "outputs": 1}),
    "encoder, decoder": ((), [("lstm", 4), ("lstm", 3, "encodes"), ("gru", 5)], (), {"every_step": True}),
    "peepholes, projection": ((), [("lstm-peephole", 6, {"projection": 3}), ("dense", 4)], (), {}),
    "FastGRNN": ((), [("fastgrnn", 8, "both", {"rank": 2}), ("fastgrnn", 4)], (), {}),
    "FastGRNN, custom": ((), [("fastgrnn", 6)], (), {"activation": "custom", "max_value": 3.0}),
    "skips": ((), [("gru", 4), ("dense", 3), Layer("simple", 4, reads=(-1, 0, 1))], (), {}),
    "gates and functions of layers": ((), [("lstm", 4, {"gate": "hard_sigmoid", "activation": "relu6"})], (), {}),
    "convolutions, pooling": (
        (CAUSAL, Pooling(Axis(2, 2), Axis(), 6), Convolution(Axis(), Axis(), 6, 4, groups=2)),
        [("gru", 4)],
        (),
        {"max_value": 3.0},
    ),
    "spectra": ((SPECTRAL,), [("simple", 4, "both")], (), {"max_value": 3.0}),
    "behind, flattened": ((), [("lstm", 4)], (Convolution(Axis.causal(2), Axis(), 4, 3),), {"flattened": True}),
    "behind, the last": ((), [("lstm", 4)], (Convolution(Axis(2), Axis(), 4, 3, activation="tanh"),), {}),
    "convolutions alone": ((CAUSAL,), [], (), {}),
}


@pytest.mark.parametrize("facts", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("with_lengths", [False, True])
def test_a_network_and_back(facts, with_lengths):
    front, layers, back, options = facts
    if with_lengths and (front or back or "linear_path" in options):
        pytest.skip("sequences of one length only")
    padding = "end" if with_lengths else ""
    own = network(front, layers, back, steps=STEPS, features=FEATURES, **{**options, "padding": padding})
    assert_same(own, inputs(12, STEPS, FEATURES), np.arange(12) % STEPS + 1 if with_lengths else None)


def test_words_and_back():
    own = network([Embedding(WORDS, 3)], [("gru", 4)], steps=STEPS, features=1, softmax=True)
    assert_same(own, words(12, STEPS))


def assert_same(own, x, lengths=None):
    expected = own.run(x, lengths=lengths)
    graph = lift(own, "ours")
    found = graph.run(x, lengths)
    wanted = probabilities(expected) if own.architecture.softmax else expected
    if lengths is not None and own.architecture.answers_each_step:
        there = np.arange(x.shape[1]) < lengths[:, None]
        found, wanted, expected = found[there], wanted[there], expected[there]
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=0, atol=1e-10)
    again = lower(simplified(graph, x), x, own.architecture.padding)
    outputs = again.run(x, lengths=lengths)
    outputs = outputs[there] if outputs.shape != expected.shape else outputs
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-10)
