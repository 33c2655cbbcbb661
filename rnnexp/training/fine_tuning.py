"""Training on in the arithmetic of the int8 model, so that its integers lose less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.network.network import Network
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.report.evaluation import probabilities
from rnnexp.training.history import Epoch, History
from rnnexp.training.optimization import Optimization
from rnnexp.training.programs import Plan, Programs
from rnnexp.training.simulation import SimulatedNetwork, with_weights
from rnnexp.training.unit_scale import UnitScale

# Fine-tuning goes on at the rate that training ended with.
LEARNING_RATE_SHARE = 0.01


@dataclass(frozen=True)
class FineTuned:
    """An integer network, the float network that it was rounded from, and how it was trained."""

    integers: IntegerNetwork
    network: Network
    history: History


def is_supported(integers: IntegerNetwork) -> bool:
    """Tell whether a network can be fine-tuned: one layer of simple cells that reads forwards and answers once."""
    return (
        len(integers.layers) == 1
        and integers.forward
        and not integers.every_step
        and isinstance(integers.layers[0].cells[0], SimpleCell)
    )


def fine_tune(
    integers: IntegerNetwork,
    network: Network,
    trained: Sequence[np.ndarray],
    unit: UnitScale,
    x: np.ndarray,
    optimization: Optimization,
    *,
    epochs: int,
    lengths: np.ndarray | None = None,
    on_epoch: Callable[[Epoch], object] | None = None,
    programs: Programs | None = None,
) -> FineTuned:
    """Train on in the integers' arithmetic, and return the epoch whose integers have the least training loss.

    The targets are the float network's own outputs, for classes its probabilities: the integers learn to be that
    network, which training has made, and nothing else (Hinton et al. 2015, "Distilling the knowledge in a neural
    network"). With the data's targets, a small set is overfitted further, and int8 and float32 drift apart.

    Args:
        integers: the plainly quantised network: its scales and table are kept.
        network: what it was quantised from.
        trained: the weights at unit scale (``rnnexp.training.model.trainable``'s).
        unit: between these and the network's.
        x: inputs of the training part, of a large one some.
        optimization: of the training; goes on at the rate that it ended with.
        epochs: passes over ``x``.
        lengths: real steps of each sequence of ``x``; None: all.
        on_epoch: called after each epoch.
        programs: those that are compiled already; None for none.
    """
    architecture = network.architecture
    simulated = SimulatedNetwork(integers, architecture, unit)
    given = [keras.Input(x.shape[1:])] + ([] if lengths is None else [keras.Input((), dtype="int32")])
    model = keras.Model(given if len(given) > 1 else given[0], simulated(*given))
    model.set_weights(list(trained))
    loss = keras.losses.CategoricalCrossentropy() if integers.softmax else keras.losses.MeanSquaredError()
    plan = Plan(
        optimization.at(LEARNING_RATE_SHARE), len(x), epochs, decay=True, loss=loss, stored_scale=unit.left_to_scale(x)
    )
    trainer = (programs or Programs()).trainer((SimulatedNetwork, simulated.form), model, plan)
    for layer in trainer.model.layers:
        if isinstance(layer, SimulatedNetwork):
            layer.set(integers, unit)
    exact = network.with_weights(unit.fold(architecture, [values.astype(np.float64) for values in trained]))
    outputs = exact.run(x, lengths=lengths)
    targets = probabilities(outputs) if integers.softmax else outputs / unit.outputs
    train = unit.scale_inputs(x), targets.astype(np.float32)
    # Judged on what it trains on: the validation part must not choose.
    history = trainer.fit(
        *train, *train, lengths=lengths, lengths_val=lengths, epochs=epochs, patience=epochs, on_epoch=on_epoch
    )
    folded = network.with_weights(
        unit.fold(architecture, [values.astype(np.float64) for values in trainer.model.get_weights()])
    )
    return FineTuned(with_weights(integers, folded), folded, history)
