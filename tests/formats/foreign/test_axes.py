"""Axes of tensors that are turned, merged and split, against NumPy doing the same to the numbers."""

import numpy as np
import pytest

from rnnexp.formats.foreign.axes import Atom, Misfit, Value, as_node, axis, reordered

LAYOUT = (axis(3, "batch"), axis(5, "time"), axis(2) + axis(4))


def value():
    return Value("node", LAYOUT, LAYOUT)


@pytest.mark.parametrize("seed", range(40))
def test_any_way_there_leads_back(seed):
    rng = np.random.default_rng(seed)
    numbers = np.arange(3 * 5 * 8).reshape(3, 5, 8)
    seen, array = value(), numbers
    for _ in range(12):
        rank = len(seen.axes)
        match rng.integers(5):
            case 0:
                order = rng.permutation(rank).tolist()
                seen, array = seen.transpose(order), array.transpose(order)
            case 1:
                place = int(rng.integers(rank + 1))
                seen, array = seen.unsqueeze([place]), np.expand_dims(array, place)
            case 2:
                seen, array = seen.squeeze(None), array.squeeze()
            case 3 if rank > 1:  # two neighbours become one
                place = int(rng.integers(rank - 1))
                shape = [*seen.shape[:place], -1, *seen.shape[place + 2 :]]
                seen, array = seen.reshape(shape), array.reshape(shape)
            case 4:  # one becomes what it is made of
                place = int(rng.integers(rank))
                sizes = [atom.size for atom in seen.axes[place]]
                shape = [*seen.shape[:place], *sizes, *seen.shape[place + 1 :]]
                seen, array = seen.reshape(shape), array.reshape(shape)
        assert seen.shape == array.shape
    np.testing.assert_array_equal(as_node(array, seen, 3, LAYOUT[0][0]), numbers)


def test_features_are_split_and_batch_and_time_are_not():
    seen = value().reshape([3, 5, 4, 2])
    array = np.arange(120).reshape(3, 5, 4, 2).transpose(0, 1, 3, 2)
    back = as_node(array, seen.transpose([0, 1, 3, 2]), 3, LAYOUT[0][0])
    np.testing.assert_array_equal(back, np.arange(120).reshape(3, 5, 8))
    for shape in ([15, 2, 4], [3, 40], [120], [-1, 8]):
        assert list(value().reshape(shape).shape) == [120 // 8 if size == -1 else size for size in shape]
    for shape in ([5, 3, 8], [3, 4, 10], [6, 20], [3, 5, 7], [-1, -1], [0, 5], [3, -1, 7]):
        with pytest.raises(Misfit):
            value().reshape(shape)


def test_weights_follow_their_inputs():
    first, second = Atom(2), Atom(3)
    kernel = np.random.default_rng(0).normal(size=(6, 4))
    own = reordered(kernel, 0, (second, first), (first, second))
    x = np.random.default_rng(1).normal(size=(2, 3))
    np.testing.assert_allclose(x.reshape(-1) @ own, x.T.reshape(-1) @ kernel)
    with pytest.raises(Misfit):
        reordered(kernel, 0, (first,), (first, second))


def test_axes_are_alike_whatever_they_are_made_of():
    whole = Value("other", (axis(3, "batch"), axis(5, "time"), axis(8)), ())
    whole = Value("other", whole.layout, whole.layout)
    assert value().signature() == whole.signature()
    assert value().transpose([1, 0, 2]).signature() != whole.signature()
    turned = value().reshape([3, 5, 2, 4]).transpose([0, 1, 3, 2]).reshape([3, 5, 8])
    assert turned.shape == whole.shape
    assert turned.signature() != whole.signature()
