"""The architecture: the word for its structure and back, the names and shapes of its weights, its form in JSON."""

import json

import keras
import pytest
from helpers.random_networks import layered

from rnnexp.formats.keras.model import to_keras
from rnnexp.network.architecture import Architecture
from rnnexp.network.cells import CELLS
from rnnexp.network.layer import Layer
from rnnexp.network.structure import Structure

WORDS = {
    "simple": Structure(),
    "lstm": Structure("lstm"),
    "gru-2-layers": Structure("gru", 2),
    "simple-bidirectional": Structure(bidirectional=True),
    "lstm-16-layers-backwards": Structure("lstm", 16, go_backwards=True),
    "my-cell-3-layers-bidirectional": Structure("my-cell", 3, bidirectional=True),
    "lstm-projection-4": Structure("lstm", projection=4),
    "lstm-peephole-2-layers-projection-12-bidirectional": Structure(
        "lstm-peephole", 2, bidirectional=True, projection=12
    ),
    "lstm-peephole-projection-4-encoder-decoder": Structure("lstm-peephole", decoder=True, projection=4),
    "fastgrnn-rank-8": Structure("fastgrnn", rank=8),
    "fastgrnn-2-layers-rank-3-backwards": Structure("fastgrnn", 2, go_backwards=True, rank=3),
    "simple-encoder-decoder": Structure(decoder=True),
    "gru-2-layers-encoder-decoder": Structure("gru", 2, decoder=True),
    "lstm-3-layers-bidirectional-encoder-decoder": Structure("lstm", 3, bidirectional=True, decoder=True),
    "my-cell-backwards-encoder-decoder": Structure("my-cell", go_backwards=True, decoder=True),
}
# Cell -> the weights that only it has.
FURTHER = {"lstm-peephole": ("peepholes",), "fastgrnn": ("gate_bias", "mix")}
# Cells as ``layered`` takes them, and what the names of their weights begin with.
NETWORKS = {
    "one": ([("simple", 4)], ["rnn/"]),
    "alike": ([("gru", 4), ("gru", 4), ("gru", 4)], ["rnn/", "rnn_1/", "rnn_2/"]),
    "unlike": ([("lstm", 3), ("simple", 5), ("gru", 2)], ["rnn/", "rnn_1/", "rnn_2/"]),
    "backwards": ([("lstm", 3, "backwards"), ("lstm", 3)], ["rnn/", "rnn_1/"]),
    "both ways": (
        [("gru", 4, "both"), ("gru", 4, "both")],
        ["rnn/forward/", "rnn/backward/", "rnn_1/forward/", "rnn_1/backward/"],
    ),
    "some both ways": (
        [("gru", 3, "both"), ("lstm", 4), ("simple", 5, "both")],
        ["rnn/forward/", "rnn/backward/", "rnn_1/", "rnn_2/forward/", "rnn_2/backward/"],
    ),
    "encoder and decoder": ([("gru", 4, "encodes"), ("gru", 4)], ["encoder/", "decoder/"]),
    "two layers encode": ([("lstm", 4), ("lstm", 4, "encodes"), ("lstm", 4)], ["encoder/", "encoder_1/", "decoder/"]),
    "encoders both ways": (
        [("simple", 3, "both"), ("gru", 4, "both", "encodes"), ("lstm", 4), ("simple", 2)],
        [
            "encoder/forward/",
            "encoder/backward/",
            "encoder_1/forward/",
            "encoder_1/backward/",
            "decoder/",
            "decoder_1/",
        ],
    ),
}


def weight_names(model):
    """Return the names of a Keras model's weights by its layers' and wrapped layers' own names."""
    names = []
    for layer in model.layers:
        ways = [layer]
        if isinstance(layer, keras.layers.Bidirectional):
            ways = [layer.forward_layer, layer.backward_layer]
        for way in ways:
            prefix = layer.name if way is layer else f"{layer.name}/{way.name.removesuffix(f'_{layer.name}')}"
            names += [f"{prefix}/{weight.name}" for weight in way.weights]
    return names


def made(name, **options):
    """Return the network of a name in ``NETWORKS``; one with a decoder answers at each of its steps."""
    cells, _ = NETWORKS[name]
    decoder = any("encodes" in cell for cell in cells)
    return layered(*cells, **{"steps": 6, "features": 2, "outputs": 3, "every_step": decoder, **options})


