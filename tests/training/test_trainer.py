"""The epoch program against a plain loop with stock Keras parts, and how a training ends."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from rnnexp import datasets
from rnnexp.cells.simple.layer import SimpleRNN
from rnnexp.config import MemoryConfig
from rnnexp.experiment import build
from rnnexp.layers.activation import ScaledSqrt
from rnnexp.training.model import trainable
from rnnexp.training.optimization import Optimization
from rnnexp.training.trainer import EVALUATION_BATCH, Trainer

UNITS, STEPS = 6, 9


def data(rows=70, seed=0):
    """Recall the third value from the end, with inputs in [0, 1]."""
    x = np.random.default_rng(seed).uniform(0, 1, (rows, STEPS, 1)).astype(np.float32)
    return x, x[:, -3, :].copy()


def network(activation, layer=SimpleRNN, seed=1):
    keras.utils.set_random_seed(seed)
    kind = ScaledSqrt(1.0) if activation == "custom" else activation
    rnn = layer(UNITS, activation=kind, bias_initializer=keras.initializers.Constant(0.4))
    return keras.Sequential([keras.Input((STEPS, 1)), rnn, keras.layers.Dense(1)])


def trainer(model, *, rate=0.01, batch=16, seed=0, epochs=4, rows=70, name="adam"):
    optimizer = Optimization(name, rate, batch).optimizer(rows, epochs, decay=True)
    return Trainer(model, keras.losses.MeanSquaredError(), optimizer, batch_size=batch, seed=seed)


@functools.cache
def compiled(activation, name, stored_scale):
    made = trainer(network(activation), name=name)
    made.stored_scale = stored_scale
    return made


def teacher(activation="tanh", *, rate=0.01, batch=16, epochs=4, rows=70, name="adam", stored_scale=1.0):
    """Return a trainer of a new network, in the programs that other tests' have compiled."""
    made, optimization = compiled(activation, name, stored_scale), Optimization(name, rate, batch)
    made.model.set_weights(network(activation).get_weights())
    made.restart(batch_size=batch, seed=0)
    made.optimizer.set(optimization, max(rows // batch, 1) * epochs, decay=True)
    return made


@pytest.mark.parametrize(("activation", "optimizer"), [("tanh", "sgd"), ("custom", "adam"), ("tanh", "adam")])
def test_equals_a_plain_loop_with_stock_parts(activation, optimizer):
    epochs, batch = 4, 16
    x, y = data()
    x_val, y_val = data(20, seed=9)
    ours = teacher(activation, name=optimizer)
    history = ours.fit(x, y, x_val, y_val, epochs=epochs)

    stock = network(activation, keras.layers.SimpleRNN)
    start = [values.copy() for values in stock.get_weights()]
    schedule = keras.optimizers.schedules.CosineDecay(0.01, epochs * (len(x) // batch), alpha=0.01)
    rule = {"adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}[optimizer](schedule, global_clipnorm=1.0)
    loss, random = keras.losses.MeanSquaredError(), np.random.default_rng(0)
    losses, val_losses = [], []
    for _ in range(epochs):
        rows = random.permutation(len(x))[: len(x) // batch * batch].reshape(-1, batch)
        epoch = []
        for chosen in rows:
            with tf.GradientTape() as tape:
                value = loss(y[chosen], stock(x[chosen], training=True))
            gradients = tape.gradient(value, [variable.value for variable in stock.trainable_variables])
            rule.apply(gradients, stock.trainable_variables)
            epoch.append(float(value))
        losses.append(np.mean(epoch))
        val_losses.append(float(loss(y_val, stock(x_val))))

    np.testing.assert_allclose([epoch.loss for epoch in history.epochs], losses, rtol=2e-5)
    np.testing.assert_allclose([epoch.val_loss for epoch in history.epochs], val_losses, rtol=2e-5)
    for got, expected, before in zip(ours.model.get_weights(), stock.get_weights(), start, strict=True):
        assert np.abs(expected - before).max() > 1e-4
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=2e-6)


def test_same_seed_same_bits_other_seed_other_weights():
    def weights(seed):
        config = MemoryConfig(memory_signal_length=120, memory_n=8, memory_k=-1, hidden_size=5)
        dataset = datasets.load(config)
        keras.utils.set_random_seed(seed)
        unit = build.unit_scale(dataset)
        model = trainable(build.architecture(config, dataset), input_center=unit.input_center)
        trainer(model, seed=seed).fit(dataset.train.x, dataset.train.y, dataset.train.x, dataset.train.y, epochs=3)
        return model.get_weights()

    first, again, other = weights(3), weights(3), weights(4)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True) if a.std() > 0)


def test_it_learns():
    x, y = data(400)
    history = teacher(epochs=40, rows=400).fit(x, y, *data(100, seed=2), epochs=40)
    assert history.ended == "complete"
    assert [epoch.number for epoch in history.epochs] == list(range(1, 41))
    assert history.best_epoch == 40
    assert history.epochs[-1].val_loss < 0.1 * np.var(y)
    assert history.steps_per_second > 0


def test_inputs_can_be_made_anew_for_every_epoch():
    x, y = data()
    made = []

    def augment(change):
        made.append(change)
        return x + np.float32(change * len(made))

    def losses(**options):
        return [epoch.loss for epoch in teacher().fit(x, y, *data(20, seed=9), epochs=4, **options).epochs]

    plain = losses()
    assert losses(augment=lambda _: augment(0.0)) == plain
    assert len(made) == 4
    made.clear()
    others = losses(augment=lambda _: augment(0.1))
    assert len(made) == 4
    assert not set(others) & set(plain)


def test_a_loss_that_is_no_number_ends_with_the_last_good_weights():
    x, y = data()
    made = teacher("relu", rate=1e30)
    model = made.model
    before = model.get_weights()
    history = made.fit(x, y, x, y, epochs=5)
    assert history.ended == "diverged"
    assert len(history.epochs) < 5
    assert all(np.isfinite(values).all() for values in model.get_weights())
    assert history.epochs or all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_divergence_later_keeps_the_epoch_before_it():
    x, y = data()
    made, kept = teacher(), []
    model = made.model

    def poison_after_second(epoch):
        kept.append(model.get_weights())
        if epoch.number == 2:
            # What a training step too far leaves behind.
            moments = made.optimizer.rule.variables[-1]
            moments.assign(np.full(moments.shape, np.nan))

    history = made.fit(x, y, x, y, epochs=5, on_epoch=poison_after_second)
    assert history.ended == "diverged"
    assert len(history.epochs) == history.best_epoch == 2
    assert all(np.array_equal(a, b) for a, b in zip(kept[1], model.get_weights(), strict=True))


def test_an_infinite_validation_loss_ends_it_too():
    x, y = data()
    history = teacher().fit(x, y, x, np.full_like(y, np.inf), epochs=5)
    assert (history.ended, history.epochs, history.best_epoch) == ("diverged", [], 0)


def test_ctrl_c_between_epochs_keeps_what_was_learned():
    x, y = data()
    made, kept = teacher(), []
    model = made.model

    def interrupt_third(epoch):
        kept.append(model.get_weights())
        if epoch.number == 3:
            raise KeyboardInterrupt

    history = made.fit(x, y, x, y, epochs=50, on_epoch=interrupt_third)
    assert history.ended == "interrupted"
    assert len(history.epochs) == history.best_epoch == 3
    assert all(np.array_equal(a, b) for a, b in zip(kept[2], model.get_weights(), strict=True))
    assert not np.array_equal(kept[1][0], model.get_weights()[0])


def test_ctrl_c_within_an_epoch_keeps_the_last_finished_one(monkeypatch):
    """Weights and figures of the report belong together: the unfinished epoch has no validation loss."""
    x, y = data()
    made, kept = teacher(), []
    model, evaluate = made.model, made._evaluate

    def interrupted(*arguments):
        if len(kept) == 2:
            raise KeyboardInterrupt
        return evaluate(*arguments)

    monkeypatch.setattr(made, "_evaluate", interrupted)
    history = made.fit(x, y, x, y, epochs=50, on_epoch=lambda _: kept.append(model.get_weights()))
    assert history.ended == "interrupted"
    assert len(history.epochs) == history.best_epoch == 2
    assert all(np.array_equal(a, b) for a, b in zip(kept[1], model.get_weights(), strict=True))
    assert float(made.loss(y, model(x))) == pytest.approx(history.epochs[-1].val_loss, rel=1e-5)


def test_early_stopping_restores_the_best():
    x, y = data()
    x_val, y_val = data(30, seed=4)
    # Training learns 1 - y, so that after some steps the validation loss on y gets worse.
    made, kept = teacher(rate=0.02, epochs=60), []
    model = made.model
    history = made.fit(
        x, 1 - y, x_val, y_val, epochs=60, patience=4, on_epoch=lambda _: kept.append(model.get_weights())
    )
    val_losses = [epoch.val_loss for epoch in history.epochs]
    assert history.ended == "early"
    assert history.best_epoch == np.argmin(val_losses) + 1
    assert len(history.epochs) == history.best_epoch + 4 < 60
    assert all(np.array_equal(a, b) for a, b in zip(kept[history.best_epoch - 1], model.get_weights(), strict=True))
    assert made.evaluate(tf.constant(x_val), tf.constant(y_val)) == pytest.approx(min(val_losses), rel=1e-6)


def test_ctrl_c_with_early_stopping_leaves_the_best():
    x, y = data()
    x_val, y_val = data(30, seed=4)
    made, kept = teacher(rate=0.02, epochs=60), []
    model = made.model

    def interrupt_when_worse(epoch):
        kept.append((epoch.val_loss, model.get_weights()))
        if epoch.val_loss > kept[0][0] and len(kept) > 2:
            raise KeyboardInterrupt

    history = made.fit(x, 1 - y, x_val, y_val, epochs=60, patience=50, on_epoch=interrupt_when_worse)
    best = min(range(len(kept)), key=lambda number: kept[number][0])
    assert (history.ended, history.best_epoch) == ("interrupted", best + 1)
    assert all(np.array_equal(a, b) for a, b in zip(kept[best][1], model.get_weights(), strict=True))


def test_a_batch_larger_than_the_data_is_the_data():
    x, y = data(10)

    def run(batch):
        history = teacher(batch=batch, rows=batch * 2).fit(x, y, x, y, epochs=2)
        assert history.steps_per_epoch == 1
        return [epoch.loss for epoch in history.epochs]

    assert run(1000) == run(10)


@pytest.mark.parametrize("rows", [7, EVALUATION_BATCH, 2 * EVALUATION_BATCH + 3])
def test_evaluate_is_the_mean_over_all_rows(rows):
    made = teacher()
    x, y = data(rows)
    y[-1] = 30.0  # the last row counts as much as any other
    expected = np.mean((made.model(x).numpy().astype(np.float64) - y) ** 2)
    assert made.evaluate(tf.constant(x), tf.constant(y)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("dtype", "scale"), [(np.int16, 4096.0), (np.float16, 0.5)])
def test_compact_inputs_train_like_the_same_numbers_in_float32(dtype, scale):
    x = np.random.default_rng(0).uniform(-1, 1, (EVALUATION_BATCH + 60, STEPS, 1))
    stored = (x * scale).astype(dtype)
    real = stored.astype(np.float32) / np.float32(scale)
    y = real[:, -3, :].copy()

    def run(inputs, stored_scale):
        made = teacher(stored_scale=stored_scale)
        history = made.fit(inputs, y, inputs, y, epochs=3)
        return made.model.get_weights(), [(epoch.loss, epoch.val_loss) for epoch in history.epochs]

    weights, losses = run(stored, scale)
    expected_weights, expected_losses = run(real, 1.0)
    assert losses == expected_losses
    assert all(np.array_equal(a, b) for a, b in zip(weights, expected_weights, strict=True))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_optimizers_are_keras_own_and_fall_along_a_cosine(name):
    # Of 23 rows, 3 are left out of each of the two epochs.
    optimizer = Optimization(name, 0.1, batch_size=4, clip_norm=0.5).optimizer(23, 2, decay=True)
    assert type(optimizer.rule).__name__.lower() == name
    weight = keras.Variable([0.0])
    optimizer.build([weight])
    rates = []
    for _ in range(11):
        rates.append(float(optimizer.learning_rate))
        optimizer.apply([tf.constant([1.0])], [weight])
    expected = 0.1 * (0.01 + 0.99 * (1 + np.cos(np.pi * np.arange(11) / 10)) / 2)
    np.testing.assert_allclose(rates, expected, rtol=1e-5)


def test_fewer_rows_than_a_batch_are_one_step_an_epoch():
    optimizer = Optimization("sgd", 0.1, batch_size=100).optimizer(7, 10, decay=True)
    weight = keras.Variable([0.0])
    optimizer.build([weight])
    for _ in range(10):
        optimizer.apply([tf.constant([1.0])], [weight])
    assert float(optimizer.learning_rate) == pytest.approx(0.001)


def test_without_decay_the_rate_stays_and_the_gradient_is_not_clipped():
    optimizer = Optimization("sgd", 0.5, batch_size=1, clip_norm=None).optimizer(10, 10, decay=False)
    weight = keras.Variable([1.0])
    optimizer.build([weight])
    for _ in range(3):
        optimizer.apply([tf.constant([8.0])], [weight])
    assert weight.numpy() == pytest.approx([1.0 - 3 * 0.5 * 8.0])


def test_no_epochs_need_no_decay():
    optimizer = Optimization("sgd", 0.5, batch_size=1).optimizer(10, 0, decay=True)
    assert float(optimizer.learning_rate) == 0.5


def test_the_same_at_a_share_of_the_rate():
    optimization = Optimization("sgd", 0.5, batch_size=3, clip_norm=None, seed=7)
    assert optimization.at(0.01) == Optimization("sgd", 0.005, batch_size=3, clip_norm=None, seed=7)


@pytest.mark.parametrize("clip", [1.0, None])
def test_being_watched_changes_no_bit(clip):
    x, y = data()

    def trained(watched):
        model = network("tanh")
        optimizer = Optimization("adam", 0.01, 16, clip_norm=clip).optimizer(70, 3, decay=True)
        made = Trainer(model, keras.losses.MeanSquaredError(), optimizer, batch_size=16, seed=0, watched=watched)
        return made.fit(x, y, x, y, epochs=3).epochs, model.get_weights()

    (plain, weights), (watched, others) = trained(False), trained(True)
    for values, same in zip(weights, others, strict=True):
        np.testing.assert_array_equal(values, same)
    assert [epoch.loss for epoch in plain] == [epoch.loss for epoch in watched]
    assert all(epoch.gradient_norm is epoch.learning_rate is None for epoch in plain)
    assert watched[-1].learning_rate == pytest.approx(1e-4, rel=1e-3)


def test_the_length_of_the_gradient_is_that_before_it_is_clipped():
    x, y = data(16)
    model = network("tanh")
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = keras.losses.MeanSquaredError()(y, model(x))
    expected = tf.linalg.global_norm(tape.gradient(loss, [variable.value for variable in variables]))
    optimizer = Optimization("sgd", 0.01, 16, clip_norm=1e-3).optimizer(16, 1, decay=False)
    made = Trainer(model, keras.losses.MeanSquaredError(), optimizer, batch_size=16, seed=0, watched=True)
    (epoch,) = made.fit(x, y, x, y, epochs=1).epochs
    assert epoch.gradient_norm == pytest.approx(float(expected), rel=1e-5)


def test_gradients_whose_squares_overflow_are_clipped_all_the_same():
    optimizer = Optimization("sgd", 1.0, batch_size=1, clip_norm=0.5).optimizer(1, 1, decay=False)
    weights = [tf.Variable([1.0, 2.0]), tf.Variable([3.0])]
    optimizer.build(weights)
    optimizer.apply([tf.constant([3e30, 0.0]), tf.constant([-4e30])], weights)
    np.testing.assert_allclose(np.concatenate([values.numpy() for values in weights]), [0.7, 2.0, 3.4], rtol=1e-6)
