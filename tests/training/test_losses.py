"""Class weights against a sum by hand, scikit-learn, and what they do to a training."""

import keras
import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from rnnexp import datasets
from rnnexp.config import ClassificationConfig, MemoryConfig
from rnnexp.experiment.train import make_loss
from rnnexp.training.losses import WeightedCrossEntropy, balanced_weights
from rnnexp.training.trainer import Trainer


def test_balanced_weights_agree_with_scikit_learn():
    labels = np.array([0] * 7 + [1] + [2] * 4)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(balanced_weights(labels, 3), expected)
    assert np.mean(balanced_weights(labels, 3)[labels]) == pytest.approx(1)


def test_a_class_that_does_not_occur_has_no_weight_and_changes_no_other():
    np.testing.assert_allclose(balanced_weights(np.array([0, 0, 0, 2]), 4), [2 / 3, 0, 2, 0])


def test_the_loss_by_hand():
    probabilities = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]], np.float32)
    labels = np.array([0, 0, 1], np.int32)
    loss = WeightedCrossEntropy(np.array([2.0, 0.25]))
    expected = -np.mean([2 * np.log(0.5), 2 * np.log(0.9), 0.25 * np.log(0.8)])
    assert float(loss(labels, probabilities)) == pytest.approx(expected, rel=1e-6)
    plain = keras.losses.SparseCategoricalCrossentropy()
    ones = WeightedCrossEntropy(np.ones(2))
    assert float(ones(labels, probabilities)) == pytest.approx(float(plain(labels, probabilities)), rel=1e-6)


def test_the_loss_of_a_single_probability_at_every_step_by_hand():
    probabilities = np.array([[[0.5], [0.9]], [[0.2], [0.7]]], np.float32)
    labels = np.array([[0, 1], [0, 1]], np.int32)
    assert balanced_weights(labels, 2).tolist() == [1, 1]
    loss = WeightedCrossEntropy(np.array([2.0, 0.25]))
    expected = -np.mean([2 * np.log(0.5), 0.25 * np.log(0.9), 2 * np.log(0.8), 0.25 * np.log(0.7)])
    assert float(loss(labels, probabilities)) == pytest.approx(expected, rel=1e-6)
    plain, ones = keras.losses.BinaryCrossentropy(), WeightedCrossEntropy(np.ones(2))
    assert float(ones(labels, probabilities)) == pytest.approx(float(plain(labels, probabilities)), rel=1e-6)


def test_a_training_with_it_does_not_neglect_the_rare_class():
    """Nine of ten samples are one class, and nothing tells which: the best guess is the shares, or all alike."""
    labels = np.array([0] * 90 + [1] * 10, np.int32)
    x = np.ones((100, 1), np.float32)

    def learned(loss):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation="softmax")])
        trainer = Trainer(model, loss, keras.optimizers.Adam(0.1), batch_size=100, seed=0)
        trainer.fit(x, labels, x, labels, epochs=100)
        return np.asarray(model(x[:1]))[0]

    np.testing.assert_allclose(learned(keras.losses.SparseCategoricalCrossentropy()), [0.9, 0.1], atol=0.01)
    np.testing.assert_allclose(learned(WeightedCrossEntropy(balanced_weights(labels, 2))), [0.5, 0.5], atol=0.01)


def test_the_setting_chooses_the_loss():
    iris = datasets.load(ClassificationConfig(dataset_name="iris"))
    assert isinstance(make_loss(iris), keras.losses.SparseCategoricalCrossentropy)
    np.testing.assert_allclose(make_loss(iris, balanced=True).weights, [1, 1, 1])
    assert isinstance(make_loss(datasets.load(MemoryConfig())), keras.losses.MeanSquaredError)
    addition = datasets.load(ClassificationConfig(dataset_name="binary-addition"))
    assert isinstance(make_loss(addition), keras.losses.BinaryCrossentropy)
    assert make_loss(addition, balanced=True).weights.shape == (2,)
