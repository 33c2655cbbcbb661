"""Trainers that are kept: the same bits as new ones, and nothing compiled again."""

import keras
import numpy as np
import pytest
from helpers.random_networks import inputs, integers, simple

from rnnexp.network.architecture import Architecture
from rnnexp.network.structure import Structure
from rnnexp.quantization import reference
from rnnexp.training.fine_tuning import fine_tune
from rnnexp.training.model import Regularization, trainable
from rnnexp.training.optimization import Optimization
from rnnexp.training.programs import Plan, Programs
from rnnexp.training.unit_scale import UnitScale

ROWS, STEPS = 60, 7


def architecture(structure=("simple", 1, False), activation="tanh", units=4):
    layers = Structure(*structure).layers(units)
    return Architecture(
        sequence_length=STEPS, features=2, layers=layers, every_step=False, outputs=1, activation=activation
    )  # fmt: skip


def trained(programs, form, *, seed, regularization=None, center=0.25, epochs=3, decay=True, **options):
    """Train, and return the weights, the losses and the trainer; without epochs, nothing is compiled."""
    keras.utils.set_random_seed(seed)
    model = trainable(form, input_center=center, regularization=regularization)
    optimization = Optimization(**{"name": "adam", "learning_rate": 0.01, "batch_size": 8, "seed": seed, **options})
    plan = Plan(optimization, ROWS, epochs, decay, keras.losses.MeanSquaredError())
    trainer = programs.trainer((form, regularization), model, plan)
    x = np.random.default_rng(5).uniform(0, 1, (ROWS, STEPS, 2)).astype(np.float32)
    y = x[:, -2, :1] * 0.5
    history = trainer.fit(x, y, x[:20], y[:20], epochs=epochs)
    weights = [np.array(values) for values in trainer.model.get_weights()]  # what Keras returns changes with it
    return weights, [(epoch.loss, epoch.val_loss) for epoch in history.epochs], trainer


OTHERS = [
    {"learning_rate": 0.003},
    {"clip_norm": 0.02},
    {"decay": False},
    {"epochs": 5},
    {"center": 0.5},
    {},
]


@pytest.mark.parametrize(
    ("form", "regularization", "others"),
    [
        (architecture(), None, [{}, {"learning_rate": 0.003, "clip_norm": 0.02, "decay": False, "center": 0.5}]),
        (
            architecture(("lstm", 1, True)),
            Regularization(dropout=0.2, recurrent_dropout=0.1, l2=1e-3),
            [{}, {"learning_rate": 0.1, "epochs": 5}],
        ),
    ],
    ids=["simple", "lstm, both ways, dropout"],
)
def test_what_a_kept_trainer_comes_to_has_the_same_bits(form, regularization, others):
    programs = Programs()
    trainers = set()
    for seed, other in enumerate(others):
        settings = {"seed": seed, "regularization": regularization, **other}
        weights, losses, trainer = trained(programs, form, **settings)
        expected, expected_losses, _ = trained(Programs(), form, **settings)
        assert losses == expected_losses
        assert all(np.array_equal(one, two) for one, two in zip(weights, expected, strict=True))
        trainers.add(trainer)
    (kept,) = trainers
    assert kept._epoch.experimental_get_tracing_count() == 1


def test_the_numbers_count():
    """Else the test above would be passed by a trainer that is deaf to them."""
    programs = Programs()
    found = [trained(programs, architecture(), seed=1, **other)[1] for other in OTHERS]
    assert len({tuple(losses) for losses in found}) == len(OTHERS)


@pytest.mark.parametrize(
    "other", [{"name": "sgd"}, {"clip_norm": None}, {"regularization": Regularization(dropout=0.5)}]
)
def test_other_programs_are_other_trainers(other):
    programs = Programs()
    first, second = (trained(programs, architecture(), seed=0, epochs=0, **options)[2] for options in ({}, other))
    assert first is not second


def test_the_one_that_was_not_used_for_the_longest_goes():
    programs = Programs(most=2)
    forms = [architecture(units=units) for units in (2, 3, 4)]
    first = trained(programs, forms[0], seed=0, epochs=0)[2]
    second = trained(programs, forms[1], seed=0, epochs=0)[2]
    assert trained(programs, forms[0], seed=1, epochs=0)[2] is first
    trained(programs, forms[2], seed=0, epochs=0)
    assert trained(programs, forms[0], seed=2, epochs=0)[2] is first
    assert trained(programs, forms[1], seed=2, epochs=0)[2] is not second


def test_fine_tuning_of_other_integers_in_a_kept_program_has_the_same_bits():
    programs = Programs()
    for seed, unit in enumerate((UnitScale(3.0, 2.0, 0.3), UnitScale(5.0, 1.5, 0.4))):
        network, x = (
            simple(4, steps=6, features=2, outputs=1, seed=seed),
            (1.0 + seed) * inputs(40, 6, 2).astype(np.float32),
        )
        plain, codes = integers(network, x)
        trained = [np.asarray(w, np.float32) for w in unit.unfold(network.architecture, network.weights)]
        optimization = Optimization("adam", 0.5 / (seed + 1), batch_size=16, seed=seed)
        arguments = plain, network, trained, unit, x, optimization
        kept, new = (fine_tune(*arguments, epochs=3, programs=own) for own in (programs, None))
        assert [epoch.loss for epoch in kept.history.epochs] == [epoch.loss for epoch in new.history.epochs]
        assert all(np.array_equal(a, b) for a, b in zip(kept.network.weights, new.network.weights, strict=True))
        assert (reference.run(kept.integers, codes) == reference.run(new.integers, codes)).all()
    assert len(programs._kept) == 1
