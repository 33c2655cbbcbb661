"""Integer networks come back from the files that they were written into."""

import dataclasses
import json
import re
import tracemalloc
import zlib

import numpy as np
import pytest
from helpers.properties import examples
from helpers.random_networks import inputs, integers, layered, simple
from helpers.schema_models import packed
from hypothesis import given
from hypothesis import strategies as st

from rnnexp.formats.tflite.int8.details import ENTRY, MOST_BYTES, PRESET, pack, unpack
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.int8.writer import to_step_tflite, to_tflite
from rnnexp.formats.tflite.metadata import metadata, parse, with_metadata
from rnnexp.network.cells import CELLS
from rnnexp.quantization.reference import run


@pytest.mark.parametrize(
    ("activation", "features", "outputs", "softmax"),
    [("tanh", 1, 1, False), ("custom", 3, 4, True), ("relu", 28, 2, False)],
)
def test_everything_comes_back(activation, features, outputs, softmax):
    float_model = simple(7, steps=30, features=features, outputs=outputs, activation=activation, softmax=softmax)
    network, codes = integers(float_model, inputs(5, 30, features))
    found = from_tflite(to_tflite(network, {"rnnexp": "{}"}))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(network))
    assert run(found, codes).tolist() == run(network, codes).tolist()


cells = st.tuples(st.sampled_from(sorted(CELLS)), st.integers(1, 9), st.sampled_from(["", "both", "backwards"]))


@examples(25)
@given(
    layers=st.lists(cells, min_size=1, max_size=3), every_step=st.booleans(), softmax=st.booleans(), seed=st.integers(0)
)
def test_any_layers_come_back(layers, every_step, softmax, seed):
    network = layered(*layers, steps=7, features=2, outputs=3, every_step=every_step, seed=seed, softmax=softmax)
    integer, codes = integers(network, inputs(5, 7, 2))
    content = with_metadata(to_tflite(integer), {"another": "text"})
    found = from_tflite(content)
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(integer))
    assert run(found, codes).tolist() == run(integer, codes).tolist()


def test_encoder_and_decoder_come_back():
    network = layered(("lstm", 3, "both", "encodes"), ("simple", 4), steps=9, outputs=3, every_step=True, softmax=True)
    integer, codes = integers(network, inputs(4, 9))
    found = from_tflite(to_tflite(integer))
    np.testing.assert_equal(dataclasses.asdict(found), dataclasses.asdict(integer))
    assert run(found, codes).tolist() == run(integer, codes).tolist()


@pytest.mark.parametrize(
    "cells", [[("simple", 10)], [("lstm", 10)], [("gru", 10)], [("simple", 8, "both"), ("lstm", 8)]], ids=str
)
def test_what_a_file_says_of_its_integers_takes_little(cells):
    """Weights and tables are there once, for the graph and for whoever reads them back."""
    network, _ = integers(layered(*cells, steps=7, features=2), inputs(5, 7, 2))
    content = to_tflite(network)
    model = parse(content)
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {entry.buffer for entry in model.metadata}
    assert used | {0} == set(range(len(model.buffers)))
    assert len(metadata(content)[ENTRY]) < 0.06 * len(content)


def changed(content, entry):
    """Return a file with something else in the entry that says what its integers are, and all else as it was."""
    model = parse(content)
    (number,) = (found.buffer for found in model.metadata if found.name == ENTRY.encode())
    text = entry if isinstance(entry, bytes) else json.dumps(entry).encode()
    model.buffers[number].data = np.frombuffer(text, np.uint8)
    assert metadata(packed(model))[ENTRY] == text
    return packed(model)


def refused(content):
    with pytest.raises(ValueError, match="not an int8 sequence model of rnnexp"):
        from_tflite(content)


def test_a_file_of_another_kind_is_refused(regression_run):
    network, _ = integers(simple(3, steps=30), inputs(5, 30))
    other, _ = integers(layered(("gru", 3), steps=7), inputs(5, 7))
    for content in (to_step_tflite(network), to_step_tflite(other), regression_run.model.read_bytes()):
        refused(content)


@pytest.fixture(scope="module")
def gru():
    return to_tflite(integers(layered(("gru", 3), steps=7, features=2), inputs(5, 7, 2))[0])


def test_the_entry_that_was_not_packed_is_read_too(gru):
    said = unpack(metadata(gru)[ENTRY])
    for entry in (said, pack(json.dumps(said, indent=2).encode()), zlib.compress(json.dumps(said).encode())):
        np.testing.assert_equal(
            dataclasses.asdict(from_tflite(changed(gru, entry))), dataclasses.asdict(from_tflite(gru))
        )


