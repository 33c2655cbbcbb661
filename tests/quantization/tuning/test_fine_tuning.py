"""Fine-tuning of every structure: what it gains on data that it has not seen, what it keeps and what it leaves."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import random_fronts
from helpers.coarse_networks import STRUCTURES, coarse
from helpers.random_networks import inputs, layered
from helpers.same_bits import assert_same_bits

from rnnexp.network.front import Convolution, Embedding, Pooling
from rnnexp.network.windows import Axis
from rnnexp.quantization import reference
from rnnexp.quantization.product import RADIX
from rnnexp.quantization.products import products
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.rounding import LARGEST_BIAS, LARGEST_WEIGHT
from rnnexp.quantization.tuning import descent, fine_tuning
from rnnexp.quantization.tuning.descent import Sequences, output_error
from rnnexp.quantization.tuning.fine_tuning import divided, fine_tune

CONVOLUTION = Convolution(Axis.same(8, 3), Axis(), 2, 6, activation="relu")
SAME = Axis(2, 2)
OTHERS = {
    "simple": layered(("simple", 6), steps=8, features=2, outputs=2),
    "gru": layered(("gru", 6), steps=8, features=2, outputs=2),
    "gru, reset before": layered(("gru-reset-before", 6), steps=8, features=2, outputs=2),
    "lstm, projection": layered(("lstm", 6, {"projection": 3}), steps=8, features=2, outputs=2),
    "peepholes": layered(("lstm-peephole", 6), steps=8, features=2, outputs=2),
    "FastGRNN": layered(("fastgrnn", 6), steps=8, features=2, outputs=2),
    "FastGRNN, low rank": layered(("fastgrnn", 8, {"rank": 3}), steps=8, features=2, outputs=2),
    "both, every step": layered(("simple", 4, "both"), steps=8, features=2, outputs=2, every_step=True),
    "encoder, decoder": layered(("lstm", 4, "encodes"), ("gru", 4), steps=8, features=2, every_step=True),
    "linear path": layered(("gru", 4), steps=8, features=2, linear_path=True),
    "convolution, pooling ahead": random_fronts.network(
        [CONVOLUTION, Pooling(SAME, Axis(), 6)], [("gru", 5)], steps=8, features=2
    ),
    "words": random_fronts.network([Embedding(random_fronts.WORDS, 4)], [("lstm", 5)], steps=8),
    "convolution behind, all steps": random_fronts.network(
        [], [("gru", 5)], [Convolution(Axis.same(8, 3), Axis(), 5, 4, activation="tanh")], steps=8, flattened=True
    ),
}


def sequences(network, count=64, seed=1):
    architecture = network.architecture
    if architecture.front and isinstance(architecture.front[0], Embedding):
        return Sequences(random_fronts.words(count, architecture.sequence_length, seed))
    return Sequences(inputs(count, architecture.sequence_length, architecture.features, seed))


def assert_well_formed(plain, tuned):
    """Only integers have moved, within what files can hold."""
    for before, after in zip(products(plain), products(tuned), strict=True):
        assert (before.shift, before.scale, before.step) == (after.shift, after.scale, after.step)
        assert after.high.dtype == after.low.dtype == np.int8
        assert np.abs(after.codes).max() <= LARGEST_WEIGHT
        assert np.abs(after.low).max() <= RADIX // 2
        assert (after.bias % 2 == 1).all()
        assert np.abs(after.bias).max() <= 2 * LARGEST_BIAS
        assert (after.codes[before.codes == 0] == 0).all()
        assert after.exact is None
    assert (tuned.input, tuned.output, tuned.sequence_length) == (plain.input, plain.output, plain.sequence_length)


@pytest.mark.parametrize("name", STRUCTURES)
def test_where_weights_are_coarse_less_is_lost_on_data_that_was_not_seen(name):
    cells, options = STRUCTURES[name]
    network = coarse(cells, **options)
    given, unseen = Sequences(inputs(384, 20, 4)), Sequences(inputs(200, 20, 4, seed=9))
    integers = quantize(network, given.x, io_bits=16, exact=True)
    found = fine_tune(integers, network, given, epochs=10)
    assert found.helped
    assert found.kept.error < 0.9 * found.ways[0].error
    assert output_error(found.kept.integers, network, unseen) < 0.85 * output_error(integers, network, unseen)
    assert_well_formed(integers, found.kept.integers)


@pytest.mark.parametrize("name", OTHERS)
def test_every_structure_is_no_worse_and_has_the_same_bits_in_every_runtime(name, monkeypatch):
    monkeypatch.setattr(descent, "LEARNING_RATE", 1e-2)
    network = OTHERS[name]
    given = sequences(network)
    integers = quantize(network, given.x, exact=True)
    found = fine_tune(integers, network, given, epochs=2)
    assert [way.name for way in found.ways[:2]] == ["rounded to nearest", "rounded together"]
    assert len(found.ways) == 3
    assert found.kept.error <= found.ways[0].error
    assert (found.fitted, found.judged) == (48, 16)
    for way in found.ways:
        assert_well_formed(integers, way.integers)
    trained = found.ways[2].integers
    assert any((a.codes != b.codes).any() for a, b in zip(products(integers), products(trained), strict=True))
    assert_same_bits(trained, trained.input.encode(given.x[:4]))


def test_sequences_of_different_lengths():
    network = layered(("gru", 5), ("simple", 4, "both"), steps=8, features=2, padding="begin")
    lengths = np.random.default_rng(0).integers(1, 9, 64)
    given = Sequences(inputs(64, 8, 2), lengths)
    integers = quantize(network, given.x, lengths=lengths, exact=True)
    found = fine_tune(integers, network, given, epochs=2)
    assert_well_formed(integers, found.ways[2].integers)
    assert found.ways[2].error < 2 * found.ways[0].error
    # What stands in the padding makes no difference.
    other = given.x.copy()
    other[np.arange(8) >= lengths[:, None]] = 0.5
    again = fine_tune(integers, network, Sequences(other, lengths), epochs=2)
    assert [way.error for way in again.ways] == [way.error for way in found.ways]


def test_the_same_comes_out_again_and_another_seed_is_another_way(monkeypatch):
    network, given = OTHERS["gru"], Sequences(inputs(64, 8, 2))
    integers = quantize(network, given.x, exact=True)
    monkeypatch.setattr(descent, "LEARNING_RATE", 1e-2)
    errors = [
        [way.error for way in fine_tune(integers, network, given, epochs=2, seed=seed).ways] for seed in (0, 0, 1)
    ]
    assert errors[0] == errors[1]
    assert errors[0][:2] == errors[2][:2]
    assert errors[0][2] != errors[2][2]


def test_what_gains_less_than_a_tenth_is_not_kept(monkeypatch):
    network, given = coarse(*STRUCTURES["lstm"][:1]), Sequences(inputs(128, 20, 4))
    integers = quantize(network, given.x, io_bits=16, exact=True)
    assert fine_tune(integers, network, given, epochs=0).helped
    monkeypatch.setattr(fine_tuning, "WORTH_IT", 0.01)
    found = fine_tune(integers, network, given, epochs=0)
    assert not found.helped
    assert found.kept.integers is found.ways[0].integers
    codes = integers.input.encode(given.x)
    assert (reference.run(found.kept.integers, codes) == reference.run(integers, codes)).all()


def test_without_what_weights_were_rounded_from_they_are_only_trained():
    network, given = OTHERS["gru"], Sequences(inputs(64, 8, 2))
    found = fine_tune(quantize(network, given.x), network, given, epochs=1)
    assert [way.name for way in found.ways] == ["rounded to nearest", "rounded to nearest, trained for 1 epochs"]


def test_neighbours_decide_together_and_no_sequence_does_both():
    given = Sequences(np.arange(100.0).reshape(100, 1, 1), np.arange(100))
    fitting, judging = divided(given)
    assert sorted([*fitting.x.ravel(), *judging.x.ravel()]) == list(range(100))
    assert (fitting.lengths == fitting.x.ravel()).all()
    assert 20 <= len(judging.x) <= 30
    assert np.mean(np.diff(judging.x.ravel()) == 1) > 0.7


def test_quantised_networks_do_not_keep_what_they_were_rounded_from():
    network, given = OTHERS["convolution, pooling ahead"], Sequences(inputs(16, 8, 2))
    assert all(product.exact is None for product in products(quantize(network, given.x)))
    known = products(quantize(network, given.x, exact=True))
    for product in known:
        assert np.abs(product.exact.weights - product.codes).max() <= 0.5
        # An odd number is at most 1 away; what is left of the zero point's share of weights is in it too.
        zero = np.abs(product.exact.bias - product.bias)
        assert (zero <= 1 + 4 * 128 * np.abs(product.exact.weights - product.codes).sum(axis=1)).all()
    assert replace(known[0], exact=None) is not known[0]
