"""Cells of one's own over the operations of ``Arithmetic``, in NumPy, LiteRT and C: the same bits."""

import numpy as np
import pytest
from c_compiler import COMPILER
from random_cells import Complement, Dot, LookUp, Multiply, cell, network, of, product, registered, state, table

from rnnexp.compiled import CompiledNetwork
from rnnexp.export.int8 import to_step_tflite, to_tflite
from rnnexp.export.int8_reader import from_tflite
from rnnexp.quantization.arithmetic import GATE_BITS, ONE
from rnnexp.quantization.cells.cell import Cell
from rnnexp.quantization.layered import run, states
from rnnexp.runtime import TFLiteModel, TFLiteStepModel

KERNELS = ("litert", "reference")


def assert_same_bits(found, codes, *, in_c=True):
    """Compare a network's results in all forms: file, step, what is read back from the file, and C."""
    expected = run(found, codes).tolist()
    with registered(found):
        content = to_tflite(found)
        back = from_tflite(content)
    assert run(back, codes).tolist() == expected
    values = states(found, codes)
    for kernels in KERNELS:
        assert TFLiteModel(content, kernels=kernels).run_codes(codes).tolist() == expected
        if found.forward:
            outputs, kept = TFLiteStepModel(to_step_tflite(found), kernels=kernels).run_codes(codes)
            assert (outputs if found.every_step else outputs[:, -1]).tolist() == expected
            places = np.cumsum([0, *(len(layer.cells[0].states) for layer in found.layers[:-1])])
            assert [kept[place].tolist() for place in places] == [own.tolist() for own in values]
    if COMPILER and in_c:
        assert CompiledNetwork(found).run(codes).tolist() == expected
    return expected


def noise(samples, steps, features, seed=0):
    return np.random.default_rng(seed).integers(-128, 128, (samples, steps, features)).astype(np.int8)


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
    found = assert_same_bits(network(of(own), features=2, steps=9, every_step=True), noise(4, 9, 2))
    assert len(np.unique(found)) > 20


def one_gate(**gate: object) -> Cell:
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
    found = assert_same_bits(network(of(one_gate(**gate)), features=2, steps=9, every_step=every_step), noise(4, 9, 2))
    assert len(np.unique(found)) > 4
