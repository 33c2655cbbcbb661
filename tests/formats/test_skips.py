"""Layers that read others than the one before: the values of the same layers apart, and the same bits everywhere."""

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, layered
from helpers.same_bits import assert_same_bits, noise
from helpers.stored_networks import arrays, saved

from rnnexp.formats.npz import integers as npz
from rnnexp.formats.npz import reader
from rnnexp.network.architecture import Architecture
from rnnexp.quantization import reference
from rnnexp.quantization.schedule import plan


def reads(*numbers):
    return {"reads": numbers}


ONE_LOOP = [("lstm", 5), ("gru", 4), ("dense", 4, reads(0, 1, -1))]
STACKS = [
    (ONE_LOOP, True),
    ([("lstm", 5), ("gru", 4, reads(-1))], False),
    ([("lstm", 5, "both"), ("gru", 4, "both"), ("dense", 4, reads(0, 1, -1)), ("simple", 3, reads(1, 2))], True),
    (
        [("lstm", 5), ("gru", 4), ("gru", 4, "both", reads(0, 1)), ("dense", 4, reads(2, 0)), ("gru", 3, reads(-1, 3))],
        False,
    ),
    ([("lstm", 5), ("gru", 4, "backwards"), ("gru", 4, reads(-1, 1)), ("simple", 3, "backwards", reads(1, 2))], False),
    ([("lstm", 5), ("gru", 4, "encodes", reads(0, -1)), ("gru", 4), ("dense", 4, reads(1, 2))], True),
    ([("gru", 4, "both", "encodes"), ("gru", 4), ("gru", 4, "both", reads(1, 0)), ("dense", 4, reads(0, 1, 2))], True),
]


@pytest.mark.parametrize("padding", ["", "end", "begin"])
@pytest.mark.parametrize(("cells", "every_step"), STACKS, ids=str)
def test_the_bits_are_the_same_everywhere(cells, every_step, padding):
    network = layered(*cells, steps=12, features=2, outputs=2, every_step=every_step, padding=padding)
    integer, codes = integers(network, inputs(20, 12, 2))
    codes = np.concatenate([codes[:3], noise(4, 12, 2)])
    lengths = np.array([1, 12, 5, 7, 3, 11, 12]) if padding else None
    expected = assert_same_bits(integer, codes, lengths)
    assert len(np.unique(expected)) > 5
    back = npz.from_arrays(npz.to_arrays(integer))
    assert [layer.reads for layer in back.layers] == [layer.reads for layer in integer.layers]
    assert np.array_equal(reference.run(back, codes, lengths), expected)


@pytest.mark.parametrize(("cells", "every_step"), STACKS, ids=str)
def test_integers_keep_the_outputs_to_their_own_rounding(cells, every_step):
    network = layered(*cells, steps=20, features=2, outputs=2, every_step=every_step)
    x = inputs(100, 20, 2)
    integer, _ = integers(network, x)
    error = np.sqrt(np.mean((reference.outputs(integer, x) - network.run(x)) ** 2))
    assert error < 2.5 * integer.output.scale / 12**0.5


def test_real_values_are_those_of_keras():
    keras = pytest.importorskip("keras")
    network = layered(*ONE_LOOP, steps=9, features=3, outputs=2, every_step=True)
    given = keras.Input((9, 3))
    lstm, gru = keras.layers.LSTM(5, return_sequences=True), keras.layers.GRU(4, return_sequences=True)
    dense, output = keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(2)
    first = lstm(given)
    second = gru(first)
    model = keras.Model(given, output(dense(keras.layers.Concatenate()([first, second, given]))))
    model.set_weights(network.weights)
    x = inputs(4, 9, 3)
    np.testing.assert_allclose(network.run(x), model.predict(x, verbose=0), atol=2e-6)


def test_an_array_waits_only_for_a_later_loop():
    integer, _ = integers(layered(*ONE_LOOP, features=2), inputs(5, 20, 2))
    (loop,) = plan(integer)
    assert loop.kept == ()
    assert [(read.layer, read.parts) for read in loop.skips] == [(-1, 1)]
    cells, _ = STACKS[3]
    integer, _ = integers(layered(*cells, features=2), inputs(5, 20, 2))
    first, second, third = plan(integer)
    assert (first.kept, second.kept, third.kept) == ((0,), (), ())
    assert [read.layer for read in second.skips] == [0, 1]
    assert {read.layer for read in third.skips} == {2, 0, -1}


@pytest.mark.parametrize(
    ("cells", "number"),
    [
        ([("lstm", 3, reads(0))], 0),
        ([("lstm", 3), ("gru", 2, reads(-2))], 1),
        ([("lstm", 3), ("gru", 2, reads(2)), ("gru", 2)], 1),
        ([("lstm", 3), ("gru", 2, "encodes"), ("gru", 2), ("dense", 2, reads(2, 0))], 3),
        ([("lstm", 3, "encodes"), ("gru", 2, reads(-1))], 1),
    ],
    ids=str,
)
def test_what_is_not_there_cannot_be_read(cells, number):
    with pytest.raises(ValueError, match=f"layer {number} cannot read the layers"):
        layered(*cells, every_step=True)


def test_files_that_read_what_is_not_there_are_refused():
    integer, _ = integers(layered(*ONE_LOOP, features=2), inputs(5, 20, 2))
    found = npz.to_arrays(integer)
    for said in ("0 1 5", "1 2 -1", "x"):
        with pytest.raises(ValueError, match=r"cannot read the layers|invalid literal"):
            npz.from_arrays({**found, "layer_3/reads": np.asarray(said)})
    with pytest.raises(ValueError, match="a product of 4 sums of 5 values"):
        npz.from_arrays({**found, "layer_3/reads": np.asarray("0")})


def test_an_architecture_with_skips_comes_back_from_json():
    architecture = layered(*ONE_LOOP).architecture
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert not architecture.alike


def test_weights_come_back_from_npz(tmp_path):
    network = layered(*ONE_LOOP, features=2)
    assert reader.load(saved(tmp_path / "a.npz", arrays(network))).architecture == network.architecture
