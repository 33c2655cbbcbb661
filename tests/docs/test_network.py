"""docs/network.md: the steps worked out by hand are right, and the names and shapes are those of the files."""

import json
import math
import re

import numpy as np
import pytest
from helpers import random_fronts
from helpers.equations import float_outputs, float_states
from helpers.random_networks import inputs, integers, layered
from helpers.runs import PROJECT
from helpers.stored_networks import arrays

from rnnexp.cells.simple.integers import SimpleCell
from rnnexp.formats.npz import previous
from rnnexp.formats.npz.arrays import read
from rnnexp.formats.npz.integers import to_arrays
from rnnexp.network.front import Convolution, Embedding
from rnnexp.network.windows import Axis
from rnnexp.quantization.arithmetic import Numbers
from rnnexp.quantization.product import RADIX, Product
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.tables import Table

PAGE = (PROJECT / "docs" / "network.md").read_text(encoding="utf-8")
REAL, INTEGERS = PAGE.split("## In integers")[0], PAGE.split("## In integers")[1].split("\n## ")[0]
BY_HAND = PAGE.split("## A step by hand")[1].split("## In C")[0]
CELLS = ("simple", "lstm", "gru", "fastgrnn", "dense", "gru-reset-before", "lstm-peephole")


def given(name):
    """Return the array that the page gives as ``name = [...]``, or the number."""
    return np.array(json.loads(re.search(rf"(?<!\w){name} = (\[.*?\]|\d+)(?=\s{{2,}}|\n)", BY_HAND)[1]))


def numbers(text):
    return [float(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)]


def test_the_steps_in_real_numbers():
    found = {name: given(name) for name in ("W_x", "W_h", "b", "W_o", "b_o")}
    found |= {"activation": np.array("custom"), "max_value": np.array(4.0)}
    x = np.array([[[6.0], [-2.0]]])
    assert "`x(1) = 6`" in BY_HAND
    assert "`x(2) = -2`" in BY_HAND
    first, second = float_states(found, x)[0]
    assert numbers(re.search(r"h\(1\) = .* = (\[.*\])", BY_HAND)[1]) == first.tolist()
    assert numbers(re.search(r"h\(2\) = .* = (\[.*\])", BY_HAND)[1]) == pytest.approx(second.tolist(), abs=1e-6)
    assert numbers(re.search(r"\ny = .* = (\S+)\n", BY_HAND)[1]) == pytest.approx(
        float_outputs(found, x)[0].tolist(), abs=1e-6
    )


def test_every_sum_that_is_written_out_is_right():
    """All lines ``a * b + ... = c`` come to what they say."""
    checked = 0
    for line in BY_HAND.splitlines():
        terms = re.fullmatch(r"sum\[\d\] = ([-+* \d]+) = +(-?\d+)", line)
        for sums, results in [terms.groups()] if terms else re.findall(r"= \[([-+*. \d,]+)\] = \[(.*)\]", line):
            for total, result in zip(sums.split(","), results.split(","), strict=True):
                assert eval(total) == pytest.approx(float(result))  # digits and operators only
                checked += 1
    assert checked == 6