def test_fractions_are_exact_hexadecimal_texts(gru):
    text = zlib.decompressobj(zdict=PRESET).decompress(metadata(gru)[ENTRY])
    written, said = json.loads(text), unpack(metadata(gru)[ENTRY])
    fractions = {name for name, value in said.items() if isinstance(value, float)}
    assert {"input_scale", "layer_1/gate_start"} <= fractions
    for name in fractions:
        assert re.fullmatch(r"-?0x1(\.[0-9a-f]*[1-9a-f])?p[+-]\d+", written[name])
        assert float.fromhex(written[name]) == said[name]
    assert said["layer_1/cell"] == "gru"


@pytest.mark.parametrize(
    ("value", "number"),
    [("0x1p-14", 2.0**-14), ("-0x1.8p+1", -3.0), ("0x0p+0", 0.0), ("0x1.fffffffffffffp+1023", 1.797e308)],
)
def test_a_hexadecimal_text_is_a_number(value, number):
    assert unpack(pack(json.dumps({"a": value}).encode()))["a"] == pytest.approx(number, rel=1e-3)


def test_a_hexadecimal_text_beyond_float64_is_refused():
    with pytest.raises(ValueError, match="beyond float64: 0x1p"):
        unpack(pack(b'{"a": "0x1p+1024"}'))


@pytest.mark.parametrize("value", ["0x", "0x1", "1p3", "0x1p", "nan", "inf", "0x1p+12345", "simple", "1.0"])
def test_other_texts_stay_texts(value):
    assert unpack(pack(json.dumps({"a": value}).encode())) == {"a": value}


def test_what_entries_are_packed_with_stays():
    """Else files that are out there could not be read."""
    assert zlib.crc32(PRESET) == 1438150484
    with pytest.raises(ValueError, match="setting zdict"):
        unpack(zlib.compressobj(9, zdict=PRESET[1:]).flush())


@pytest.mark.parametrize("missing", ["layer_1/parts", "layer_1/gate_start", "layer_1/cell", "input_scale"])
def test_a_file_that_does_not_say_everything_is_refused(gru, missing):
    said = unpack(metadata(gru)[ENTRY])
    said[f"{missing[:-1]}X"] = said.pop(missing)
    refused(changed(gru, said))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sequence_length", "7"),
        ("layer_1/gates_shift", 6.0),
        ("layer_1/gates_shift", 40),
        ("features", 3),
        ("layer_1/cell", "simple"),
        ("layer_1/cell", "cell"),
        ("layer_1/gate_offset", 10**30),
        ("layer_1/gate_multiple", -(10**30)),
        ("layer_1/candidate_multiple", []),
        ("layer_1/gates", None),
        ("layer_1/gates", [10**9, 1, 2]),
        ("layer_1/gates", [1, 10**30, 2]),
        ("layer_1/gates", [1, 2, 0]),
        ("layer_1/gates", [1]),
    ],
)
def test_a_file_whose_numbers_do_not_fit_each_other_is_refused(gru, name, value):
    """They would go into C, and be compiled and run."""
    said = unpack(metadata(gru)[ENTRY])
    assert said[name] != value or type(said[name]) is not type(value)
    refused(changed(gru, {**said, name: value}))


def test_tables_that_are_not_as_long_as_the_file_says_are_refused(gru):
    said = unpack(metadata(gru)[ENTRY])
    for name in ("layer_1/gate", "layer_1/candidate"):
        buffer, size = said[name]
        assert size == 2048
        refused(changed(gru, {**said, name: [buffer, 0, size]}))


PACKED = pack(b"{}")


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"x",
        b"\x00" * 40,
        b"no zlib at all",
        PACKED[:-6],
        PACKED[:3] + b"\xff" + PACKED[4:],
        pack(b""),
        pack(b"[]"),
        pack(b"null"),
        pack(b"\xff\xfe{}"),
        pack(b"{} {}"),
        pack(b"[" * 100_000),
        b'{"a":' * 100_000,
        pack(b" " * (MOST_BYTES + 1) + b"{}"),
    ],
    ids=range(14),
)
def test_a_damaged_entry_is_refused(gru, entry):
    refused(changed(gru, entry))
    with pytest.raises(ValueError, match=r"."):
        unpack(entry)


def test_every_truncation_and_any_damage_of_the_entry_is_refused_or_means_the_same(gru):
    entry, random = metadata(gru)[ENTRY], np.random.default_rng(0)
    for size in range(len(entry)):
        with pytest.raises(ValueError, match=r"."):
            unpack(entry[:size])
    told, refusals = unpack(entry), 0
    for _ in range(300):
        damaged = bytearray(entry)
        damaged[random.integers(len(entry))] ^= 1 << random.integers(8)
        try:
            assert unpack(bytes(damaged)) == told
        except ValueError:
            refusals += 1
    assert refusals > 250


def test_a_small_entry_cannot_become_large():
    """A megabyte at most is unpacked, of what would be a gigabyte."""
    pump = zlib.compressobj(9, zdict=PRESET)
    bomb = b"".join(pump.compress(b" " * 2**20) for _ in range(1024)) + pump.flush()
    assert len(bomb) < 2**21
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="too large"):
            unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * MOST_BYTES
    finally:
        tracemalloc.stop()