@pytest.mark.parametrize("word", WORDS)
def test_words_and_back(word):
    assert Structure.of(word) == WORDS[word]
    assert str(WORDS[word]) == word


@pytest.mark.parametrize("word", ["", "-encoder-decoder"])
def test_no_word_is_no_structure(word):
    with pytest.raises(ValueError, match=f"'{word}' names no structure"):
        Structure.of(word)


@pytest.mark.parametrize("word", WORDS)
def test_the_layers_of_a_structure_have_its_word(word):
    """One reads the sequence backwards at most: those after it go with it. A decoder is one layer more."""
    structure = WORDS[word]
    layers = structure.layers(7, 5)
    assert len(layers) == structure.num_layers + structure.decoder
    assert {(layer.cell, layer.units) for layer in layers} == {(structure.cell, 7)}
    encoding = layers[: structure.num_layers]
    assert [layer.bidirectional for layer in encoding] == [structure.bidirectional] * len(encoding)
    assert [layer.backwards for layer in layers] == [structure.go_backwards] + [False] * (len(layers) - 1)
    repeats = [0] * (structure.num_layers - 1) + ([5, 0] if structure.decoder else [0])
    assert [layer.repeats for layer in layers] == repeats
    architecture = Architecture(9, 2, layers, structure.decoder, 1, "tanh")
    assert architecture.structure == structure


@pytest.mark.parametrize("name", ["unlike", "some both ways", "encoders both ways"])
def test_layers_that_are_not_alike_have_no_word(name):
    with pytest.raises(ValueError, match="not all alike"):
        _ = made(name).architecture.structure


@pytest.mark.parametrize(
    "layers",
    [
        (Layer("gru", 4), Layer("gru", 5)),
        (Layer("gru", 4), Layer("gru", 4, backwards=True)),
        (Layer("gru", 4, repeats=5), Layer("gru", 4), Layer("gru", 4)),
        (Layer("gru", 4, repeats=5), Layer("gru", 4, bidirectional=True)),
    ],
    ids=str,
)
def test_one_difference_is_enough(layers):
    with pytest.raises(ValueError, match="not all alike"):
        _ = Architecture(9, 2, layers, True, 1, "tanh").structure


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", NETWORKS)
def test_names_and_shapes_are_those_of_the_keras_model(name, cell, every_step):
    """Of each network as it is, and with one kind of cell in all layers."""
    cells, scopes = NETWORKS[name]
    every_step = every_step or any("encodes" in ways for ways in cells)
    for kinds in (cells, [(cell, *rest) for _, *rest in cells]):
        network = layered(*kinds, steps=6, features=2, outputs=3, every_step=every_step)
        architecture, model = network.architecture, to_keras(network)
        assert list(architecture.shapes) == weight_names(model)
        assert list(architecture.shapes.values()) == [tuple(weight.shape) for weight in model.weights]
        assert [scope for layer in architecture.scopes for scope in layer] == scopes
        kinds_of_scopes = [layer.cell for layer in architecture.layers for _ in layer.directions]
        assert list(architecture.shapes)[:-2] == [
            f"{scope}{weight}"
            for scope, kind in zip(scopes, kinds_of_scopes, strict=True)
            for weight in ("kernel", "recurrent_kernel", "bias", *FURTHER.get(kind, ()))
        ]
        assert list(architecture.shapes)[-2:] == ["output/kernel", "output/bias"]


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_that_are_read_and_answered(name):
    architecture = made(name).architecture
    decoder = any("encodes" in cell for cell in NETWORKS[name][0])
    count = next((number for number, cell in enumerate(NETWORKS[name][0], 1) if "encodes" in cell), 0)
    assert architecture.encoder == architecture.layers[:count]
    assert architecture.decoder == architecture.layers[count:]
    assert architecture.output_steps == (5 if decoder else 1)
    assert made(name, every_step=True).architecture.output_steps == (5 if decoder else 6)
    assert architecture.forward == (name in ("one", "alike", "unlike"))


@pytest.mark.parametrize("name", NETWORKS)
def test_through_json_and_back(name):
    architecture = made(name, activation="sigmoid", softmax=True).architecture
    again = Architecture.from_json(json.loads(json.dumps(architecture.to_json())))
    assert again == architecture
    assert again.shapes == architecture.shapes
    scaled = Architecture(4, 1, (Layer("simple", 2),), False, 1, "custom", max_value=3.7)
    assert Architecture.from_json(json.loads(json.dumps(scaled.to_json()))) == scaled
