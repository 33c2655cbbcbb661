"""The word for a structure, and back; the names of its weights."""

import pytest

from rnnexp import datasets
from rnnexp.config import MemoryConfig
from rnnexp.network.structure import Structure
from rnnexp.training import model as networks

WORDS = {
    "simple": Structure(),
    "lstm": Structure("lstm"),
    "gru-2-layers": Structure("gru", 2),
    "simple-bidirectional": Structure(bidirectional=True),
    "lstm-16-layers-backwards": Structure("lstm", 16, go_backwards=True),
    "my-cell-3-layers-bidirectional": Structure("my-cell", 3, bidirectional=True),
}


@pytest.mark.parametrize("word", WORDS)
def test_words_and_back(word):
    assert Structure.of(word) == WORDS[word]
    assert str(WORDS[word]) == word


def test_no_word_is_no_structure():
    with pytest.raises(ValueError, match="'' names no structure"):
        Structure.of("")


@pytest.mark.parametrize("word", ["simple", "gru-2-layers", "lstm-2-layers-bidirectional"])
def test_names_of_weights_are_those_of_the_model(word):
    structure = Structure.of(word)
    config = MemoryConfig(memory_n=5, hidden_size=3, **vars(structure))
    dataset = datasets.load(config)
    model = networks.plain(config, dataset, networks.trainable(config, dataset).get_weights())
    names = networks.weight_names(model)
    assert list(dict.fromkeys(name.rpartition("/")[0] + "/" for name in names[:-2])) == structure.scopes
