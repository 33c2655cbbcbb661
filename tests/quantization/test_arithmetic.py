"""The operations of integer cells in NumPy, on numbers small enough to do by hand."""

import numpy as np

from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.product import Product
from rnnexp.quantization.tables import GATE_BITS, ONE, Table

numbers = Numbers()


def column(*values):
    return np.array(values, np.int64)[:, None]


def test_dot_rounds_halves_up():
    # 3 * 4 + 1 * 2 = 14; 14 / 8 = 1.75; -14 / 8 = -1.75; 12 / 8 = 1.5; -12 / 8 = -1.5
    assert numbers.dot([(column(3, -3), column(4, 4)), (column(1, -1), column(2, 2))], 3, "")[:, 0].tolist() == [2, -2]
    assert numbers.dot([(3, column(4, -4))], 3, "")[:, 0].tolist() == [2, -1]


def test_dot_saturates():
    largest = column(2**15 - 1, -(2**15))
    assert numbers.dot([(ONE, largest), (ONE, largest)], GATE_BITS, "")[:, 0].tolist() == [2**15 - 1, -(2**15)]


def test_a_gate_of_one_keeps_what_it_multiplies():
    words = column(*range(-(2**15), 2**15, 97))
    assert (numbers.dot([(column(*[ONE] * len(words)), words)], GATE_BITS, "") == words).all()


def test_shift_rounds_adds_and_saturates():
    assert numbers.shift(column(5, 6, 7, -6), 2, 10, "")[:, 0].tolist() == [11, 12, 12, 9]
    assert numbers.shift(column(2**15 - 1), 1, 2**15 - 1, "")[:, 0].tolist() == [2**15 - 1]


def test_look_up_takes_the_ends_for_what_is_beyond():
    tables = [Table(np.array(values, np.int16), 0.0, 1.0, 1.0) for values in ([5, 6, 7], [8, 9])]
    found = numbers.look_up(tables, [column(-3, 1, 99), column(-1, 1, 2)], "")
    assert [values[:, 0].tolist() for values in found] == [[5, 6, 7], [8, 9, 9]]


def test_multiply_joins_values_and_gives_blocks():
    # high meets 4 * value, low meets 4 * upper, and the bias makes the sum odd.
    product = Product(
        high=np.array([[1, 0], [0, 2]], np.int8),
        low=np.array([[0, 0], [0, 1]], np.int8),
        bias=np.array([1, -1], np.int64),
        shift=2,
        scale=1.0,
        step=1.0,
    )
    first, second = numbers.multiply(product, [column(7), column(65)], 2, "")
    assert (first.item(), second.item()) == (7, 2 * 65 + 1)


def test_complement():
    assert numbers.complement(column(0, 1, ONE))[:, 0].tolist() == [ONE, ONE - 1, 0]
