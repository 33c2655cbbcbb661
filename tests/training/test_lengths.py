"""Training on sequences of different lengths: real steps alone count, in the loss, its gradient and its mean."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers.random_networks import inputs, integers, layered, simple
from helpers.tagging import MODES, dataset, sequences

from rnnexp.datasets.dataset import IGNORED
from rnnexp.network.lengths import real
from rnnexp.quantization import reference
from rnnexp.quantization.quantizer import quantize
from rnnexp.training.fine_tuning import fine_tune
from rnnexp.training.losses import WeightedCrossEntropy, balanced_weights
from rnnexp.training.model import trainable
from rnnexp.training.optimization import Optimization
from rnnexp.training.simulation import SimulatedNetwork
from rnnexp.training.trainer import EVALUATION_BATCH, Trainer
from rnnexp.training.unit_scale import UnitScale

OPTIMIZATION = Optimization("adam", 0.01, 16)


def model(cell="lstm", way=(), **options):
    keras.utils.set_random_seed(3)
    made = layered((cell, 6, *way), steps=12, features=3, outputs=MODES, softmax=True, padding="end", **options)
    return trainable(made.architecture)


def trainer(network, *, ignores):
    optimizer = OPTIMIZATION.optimizer(100, 3, decay=True)
    loss = WeightedCrossEntropy(np.ones(MODES))
    return Trainer(network, loss, optimizer, batch_size=16, seed=0, ignores=ignores)


def cross_entropy(network, x, y, lengths):
    """Return the mean over the labels that count, written out."""
    found = np.asarray(network([x, lengths]))
    counts = y >= 0
    return -np.mean(np.log(found[counts, y[counts]]))


@pytest.mark.parametrize("rows", [100, EVALUATION_BATCH + 30])
def test_the_validation_loss_is_the_mean_over_all_real_steps(rows):
    x, y, lengths = sequences(rows, 12)
    y = np.where(real(lengths, 12), y, IGNORED).astype(np.int32)
    # Some batches have many real steps, and others few.
    order = np.argsort(lengths)
    x, y, lengths = x[order], y[order], lengths[order]
    network = model(every_step=True)
    found = trainer(network, ignores=True).evaluate(tf.constant(x), tf.constant(y), tf.constant(lengths))
    assert found == pytest.approx(cross_entropy(network, x, y, lengths), rel=1e-5)


@pytest.mark.parametrize(("way", "every_step"), [((), False), (("both",), True)])
def test_what_the_padding_holds_changes_no_bit(way, every_step):
    network, weights = model(way=way, every_step=every_step), []
    made, start = trainer(network, ignores=every_step), network.get_weights()
    for junk in (0.0, 50.0):
        part = dataset(100, 12, every_step=every_step, junk=junk).train
        network.set_weights(start)
        made.restart(batch_size=16, seed=0)
        made.optimizer.set(OPTIMIZATION, 18, decay=True)
        history = made.fit(part.x, part.y, part.x, part.y, lengths=part.lengths, lengths_val=part.lengths, epochs=3)
        assert history.epochs[-1].loss < history.epochs[0].loss
        weights.append([values.copy() for values in network.get_weights()])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_balanced_weights_count_real_labels():
    labels = np.array([[0, 0, 0, 1], [1, IGNORED, IGNORED, IGNORED]])
    np.testing.assert_allclose(balanced_weights(labels, 2), [5 / 6, 5 / 4])


def test_the_simulation_is_the_integer_network_at_any_length():
    network = simple(5, steps=8, features=2, outputs=3)
    x, lengths = inputs(12, 8, 2).astype(np.float32), np.arange(12, dtype=np.int32) % 8 + 1
    integer, _ = integers(network, x, lengths=lengths)
    simulated = SimulatedNetwork(integer, network.architecture, UnitScale())
    simulated.set_weights(UnitScale().unfold(network.architecture, network.weights))
    found = np.asarray(simulated(tf.constant(x), tf.constant(lengths)))
    np.testing.assert_allclose(found, reference.outputs(integer, x, lengths), atol=1e-6)


def test_fine_tuning_with_lengths_brings_the_integers_nearer():
    network = simple(5, steps=8, features=2, outputs=1, activation="tanh")
    x, lengths = inputs(400, 8, 2).astype(np.float32), np.arange(400, dtype=np.int32) % 8 + 1
    plain = quantize(network, x, lengths=lengths)
    trained = UnitScale().unfold(network.architecture, network.weights)
    optimization = Optimization("adam", 0.01, 32)
    tuned = fine_tune(plain, network, trained, UnitScale(), x, optimization, epochs=10, lengths=lengths)
    exact = network.run(x, lengths=lengths)

    def loss(integer):
        return np.mean((reference.outputs(integer, x, lengths) - exact) ** 2)

    assert loss(tuned.integers) <= loss(plain)
    assert tuned.history.epochs[-1].loss < 1e-3