def test_the_step_in_integers():
    high, low = (given(f"sums_{part}").astype(np.int8) for part in ("high", "low"))
    sums = Product(high, low, given("sums_bias"), int(given("sums_shift")), 1.0, 1.0)
    cell = SimpleCell(sums, Table(given("activation_values").astype(np.int16), 0.0, 1.0, 1.0))
    assert "Input code `c = 9`, state `v = [800, 3200]`, so `u = [576, 800, 3200]`" in BY_HAND
    assert RADIX * 9 == 576
    (after,) = cell.step(Numbers(), [np.array([[576]])], [np.array([[800, 3200]])])
    assert numbers(re.search(r"\nv = .* = (\[.*\])", BY_HAND)[1]) == after[0].tolist()
    upper = re.search(r"`upper\(u\) = \[(.*?)\] = (\[.*?\])`", BY_HAND)
    assert [int(top) // 64 for top in re.findall(r"floor\((\d+) / 64\)", upper[1])] == json.loads(upper[2])
    shifted = re.findall(r"round_shift\((\d+), (\d+)\) = floor\((\d+) / (\d+)\) = (\d+)", BY_HAND)
    for total, shift, top, below, result in (map(int, groups) for groups in shifted):
        assert (top, below) == (total + 2 ** (shift - 1), 2**shift)
        assert top // below == result
    assert len(shifted) == 2


def rows(part):
    """Yield the names and the shape of each row of a part's tables; None where it gives none."""
    for row in re.findall(r"^\| (`.*)$", part, flags=re.M):
        cells = [cell.strip() for cell in row.split("|")]
        shape = next((re.fullmatch(r"`\[(.*)\]`", cell)[1] for cell in cells if cell.startswith("`[")), None)
        yield re.findall(r"`(\w+)`", cells[0]), shape


def test_every_name_of_the_real_numbers_is_on_the_page_with_its_shape():
    network = layered(("simple", 3), steps=5, features=2, outputs=4, linear_path=True)
    found = arrays(network)
    named = set(re.findall(r"`([\w/]+)`", REAL))
    assert set(found) <= named
    sizes, checked = {"units": 3, "features": 2, "outputs": 4, "sequence_length": 5}, 0
    for names, shape in rows(REAL):
        for name in names:
            products = [] if shape is None else [size.split(" * ") for size in shape.split(", ")]
            expected = [math.prod(sizes[size] for size in factors) for factors in products]
            assert list(found[name].shape) == expected, name
            checked += 1
    assert checked == len(found) - len(network.architecture.shapes)


def test_what_other_networks_say_besides_is_on_the_page():
    found = arrays(layered(("gru", 3, "both"), ("gru", 3, "both"), every_step=True, outputs=2))
    named = set(re.findall(r"`([\w/]+)`", REAL))
    assert {name for name in found if not name.startswith(("rnn", "output/"))} <= named


def integer_arrays(*cells, **sizes):
    network = layered(*cells, steps=9, **sizes)
    found = arrays(network, integers(network, inputs(4, 9, network.architecture.features))[0])
    return {name.removeprefix("int8/"): values for name, values in found.items() if name.startswith("int8/")}


# Rows of products in blocks of units, and entries of tables.
BLOCKS = {"simple": {"sums": 1}, "lstm": {"sums": 4}, "gru": {"gates": 2, "parts": 2}, "dense": {"sums": 1}}
BLOCKS |= {"gru-reset-before": {"gates": 2, "sums": 1}, "lstm-peephole": {"sums": 4}, "fastgrnn": {"sums": 1}}
ENTRIES = {"simple": {"activation": 2048}, "lstm": {"gate": 2048, "candidate": 2048, "activation": 4096}}
ENTRIES["gru"] = ENTRIES["gru-reset-before"] = ENTRIES["fastgrnn"] = {"gate": 2048, "candidate": 2048}
ENTRIES |= {"dense": ENTRIES["simple"], "lstm-peephole": ENTRIES["lstm"]}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("way", ["", "both"])
def test_every_name_of_the_integers_is_on_the_page_with_its_shape(cell, way):
    shapes = {name: shape for names, shape in rows(INTEGERS) for name in names}
    found = integer_arrays((cell, 3, way), features=2, outputs=4)
    for name, values in found.items():
        own = re.sub(r"^layer_1/((for|back)ward/)?", "", name)
        if own in shapes:
            assert values.shape == {"3, units": (3, 3), "units": (3,), None: ()}[shapes[own]], name
            continue
        # Products and tables are in one table of the page, what they consist of in another.
        whole, part = re.fullmatch(r"(\w+)(_[a-z]+)", own).groups()
        assert whole in shapes, name
        if whole == "output_layer":
            sizes = {"rows": 4, "columns": 6 if way else 3}
        else:
            columns = 2 if cell == "dense" else 2 + 3
            sizes = {"rows": 3 * BLOCKS[cell].get(whole, 0), "columns": columns, "entries": ENTRIES[cell].get(whole, 0)}
        expected = [] if shapes[part] is None else [sizes[size] for size in shapes[part].split(", ")]
        assert list(values.shape) == expected, name


def test_no_name_of_the_page_is_missing_in_the_files():
    further = integer_arrays(("lstm", 3, {"projection": 2, "reads": (-1,)}))
    everything = {*further, *integer_arrays(("lstm", 2, {"activation": "relu"}))}
    everything |= set(integer_arrays(("fastgrnn", 5, {"rank": 2}), features=5))
    everything |= {name for cell in CELLS for name in integer_arrays((cell, 3))}
    front = Embedding(random_fronts.WORDS, 4), Convolution(Axis(2), Axis(), 4, 3)
    ahead = quantize(random_fronts.network(front, [], steps=5, flattened=True), random_fronts.words(4, 5))
    everything |= set(to_arrays(ahead))
    everything = {re.sub(r"^(layer|front)_\d/", "", name) for name in everything}
    listed = [name for names, _ in rows(INTEGERS) for name in names]
    assert len(listed) > 25
    for name in listed:
        pattern = rf"\w+{name}" if name.startswith("_") else rf"{name}(_[a-z]+)?"
        assert any(re.fullmatch(pattern, other) for other in everything), name


def test_the_first_example_has_the_shapes_that_the_page_says():
    found = integer_arrays(("simple", 10))
    example = INTEGERS.split("So a simple cell with 10 units")[1].split("```")[0]
    shapes = re.findall(r"((?:`[\w/]+`(?:, | and )?)+), `\[([\d, ]+)\]`", example)
    checked = 0
    for names, shape in shapes:
        for name in re.findall(r"`([\w/]+)`", names):
            if name != "layer_1/sums_bias" and not name.endswith("shift"):
                assert list(found[name].shape) == [int(size) for size in shape.split(", ")], name
                checked += 1
    assert checked == 3
    assert {"layer_1/sums_bias", "layer_1/sums_shift"} <= set(found)


def test_names_of_version_0_1_0_are_mentioned_once():
    paragraph = INTEGERS[INTEGERS.index("Files of version 0.1.0") :].split("\n\n")[0]
    old = read(PROJECT / "tests" / "formats" / "npz" / "version_0_1" / "simple-custom-weights.npz")
    names = re.findall(r"`([\w/]+)`", paragraph)
    before = [name for name in names if f"int8/{name}" in old]
    assert {"W_x_high", "W_h_high", "table", "b"} <= set(before)
    assert set(names) - set(before) == {"sums_high", "activation_values"}
    assert previous.is_previous({"table": old["int8/table"]})
    assert not re.search(r"`W_\w+_(high|low)`", PAGE.replace(paragraph, ""))
