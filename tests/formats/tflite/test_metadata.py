"""What files say of themselves, and adding to it."""

import numpy as np
import pytest
from helpers.random_networks import inputs, integers, simple
from helpers.schema_models import model, packed
from helpers.stored_networks import about

from rnnexp.errors import UserError
from rnnexp.formats.about import ENTRY, About
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.formats.tflite.metadata import (
    interface_sizes,
    metadata,
    operators,
    parse,
    read_about,
    tensor_types,
    with_metadata,
)
from rnnexp.preprocessing.input_map import WindowRange
from rnnexp.runtimes.tflite import TFLiteModel


def test_texts_are_added_and_all_else_stays():
    network, codes = integers(simple(4, steps=9, outputs=2), inputs(3, 9))
    before = to_tflite(network, {"one": "1"})
    after = with_metadata(before, {"two": "é", "three": ""})
    found = metadata(after)
    assert {name: found[name] for name in ("one", "two", "three")} == {"one": b"1", "two": "é".encode(), "three": b""}
    assert set(found) - {"two", "three"} == set(metadata(before))
    assert (operators(after), tensor_types(after)) == (operators(before), tensor_types(before))
    assert interface_sizes(after) == interface_sizes(before) == ([4 * 9], [4 * 2])
    old, new = parse(before), parse(after)
    for one, other in zip(old.subgraphs, new.subgraphs, strict=True):
        assert [tensor.name for tensor in one.tensors] == [tensor.name for tensor in other.tensors]
    assert TFLiteModel(after).run_codes(codes).tolist() == TFLiteModel(before).run_codes(codes).tolist()


def test_what_a_file_says_of_itself_comes_back():
    float_model = simple(4, steps=9, outputs=2)
    network, _ = integers(float_model, inputs(3, 9))
    said = about(float_model, input_map=WindowRange(to=255.0, flat_range=20.4), units="°C")
    assert read_about(to_tflite(network, said.to_entries())) == said
    assert read_about(with_metadata(to_tflite(network), said.to_entries())) == said


def test_files_of_others_say_nothing():
    assert read_about(packed(model())) is None
    assert metadata(packed(model())) == {}


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000], ids=range(4))
def test_what_cannot_be_read_says_nothing(text):
    assert read_about(with_metadata(packed(model()), {ENTRY: text})) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "no input_map"),
        ('{"input_map": {"kind": "window", "to": 255, "flat_range": 0}}', "flat_range: "),
        ('{"input_map": {"kind": "none"}, "time_steps": [20]}', "int"),
        ('{"input_map": {"kind": "none"}, "time_steps": Infinity}', "infinity"),
        ('{"input_map": {"kind": "none"}, "max_value": null}', "float"),
    ],
)
def test_what_cannot_be_used_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        read_about(with_metadata(packed(model()), {ENTRY: text}))


def test_a_damaged_file_is_refused():
    content = with_metadata(packed(model()), About().to_entries())
    assert read_about(content) == About()
    for size in range(0, len(content), 7):
        with pytest.raises(UserError, match=r"damaged or cut off|not a TensorFlow Lite file"):
            read_about(content[:size])


def test_types_and_operators_are_named():
    assert tensor_types(packed(model())) == {"FLOAT32"}
    assert operators(packed(model())) == []
    assert np.array_equal(interface_sizes(packed(model())), ([8], [8]))
