"""The float check: what Keras itself computes of a file, of all layers and up to one; a misread layer is named."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.keras_files import as_keras_2, outputs_here, saved, with_config
from helpers.properties import examples
from helpers.random_keras import Drawing
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.errors import UserError
from rnnexp.formats.keras.framework import outputs
from rnnexp.formats.keras.reader import of_stored
from rnnexp.formats.keras.stored import load
from rnnexp.network.graph.agreement import compare
from rnnexp.network.graph.lower import lower
from rnnexp.network.graph.nodes import Dense
from rnnexp.network.graph.rewrite import simplified

X = np.random.default_rng(0).normal(size=(3, 12, 3))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    new = saved(folder, "model.h5")
    return {"keras": saved(folder, "model.keras"), "h5": new, "keras_2": as_keras_2(new, folder / "old.h5")}


@pytest.mark.parametrize("kind", ["keras", "h5", "keras_2"])
def test_a_file_that_is_read_right_passes(files, kind):
    stored = load(files[kind])
    graph = of_stored(stored)
    found = outputs(stored, X)
    assert {"conv", "norm", "side", "sum", "both", "lstm", "answer", ""} <= set(found)
    assert compare(graph, by_node(graph, found), X).misread is None
    # One weight of one layer, a little.
    wrong = [
        replace(node, kernel=node.kernel * 1.001) if node.name == "side" and isinstance(node, Dense) else node
        for node in graph.nodes
    ]
    found = by_node(graph, found)
    assert compare(replace(graph, nodes=tuple(wrong)), found, X).misread.name == "side"


def test_lstms_that_keras_does_not_have_are_built_of_our_classes(tmp_path):
    keras = pytest.importorskip("keras")
    from rnnexp.layers.lstm import PeepholeLSTM, PeepholeLSTMCell, ProjectedLSTM

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 3)),
            layers.Bidirectional(PeepholeLSTM(5, projection=4, return_sequences=True), name="both"),
            ProjectedLSTM(5, projection=7, go_backwards=True, return_sequences=True, name="wide"),
            layers.RNN(PeepholeLSTMCell(4), return_sequences=True, name="within"),
            ProjectedLSTM(4, name="last"),
            layers.Dense(2, name="answer"),
        ]
    )
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=values.shape) * 0.4 for values in model.get_weights()])
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"model{suffix}"
        model.save(path)
        stored = load(path)
        graph = of_stored(stored)
        found = outputs(stored, X)
        assert {"both", "wide", "within", "last", "answer"} <= set(found)
        assert compare(graph, by_node(graph, found), X).misread is None


@pytest.mark.parametrize("most", [None, 2.0])
def test_fastgrnns_are_built_of_our_classes(tmp_path, most):
    keras = pytest.importorskip("keras")
    from rnnexp.cells.fastgrnn.plain import FastGRNN, FastGRNNCell
    from rnnexp.layers.activation import ScaledSqrt

    layers = keras.layers
    options = {"return_sequences": True, "activation": ScaledSqrt(most) if most else "tanh"}
    model = keras.Sequential(
        [
            keras.Input((12, 3)),
            layers.BatchNormalization(name="norm"),
            layers.Bidirectional(FastGRNN(7, **options), name="both"),
            FastGRNN(8, rank=2, go_backwards=True, name="low", **options),
            layers.RNN(FastGRNNCell(7, rank=3), return_sequences=True, name="within"),
            layers.Dense(5, name="linear"),
            FastGRNN(9, rank=4, name="last"),
            layers.Dense(2, name="answer"),
        ]
    )
    random = np.random.default_rng(0)
    model.set_weights([np.abs(random.normal(size=values.shape)) * 0.4 for values in model.get_weights()])
    for suffix in (".keras", ".h5"):
        path = tmp_path / f"model{suffix}"
        model.save(path)
        stored = load(path)
        graph = of_stored(stored)
        found = outputs(stored, X)
        assert {"both", "low", "within", "last", "answer"} <= set(found)
        assert compare(graph, by_node(graph, found), X).misread is None
        # As a network, which has kernels of a rank where they have fewer weights.
        network = lower(simplified(graph, X), X)
        assert [layer.rank for layer in network.architecture.layers if layer.cell == "fastgrnn"] == [0, 2, 3, 4]
        np.testing.assert_allclose(network.run(X), found[""], rtol=1e-4, atol=1e-5)


def by_node(graph, found):
    """Call what the model gives by the name of the node that gives it."""
    return {**found, graph.output: found[""]}


def test_a_misread_layer_is_named(files):
    stored = load(files["keras"])
    graph = of_stored(stored)
    right = by_node(graph, outputs_here(stored, X))
    assert compare(graph, right, X).misread is None
    turned = [replace(node, backwards=True) if node.name == "lstm" else node for node in graph.nodes]
    found = compare(replace(graph, nodes=tuple(turned)), right, X)
    assert found.misread.name == "lstm"
    assert 1e-5 < found.share < np.inf
    assert compare(replace(graph, output="lstm"), {"lstm": right["answer"]}, X).share == np.inf


def test_what_is_behind_a_layer_is_not_built(files, tmp_path):
    def change(found):
        found["config"]["layers"][-1]["class_name"] = "Attention"

    stored = load(with_config(files["keras"], tmp_path / "part.keras", change))
    with pytest.raises(UserError, match="'Attention' is not built"):
        outputs(stored, X)
    graph = of_stored(stored, until="lstm")
    assert compare(graph, by_node(graph, outputs(stored, X, "lstm")), X).misread is None


def test_keras_may_not_be_able_to_build_it(files, tmp_path):
    def change(found):
        found["config"]["layers"][1]["config"]["filters"] = -4

    stored = load(with_config(files["keras"], tmp_path / "odd.keras", change))
    with pytest.raises(UserError, match="Keras cannot compute it"):
        outputs(stored, X)


@pytest.mark.parametrize("form", [".keras", ".h5", "keras_2"])
@given(seed=st.integers(0, 2**32 - 1), place=st.integers(0, 20))
@examples(20)
def test_random_models_are_built_again(tmp_path_factory, form, seed, place):
    folder = tmp_path_factory.mktemp("random")
    model, x, lengths = Drawing(seed, foreign=False).model()
    path = folder / f"model{form if form.startswith('.') else '.h5'}"
    model.save(path)
    if form == "keras_2":
        path = as_keras_2(path, folder / "old.h5")
    if path is None:
        return
    stored = load(path)
    made = outputs_here(stored, x)
    right = np.asarray(model(x))
    np.testing.assert_allclose(made[""], right, rtol=1e-5, atol=1e-6 * max(1.0, np.abs(right).max()))
    names = [layer.name for layer in model.layers[1:] if layer.name in made]
    if names:
        until = names[place % len(names)]
        np.testing.assert_allclose(outputs_here(stored, x, until)[""], made[until], rtol=1e-5, atol=1e-5)
    assert lengths is None or len(lengths) == len(x)
