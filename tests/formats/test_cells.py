"""Cells of one's own over the operations of ``Arithmetic``, in NumPy, LiteRT and C: the same bits."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.random_cells import (
    WORD,
    Complement,
    Dot,
    LookUp,
    Multiply,
    Shift,
    cell,
    network,
    of,
    product,
    registered,
    state,
    table,
)
from helpers.same_bits import assert_same_bits, noise

from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.reference import run
from rnnexp.quantization.tables import GATE_BITS, ONE


def same(found, features=2, **options):
    """Return what a network of a cell gives, in all forms."""
    made = network(of(found), features=features, steps=9, **options)
    with registered(made):
        return assert_same_bits(made, noise(4, 9, features))


def random_product(units, features, blocks, *, seed=0):
    random = np.random.default_rng(seed)
    shape = (blocks * units, features + units)
    high, low = random.integers(-127, 128, shape), random.integers(-32, 32, shape)
    return product(high, low, bias=2 * random.integers(0, 2**22, len(high)) + 1, shift=12)


def ramp(low, high, multiple=1, size=2048):
    return multiple * np.rint(np.linspace(low, high, size) / multiple)


VALUES = [
    {"values": ramp(-8128, 8128)},
    {"values": ramp(-8128, 8128, 4), "multiple": 4},
    {"values": ramp(0, 8000), "offset": 4000},
    {"values": ramp(-8000, 8000, 8), "multiple": 8, "offset": 16},
]


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("options", VALUES, ids=lambda options: f"{options.get('multiple')}-{options.get('offset')}")
def test_a_table_after_a_single_sum_may_have_a_multiple_and_an_offset(options, paired):
    program = [Multiply("sums", 1, 0, "cell"), LookUp(("activation",), (1,), "next_state")]
    own = cell(
        3,
        [state("state", paired=paired)],
        program,
        [2],
        sums=random_product(3, 2, 1),
        activation=table(**options),
    )
    assert len(np.unique(same(own, every_step=True))) > 20


def one_gate(**gate: object) -> IntegerCell:
    """``h[t] = z * h[t - 1] + (1 - z) * w`` with one product for the gate and one for ``w``."""
    program = [
        Multiply("of_gate", 1, 0, "gate_sums"),
        LookUp(("gate",), (1,), "gates"),
        Multiply("of_candidate", 1, 0, "candidate_sums"),
        LookUp(("candidate",), (3,), "candidates"),
        Complement(2),
        Dot(((2, 0), (5, 4)), GATE_BITS, "next_state"),
    ]
    return cell(
        4,
        [state("state")],
        program,
        [6],
        of_gate=random_product(4, 2, 1, seed=1),
        of_candidate=random_product(4, 2, 1, seed=2),
        gate=table(ramp(0, ONE, gate.get("multiple", 1)), scale=1 / ONE, name="gate", **gate),
        candidate=table(ramp(-8128, 8128), name="candidate"),
    )


@pytest.mark.parametrize("gate", [{"offset": ONE // 2}, {"multiple": 4}, {"multiple": 4, "offset": ONE // 2}], ids=str)
@pytest.mark.parametrize("every_step", [False, True])
def test_a_cell_of_one_gate(gate, every_step):
    assert len(np.unique(same(one_gate(**gate), every_step=every_step))) > 4


def steps(*program, units=3, made=(-1,), states=(), **attributes):
    """Return a cell with a product of two sums and a table of values, which are looked up at last."""
    everything = [Multiply("sums", 2, 0, "gates"), *program]
    attributes = {"sums": random_product(units, 2, 2), "values": table(ramp(-8128, 8128)), **attributes}
    return cell(units, [state("state"), *states], everything, made, **attributes)


FIRST, SECOND = 1, 2  # the places of the two sums


@pytest.mark.parametrize("indices", [(SECOND, FIRST), (FIRST, FIRST), (SECOND,), (0, FIRST, SECOND)], ids=str)
def test_sums_may_be_looked_up_in_any_order_and_number(indices):
    program = [LookUp(("values", "other", "values")[: len(indices)], indices, "found")]
    assert len(np.unique(same(steps(*program, other=table(ramp(8000, -8000), name="other"))))) > 3


@pytest.mark.parametrize("units", [1, 3])
def test_the_sum_of_a_single_block_may_be_used_without_a_table(units):
    program = [
        Multiply("single", 1, 0, "single"),
        Dot(((("is", ONE), 3), (("is", -ONE), FIRST)), GATE_BITS, "difference"),
        LookUp(("values",), (4,), "next_state"),
    ]
    assert len(np.unique(same(steps(*program, units=units, single=random_product(units, 2, 1, seed=3))))) > 3


def test_a_gate_that_is_looked_up_at_what_was_looked_up():
    program = [LookUp(("values",), (FIRST,), "once"), LookUp(("values", "values"), (3, SECOND), "twice")]
    assert len(np.unique(same(steps(*program)))) > 3


@pytest.mark.parametrize("digits", [2213, 2256, 2268])
def test_factors_may_be_in_units_that_do_not_divide_exactly(digits):
    """Of a gate in any unit and a large integer, put together in units of ``2**-15``."""
    gate = table(ramp(0, ONE), scale=digits * 2.0**-26, offset=ONE // 2, name="gate")
    program = [
        LookUp(("gate",), (FIRST,), "gate"),
        LookUp(("small",), (SECOND,), "candidate"),
        Dot(((3, 4), (("is", 2**15 - 1), 4)), 5, "place"),
        LookUp(("fine",), (5,), "next_state"),
    ]
    # Every unit of the places counts.
    fine = table(np.random.default_rng(0).integers(-8128, 8129, 30000), name="fine")
    own = steps(*program, gate=gate, small=table(ramp(0, 18), name="small"), fine=fine)
    assert len(np.unique(same(own))) > 3


def test_products_and_tables_may_have_the_same_names_and_those_of_c():
    program = [
        Multiply("again", 2, 0, "gates"),
        LookUp(("values", "other"), (3, 4), "gates"),
        Dot(((("is", ONE), 5), (("is", ONE), FIRST)), GATE_BITS, "int"),
        Shift(7, 1, 0, "values"),
        LookUp(("values",), (8,), ""),
    ]
    # The table has the name that the first one has by default.
    own = steps(*program, again=random_product(3, 2, 2, seed=4), other=table(ramp(4000, -4000)))
    assert len(np.unique(same(own))) > 3


def test_a_table_may_have_two_names_and_another_go_unused():
    values = table(ramp(-8128, 8128))
    program = [LookUp(("values",), (FIRST,), "next_state")]
    own = steps(*program, values=values, too=values, unused=table([5]), idle=random_product(3, 2, 1))
    made = network(of(own), features=2, steps=3)
    with registered(made):
        assert_same_bits(made, noise(4, 3, 2))
        (back,) = from_tflite(to_tflite(made)).layers[0].cells
    assert back.too.values.tolist() == values.values.tolist()
    assert back.unused.values.tolist() == [5]
    assert back.idle.high.tolist() == own.idle.high.tolist()


@pytest.mark.parametrize("states", [(), (state("word", largest=WORD), state("other", largest=WORD))], ids=len)
def test_a_product_of_numbers_that_the_step_has_made(states):
    """In C, what the first loop over units makes waits for the second one; states are exchanged in between."""
    first = FIRST + len(states)
    program = [
        LookUp(("values", "values"), (first, first + 1), "found"),
        Multiply("again", 2, first + 2, "again"),
        LookUp(("values", "values"), (first + 4, first + 5), "next_state"),
    ]
    made = (-1, 2, first)[: 1 + len(states)]
    own = steps(*program, again=random_product(3, 2, 2, seed=5), states=states, made=made)
    assert len(np.unique(same(own))) > 3


def test_biases_beyond_int32():
    """As the zero point of very many inputs can make them."""
    own = steps(LookUp(("values", "values"), (FIRST, SECOND), "next_state"))
    wide = random_product(3, 2, 2)
    wide = replace(wide, bias=np.array([2**32 + 1, -(2**32) + 1, 5, 7, 2**31 + 1, 1]), shift=18)
    assert len(np.unique(same(replace(own, sums=wide), outputs=4))) > 1


@pytest.mark.parametrize(
    "options",
    [
        {"values": [0, ONE]},  # a gate without an offset
        {"values": [0, 1], "multiple": 2},
        {"values": [0, 3], "multiple": 3},
        {"values": [1, 5], "multiple": 4, "offset": 1},
        {"values": [0], "multiple": 0},
        {"values": [0], "multiple": 2**40},
        {"values": [0], "offset": 2**70},
    ],
    ids=str,
)
def test_a_table_that_files_could_not_hold_is_refused(options):
    with pytest.raises(ValueError, match="the table 'activation'"):
        table(**options)


def test_scales_that_float32_does_not_hold_are_refused():
    own = steps(LookUp(("values", "values"), (FIRST, SECOND), "next_state"), sums=random_product(3, 2, 2))
    inexact = replace(own, sums=replace(own.sums, step=own.sums.step * 0.1, scale=own.sums.scale * 0.3))
    with pytest.raises(ValueError, match="the scales of the product 'gates' are not exact"):
        to_tflite(network(of(inexact), features=2, steps=3))


@pytest.mark.parametrize(("bits", "offset"), [(0, 0), (25, 0), (1, 2**17)])
def test_shifts_beyond_what_all_forms_can_do_are_refused(bits, offset):
    own = steps(LookUp(("values",), (FIRST,), "found"), Shift(3, bits, offset, "next_state"))
    made = network(of(own), features=2, steps=3)
    codes = noise(1, 3, 2)
    for form in (lambda: run(made, codes), lambda: to_tflite(made), lambda: to_c(made, "own", {}, codes)):
        with pytest.raises(ValueError, match="numbers cannot be shifted by"):
            form()


def test_numbers_that_are_no_attributes_of_the_cell_are_refused():
    own = steps(LookUp(("values",), (FIRST,), "next_state"))
    hidden = table(ramp(-8128, 8128))
    kind = type(
        "Hidden", (type(own),), {"step": lambda _, arithmetic, __, states: arithmetic.look_up([hidden], states, "")}
    )
    made = network(of(kind(**vars(own))), features=2, steps=3)
    with registered(made), pytest.raises(ValueError, match="none of its attributes"):
        to_tflite(made)
