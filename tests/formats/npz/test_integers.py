"""The integers of any network as arrays: plain, named as the docs say, and the whole network."""

import dataclasses
import re

import numpy as np
import pytest
from helpers.random_layers import ANSWER_STEPS, integers, layered
from helpers.random_networks import inputs
from helpers.runs import PROJECT

from rnnexp.formats.npz.integers import from_arrays, to_arrays
from rnnexp.network.cells import CELLS
from rnnexp.quantization.arithmetic import Table
from rnnexp.quantization.integer_network import run

STRUCTURES = [
    [("simple", 5, "both")],
    [("lstm", 4)],
    [("gru", 4, "backwards"), ("gru", 4)],
    [("gru", 3, "both"), ("lstm", 4, "both"), ("simple", 5)],
]


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("cells", [*STRUCTURES, *([(cell, 5)] for cell in CELLS)], ids=str)
def test_the_network_comes_back(cells, every_step):
    network, codes = integers(layered(*cells, features=2, outputs=3, every_step=every_step), inputs(4, 9, 2))
    found = from_arrays(to_arrays(network))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))
    assert [type(cell) for layer in found.layers for cell in layer.cells] == [
        type(cell) for layer in network.layers for cell in layer.cells
    ]
    assert run(found, codes).tolist() == run(network, codes).tolist()


def test_encoder_and_decoder_come_back():
    network, codes = integers(
        layered(("gru", 3, "both", "encodes"), ("simple", 4), outputs=3, every_step=True), inputs(4, 9)
    )
    found = to_arrays(network)
    assert found["layer_1/repeats"] == ANSWER_STEPS
    assert run(from_arrays(found), codes).tolist() == run(network, codes).tolist()
    for change in ({"layer_1/repeats": -1}, {"layer_2/repeats": 1}, {"every_step": False}):
        with pytest.raises(ValueError, match="layers are repeated"):
            from_arrays(found | {name: np.asarray(value) for name, value in change.items()})


def test_arrays_are_plain_and_names_say_where_they_belong():
    network, _ = integers(layered(("lstm", 4, "both"), ("gru", 3), features=2), inputs(4, 9, 2))
    found = to_arrays(network)
    assert all(values.dtype.kind in "fiubU" for values in found.values())
    assert found["layer_1/backward/sums_high"].shape == (16, 6)
    assert found["layer_2/cell"] == "gru"
    assert found["layer_2/gate_values"].dtype == np.int16
    assert found["output_layer_low"].shape == (1, 3)


def test_a_missing_array_is_named():
    found = to_arrays(integers(layered(("gru", 3)), inputs(4, 9))[0])
    del found["layer_1/gate_values"]
    with pytest.raises(KeyError, match="layer_1/gate_values"):
        from_arrays(found)


@pytest.mark.parametrize("cell", CELLS)
def test_a_tables_name_is_that_of_its_attribute(cell):
    """Which is why it is not written."""
    network, _ = integers(layered((cell, 3)), inputs(4, 9))
    (found,) = network.layers[0].cells
    for field in dataclasses.fields(found):
        value = getattr(found, field.name)
        assert not isinstance(value, Table) or value.name == field.name


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_every_name_is_on_the_page(cell):
    page = (PROJECT / "docs" / "network.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+)`", page.split("## Other networks in integers")[1].split("\n## ")[0]))
    network, _ = integers(layered((cell, 3, "both")), inputs(4, 9))
    endings = "high|low|bias|shift|scale|step|values|start|multiple|offset"
    for name in to_arrays(network):
        # Products and tables are in one table of the page, what they consist of in another.
        own = re.sub(r"layer_1/((for|back)ward/)?", "", name)
        whole = re.fullmatch(rf"(\w+)_({endings})", own)
        assert own in named or (whole and {whole[1], f"_{whole[2]}"} <= named), name


def by_the_page(n, x):
    """The equations of docs/network.md in integers, for one layer of one cell, without anything of ours."""
    n = {name.removeprefix("layer_1/"): values for name, values in n.items()}

    def saturate(a):
        return np.clip(a, -32768, 32767)

    def round_shift(a, s):
        return (a + 2 ** (s - 1)) // 2**s

    def multiply(product, u, blocks):
        high, low = (n[f"{product}_{part}"].astype(object) for part in ("high", "low"))
        total = high @ (4 * u) + low @ (4 * ((u + 32) // 64)) + n[f"{product}_bias"]
        return np.split(saturate(round_shift(total, int(n[f"{product}_shift"]))), blocks)

    def look_up(table, places):
        values = n[f"{table}_values"].astype(object)
        return values[[int(place) for place in np.clip(places, 0, len(values) - 1)]]

    units = n["output_layer_high"].shape[1]
    v = np.zeros(units, object)
    c = w = v
    codes = np.rint(x / float(n["input_scale"])).astype(int) + int(n["input_zero_point"])
    for code in np.clip(codes, -128, 127).astype(object):
        u = np.concatenate([64 * code, v])
        if n["cell"] == "simple":
            v = look_up("activation", multiply("sums", u, 1)[0])
        elif n["cell"] == "lstm":
            i, f, g, o = multiply("sums", u, 4)
            c = look_up("gate", f) * c + look_up("gate", i) * look_up("candidate", g)
            c = saturate(round_shift(c, 14))
            place = saturate(round_shift(c, int(n["shift"])) + int(n["first"]))
            v = saturate(round_shift(look_up("gate", o) * look_up("activation", place), 14))
        else:
            (z, r), (a, b) = multiply("gates", u, 2), multiply("parts", u, 2)
            place = saturate(round_shift(16384 * a + look_up("gate", r) * b, 14 + int(n["finer"])))
            z = look_up("gate", z)
            w = saturate(round_shift(z * w + (16384 - z) * look_up("candidate", place), 14))
            v = saturate(round_shift(w, 2))
    (code,) = multiply("output_layer", v, 1)
    return np.clip(code + int(n["output_zero_point"]), -128, 127).tolist()


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_the_equations_of_the_page_give_the_bits(cell):
    x = inputs(4, 25, 2)
    network, codes = integers(layered((cell, 6), features=2, outputs=3), x)
    found = to_arrays(network)
    assert [by_the_page(found, sample) for sample in x] == run(network, codes).tolist()
