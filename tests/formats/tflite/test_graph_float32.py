"""float32 files of foreign networks compute what the networks do, in LiteRT."""

import numpy as np
import pytest
from network.graph.test_rewrite import SUMS

from rnnexp.formats.tflite.graph_float32 import to_tflite
from rnnexp.formats.tflite.tensor_functions import FUNCTIONS as TENSOR_FUNCTIONS
from rnnexp.formats.tflite.tensor_functions import function as tensor_function
from rnnexp.network.functions import FUNCTIONS, function
from rnnexp.network.graph import storage
from rnnexp.network.graph.convolution import Convolution, Pooling
from rnnexp.network.graph.graph import INPUT, Graph
from rnnexp.network.graph.nodes import Activation, AddChannel, Dense, Embedding, Flatten, Last, Recurrent, Repeat
from rnnexp.runtimes.tflite import load

STEPS, FEATURES, UNITS = 6, 3, 4
RNG = np.random.default_rng(0)


def numbers(*shape):
    return RNG.normal(size=shape) / 2


def recurrent(cell, name="rnn", reads=(INPUT,), inputs=FEATURES, directions=2, width=UNITS, **options):
    columns = SUMS[cell] * UNITS
    weights = tuple(
        (
            numbers(inputs, columns),
            numbers(width, columns),
            numbers(2, columns) if cell == "gru" else numbers(columns),
            *([numbers(3, UNITS)] if cell == "lstm-peephole" else []),
        )
        for _ in range(directions)
    )
    return Recurrent(name, reads, cell, weights, **options)


GRAPHS = {
    **{
        f"{cell}, {'every step' if every_step else 'last'}": Graph(
            (
                recurrent(cell, every_step=every_step, gate="hard_sigmoid"),
                Dense("out", ("rnn",), numbers(2 * UNITS, 2), numbers(2)),
            ),
            "out",
            FEATURES,
        )
        for cell, every_step in zip(SUMS, [True, False, True, False, True], strict=True)
    },
    "projected, backwards": Graph(
        (
            recurrent("lstm", directions=1, width=2, projection=(numbers(UNITS, 2),), backwards=True),
            Last("last", ("rnn",)),
            Dense("out", ("last",), numbers(2, 3), numbers(3)),
            Activation("softmax", ("out",), "softmax"),
        ),
        "softmax",
        FEATURES,
    ),
    "convolutions": Graph(
        (
            AddChannel("channel", (INPUT,), 1),
            Convolution(
                "conv",
                ("channel",),
                numbers(3, 2, 1, 4),
                numbers(4),
                (1, 1),
                (1, 1),
                ((1, 1), (1, 0)),
                activation="relu",
            ),
            Convolution("depthwise", ("conv",), numbers(1, 1, 1, 4), numbers(4), groups=4),
            Pooling("pool", ("depthwise",), "max", (2, 1), (2, 1), ((0, 0), (0, 0))),
            Flatten("rows", ("pool",), keeps_time=True),
            recurrent("gru", reads=("rows",), inputs=12, directions=1, every_step=False),
            Repeat("again", ("rnn",), 3),
            recurrent("simple", "decoder", ("again",), UNITS, 1, activation="relu"),
        ),
        "decoder",
        FEATURES,
    ),
    "words": Graph(
        (
            Embedding("embedding", (INPUT,), numbers(9, 5)),
            recurrent("lstm", reads=("embedding",), inputs=5, every_step=False),
            Dense("out", ("rnn",), numbers(2 * UNITS, 2), numbers(2)),
        ),
        "out",
        0,
    ),
}


def run(content, x, lengths=None):
    """Return the outputs of a file for samples, one by one."""
    runtime, found = load(content), []
    for number, sample in enumerate(x):
        runtime.set_input(0, sample[None].astype(runtime.inputs[0].dtype))
        if lengths is not None:
            runtime.set_input(1, lengths[number : number + 1].astype(np.int32))
        runtime.invoke()
        found.append(runtime.get_output(0)[0])
    return np.stack(found)


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_computes_the_same(graph):
    x = RNG.integers(0, 9, (3, STEPS)) if graph.words else RNG.normal(size=(3, STEPS, FEATURES))
    graph = storage.from_npz(storage.to_npz(graph))
    assert np.abs(run(to_tflite(graph, STEPS), x) - graph.run(x)).max() < 1e-5


@pytest.mark.parametrize("padding", ["end", "begin"])
@pytest.mark.parametrize("every_step", [True, False])
def test_of_any_length(padding, every_step):
    graph = Graph(
        (recurrent("gru", every_step=every_step), Dense("out", ("rnn",), numbers(2 * UNITS, 2), numbers(2))),
        "out",
        FEATURES,
    )
    x, lengths = RNG.normal(size=(3, STEPS, FEATURES)), np.array([1, 4, STEPS])
    there = np.arange(STEPS) < lengths[:, None]
    expected = graph.run(x, lengths)
    content = to_tflite(graph, STEPS, padding)
    shift = STEPS - lengths if padding == "begin" else np.zeros(3, int)
    given = np.stack([np.roll(sample, by, axis=0) for sample, by in zip(x, shift, strict=True)])
    found = run(content, given, lengths)
    if every_step:
        found = np.stack([np.roll(sample, -by, axis=0) for sample, by in zip(found, shift, strict=True)])
        assert (found[~there] == 0.0).all()
        found, expected = found[there], expected[there]
    assert np.abs(found - expected).max() < 1e-5


def test_functions_are_those_of_numpy():
    assert TENSOR_FUNCTIONS.keys() == FUNCTIONS.keys()
    z = np.linspace(-6.0, 6.0, 101)
    for name in FUNCTIONS:
        text = {"clip": "clip(-0.5, 2.0)"}.get(name, name)
        found = np.asarray(tensor_function(text)(z.astype(np.float32)))
        assert np.abs(found - function(text)(z)).max() < 1e-5 * np.abs(function(text)(z)).max(), name
