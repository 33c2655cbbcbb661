"""docs/network.md: the steps worked out by hand are right, and the names and shapes are those of the files."""

import json
import re

import numpy as np
import pytest
from helpers.equations import ABOUT, float_outputs, float_states
from helpers.runs import PROJECT

from rnnexp.formats.npz import weights
from rnnexp.quantization import reference
from rnnexp.quantization.product import Affine, IntegerNetwork, Product

PAGE = (PROJECT / "docs" / "network.md").read_text(encoding="utf-8")
BY_HAND = PAGE.split("## A step by hand")[1].split("## In C")[0]


def given(name):
    """Return the array that the page gives as ``name = [...]``."""
    return np.array(json.loads(re.search(rf"(?<!\w){name} = (\[.*?\])(?=\s{{2,}}|\n)", BY_HAND)[1]))


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
    names = ("W_x_high", "W_x_low", "W_h_high", "W_h_low")
    x_high, x_low, h_high, h_low = (given(name).astype(np.int8) for name in names)
    bias = np.array(json.loads(re.search(r"b = (\[101, -51\])", BY_HAND)[1]))
    shift = int(re.search(r"shift = (\d+)", BY_HAND)[1])
    cell = Product(np.hstack([x_high, h_high]), np.hstack([x_low, h_low]), bias, shift, 1.0, 1.0)
    network = IntegerNetwork(
        sequence_length=1,
        input=Affine(1.0, 0),
        output=Affine(1.0, 0),
        state_scale=1.0,
        cell=cell,
        output_layer=Product(h_high, h_low, bias, shift, 1.0, 1.0),
        table=given("table").astype(np.int16),
        table_start=0.0,
        softmax=False,
    )
    assert "Input code `c = 9`, state `v = [800, 3200]`" in BY_HAND
    after = reference.step(network, np.array([[9]]), np.array([[800, 3200]]))
    assert numbers(re.search(r"\nv = .* = (\[.*\])", BY_HAND)[1]) == after[0].tolist()


def test_every_name_in_a_file_is_on_the_page_with_its_shape():
    from helpers.random_networks import float_network, inputs

    float_model = float_network(3, features=2, outputs=4)
    found = weights.arrays(float_model.weights, float_model.quantize(inputs(5, 30, 2)), ABOUT)
    named = set(re.findall(r"`([\w/]+)`", PAGE))
    assert {name.removeprefix("int8/") for name in found} <= named
    sizes = {"units": 3, "features": 2, "outputs": 4, "2048": 2048}
    integers = PAGE.split("## In integers")[1].split("## Other networks")[0]
    checked = 0
    for prefix, part in (("", PAGE.split("## In integers")[0]), ("int8/", integers)):
        for row in re.findall(r"^\| (`.*)$", part, flags=re.M):
            cells = [cell.strip() for cell in row.split("|")]
            shape = next((re.fullmatch(r"`\[(.*)\]`", cell)[1] for cell in cells if cell.startswith("`[")), None)
            for name in re.findall(r"`(\w+)`", cells[0]):
                expected = [] if shape is None else [sizes[size] for size in shape.split(", ")]
                assert list(found[prefix + name].shape) == expected, name
                checked += 1
    assert checked == len(found) - len(weights.KERAS_NAMES)
