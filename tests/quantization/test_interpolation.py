"""Functions as tables of few entries and the lines between them."""

import numpy as np
import pytest
from helpers.random_networks import inputs, layered

from rnnexp.formats.about import About
from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.activations import ACTIVATIONS, sigmoid
from rnnexp.quantization import reference
from rnnexp.quantization.interpolation import SPACING, interpolated, nodes_of, tables_of, with_lines
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.tables import ONE, TABLE_SIZE, common_places

CELLS = ["lstm", "gru", "lstm-peephole"]


def integers(cell, activation="tanh", **options):
    real = layered((cell, 6), activation=activation, features=2, softmax=True, outputs=3)
    return real, quantize(real, inputs(16, real.architecture.sequence_length, 2), **options)


def kept_in_full(network):
    return tables_of(network)[1]


def gate_of(network):
    return network.layers[0].cells[0].gate


@pytest.mark.parametrize("cell", CELLS)
def test_lines_are_off_by_less_than_rounding_a_sum_costs_and_gates_still_close(cell):
    full, lines = (gate_of(integers(cell, tables=tables)[1]).values.astype(int) for tables in ("full", "interpolated"))
    assert 0 < np.abs(full - lines).max() <= np.abs(np.diff(full)).max() / 2
    assert (lines[0], lines[-1]) == (full[0], full[-1])
    assert (np.diff(lines) >= 0).all()


def test_those_of_a_sigmoid_with_its_usual_places_are_off_by_little():
    table = common_places(sigmoid).gates(sigmoid)
    full, lines = table.values.astype(int), with_lines(table).values.astype(int)
    assert np.abs(full - lines).max() <= 6
    assert np.abs(np.diff(full)).max() / 2 == 16
    assert (lines[0], lines[-1]) == (0, ONE)
    assert nodes_of(table) is None
    assert len(nodes_of(with_lines(table))) == TABLE_SIZE // SPACING + 1


@pytest.mark.parametrize("cell", CELLS)
def test_all_forms_have_them_and_c_a_sixteenth_of_the_entries(cell):
    real, full = integers(cell)
    lines = interpolated(full)
    x = inputs(8, real.architecture.sequence_length, 2)
    codes = lines.input.encode(x)
    again = from_tflite(to_tflite(lines, {}))
    assert kept_in_full(again) == kept_in_full(lines) == []
    assert "gate" in kept_in_full(full)
    expected = reference.run(lines, codes)
    assert np.array_equal(reference.run(again, codes), expected)
    sizes = [to_c(network, "net", About(), codes).constant_bytes for network in (full, lines)]
    tables = {table.entries.tobytes(): len(table.entries) for table in full.layers[0].cells[0].tables}.values()
    assert sizes[0] - sizes[1] == sum(2 * (entries - entries // SPACING - 1) for entries in tables)


def test_outputs_hardly_change():
    real, full = integers("gru")
    x = inputs(64, real.architecture.sequence_length, 2)
    made = [reference.outputs(network, x) for network in (full, interpolated(full))]
    exact = real.run(x)
    errors = [np.sqrt(np.square(found - exact).mean()) for found in made]
    assert errors[1] < 1.1 * errors[0]


def test_a_function_with_a_steep_place_keeps_all_entries():
    _, network = integers("simple", "custom", tables="interpolated")
    assert kept_in_full(network) == ["activation"]
    assert nodes_of(network.layers[0].cells[0].tables[0]) is None
    _, network = integers("gru", "custom", tables="interpolated")
    assert kept_in_full(network) == ["candidate"]


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_what_has_no_lines_is_not_changed(name):
    _, full = integers("simple", name)
    tables = full.layers[0].cells[0].tables
    changed = interpolated(full).layers[0].cells[0].tables
    for before, after in zip(tables, changed, strict=True):
        assert (nodes_of(after) is not None) or np.array_equal(before.values, after.values)
