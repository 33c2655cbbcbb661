"""From trained weights to an integer network: plainly, and by training on in its arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnexp.config import Settings
from rnnexp.datasets import Dataset, Split
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.network import FloatNetwork
from rnnexp.quantization import integer_network as layered
from rnnexp.quantization.integer_network import LayeredNetwork
from rnnexp.quantization.product import IntegerNetwork
from rnnexp.quantization.quantizer import Ranges, quantize, with_weights
from rnnexp.report import evaluation

if TYPE_CHECKING:
    from rnnexp.training.trainer import Epoch, History

# Of a large data set, ranges and fine-tuning take sequences of about this many time steps in all, spread evenly.
MOST_STEPS = 2**24
# Fine-tuning goes on at the rate that training ended with.
LEARNING_RATE_SHARE = 0.01


@dataclass(frozen=True)
class FineTuned:
    """An integer network, the float weights it was rounded from (in the user's numbers), and how it was trained."""

    network: IntegerNetwork
    weights: list[np.ndarray]
    history: History


def user_activation(config: Settings) -> Callable[[np.ndarray], np.ndarray]:
    """Return the activation in the user's numbers, in NumPy."""
    from rnnexp.training.model import state_scale

    table, scale = ACTIVATIONS[config.activation].table, state_scale(config)
    return lambda z: scale * table(np.asarray(z, np.float64) / scale)


def float_network(config: Settings, dataset: Dataset, weights: Sequence[np.ndarray]) -> FloatNetwork:
    """Return the network of plain weights, in the user's numbers and Keras' order."""
    return FloatNetwork.of_keras(
        weights,
        config.cell,
        user_activation(config),
        bidirectional=config.bidirectional,
        backwards=config.go_backwards,
        every_step=dataset.every_step,
        answer_steps=dataset.answer_steps,
    )


def post_training(config: Settings, dataset: Dataset, weights: Sequence[np.ndarray]) -> IntegerNetwork | LayeredNetwork:
    """Quantise plain weights, in the user's numbers, with ranges from the training part and what is known beyond it."""
    x, real = dataset.train.x, float_network(config, dataset, weights)
    some, limits = _enough(dataset.train).x, (float(x.min()), float(x.max()))
    if dataset.calibration is not None:
        some = np.concatenate([some, dataset.calibration])
        limits = min(limits[0], float(some.min())), max(limits[1], float(some.max()))
    steps, softmax = x.shape[1], dataset.task == "classification"
    if dataset.every_step or not config.simplest:
        return layered.quantize(real, some, sequence_length=steps, softmax=softmax, input_range=limits)
    seen = real.ranges()
    outputs = real.run(some, seen)
    ranges = Ranges(limits, seen[0][0]["sum"], (float(outputs.min()), float(outputs.max())))
    return quantize(weights, user_activation(config), ranges, sequence_length=steps, softmax=softmax)


def _enough(part: Split) -> Split:
    """Return the part, or of a large one as much as ``MOST_STEPS`` allow."""
    return part.some(max(MOST_STEPS // part.x.shape[1], 1))


def fine_tune(
    network: IntegerNetwork,
    config: Settings,
    dataset: Dataset,
    weights: list[np.ndarray],
    *,
    epochs: int,
    on_epoch: Callable[[Epoch], object] | None = None,
) -> FineTuned:
    """Train on in the integers' arithmetic, and return the epoch whose integers have the least training loss.

    The targets are the float network's own outputs, for classes its probabilities: the integers learn to be that
    network, which training has made, and nothing else (Hinton et al. 2015, "Distilling the knowledge in a neural
    network"). With the data's targets, a small set is overfitted further, and int8 and float32 drift apart.

    Args:
        network: the plainly quantised one: its scales and table are kept.
        config: the settings of the run.
        dataset: the data; only its training part is used, of a large one some.
        weights: as trained, at unit scale (``rnnexp.training.model.trainable``'s).
        epochs: passes over that.
        on_epoch: called after each epoch.
    """
    import keras

    from rnnexp.experiment.train import unit_scale
    from rnnexp.training.model import fold
    from rnnexp.training.simulation import SimulatedNetwork
    from rnnexp.training.trainer import Trainer, make_optimizer

    part = _enough(dataset.train)
    shape = part.x.shape[1:]
    model = keras.Sequential([keras.Input(shape), SimulatedNetwork(network, config, dataset)])
    model.set_weights(weights)
    batch = config.batch_size or 1
    optimizer = make_optimizer(
        config.optimizer,
        (config.learning_rate or 0.0) * LEARNING_RATE_SHARE,
        clip_norm=config.gradient_clip_norm,
        decay_steps=max(len(part) // batch, 1) * epochs,
    )
    classes = network.softmax
    loss = keras.losses.CategoricalCrossentropy() if classes else keras.losses.MeanSquaredError()
    trainer = Trainer(model, loss, optimizer, batch_size=batch, seed=config.seed, stored_scale=dataset.input_scale)
    plain = fold(config, dataset, [values.astype(np.float64) for values in weights])
    outputs = float_network(config, dataset, plain).run(part.x)
    targets = evaluation.probabilities(outputs) if classes else outputs / dataset.output_scale
    train = unit_scale(dataset, part)[0], targets.astype(np.float32)
    # Judged on what it trains on: the validation part must not choose.
    history = trainer.fit(*train, *train, epochs=epochs, patience=epochs, on_epoch=on_epoch)
    folded = fold(config, dataset, [values.astype(np.float64) for values in model.get_weights()])
    return FineTuned(with_weights(network, folded), folded, history)
