"""What a model says of itself: the same before and after a file, and nothing that cannot be used."""

import json

import numpy as np
import pytest
from helpers.random_networks import layered, simple
from helpers.stored_networks import about

from rnnexp.formats.about import ENTRY, About, read
from rnnexp.preprocessing.input_map import (
    AS_IT_IS,
    AsItIs,
    Characters,
    RawSound,
    SpectralSound,
    TrainingRange,
    WindowRange,
)
from rnnexp.version import __version__

SOUND = {"sample_rate": 16000, "clip_samples": 16000}
FRAMES = {"full_scale": 32768, "frames": 49, "frame_length": 640, "frame_step": 320, "fft_length": 1024}
SPECTRUM = {"window": "hann", "mel_bands": 2, "mel_hz": [20.0, 4000.0], "mel_scale": "htk", "log_offset": 1e-6}
MAPS = [
    AsItIs(),
    TrainingRange(to=255.0, minimum=16.7, range=1510.8),
    TrainingRange(to=1.0, minimum=(1.0, 2.0), range=(3.0, 4.5)),
    WindowRange(to=255.0, flat_range=20.4),
    Characters(characters="0123456789 +"),
    RawSound(**SOUND, segment="loudest", samples=1600, minimum=-3000, maximum=3000),
    SpectralSound(kind="log-mel", **SOUND, **FRAMES, **SPECTRUM, mean=(0.1, 0.2), deviation=(1.0, 2.0)),
    SpectralSound(
        kind="mfcc", **SOUND, **FRAMES, **SPECTRUM, coefficients=1, dct="ortho", mean=(0.1,), deviation=(1.0,)
    ),
]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"classes": ("no", "é", '"')},
        {"every_step": True, "answer_steps": 4},
        {"linear_path": True},
        {"padding": "end", "masking": 0.0, "words": 9},
    ],
    ids=str,
)
@pytest.mark.parametrize("input_map", MAPS, ids=lambda found: found.kind)
def test_all_of_it_comes_back(input_map, facts):
    said = About(
        task="classification",
        dataset="näme",
        input_map=input_map,
        units="°C",
        structure="gru-2-layers",
        activation="custom",
        max_value=255.0,
        time_steps=20,
        **facts,
    )
    assert About.from_json(json.loads(json.dumps(said.to_json()))) == said
    entries = {name: text.encode() for name, text in said.to_entries().items()}
    assert list(entries) == [ENTRY] == ["rnnexp"]
    assert read({**entries, "other": b"{"}) == said


def test_what_does_not_apply_is_left_out():
    found = about(simple(3, steps=30)).to_json()
    assert found == {
        "version": __version__,
        "task": "regression",
        "dataset": "random",
        "activation": "tanh",
        "max_value": 1.0,
        "time_steps": 30,
        "input_map": {"kind": "none"},
        "units": "",
    }
    # One after the other, as readers of files have always seen them.
    assert list(found)[:3] == ["version", "task", "dataset"]


def test_what_a_network_says():
    said = about(layered(("gru", 3, "both", "encodes"), ("gru", 3), steps=7, every_step=True), classes=("a", "b"))
    assert (said.structure, said.every_step, said.answer_steps) == ("gru-bidirectional-encoder-decoder", True, 5)
    assert (said.time_steps, said.activation, said.classes) == (7, "tanh", ("a", "b"))
    several = about(layered(("lstm", 3), ("lstm", 3), steps=7))
    assert (several.structure, several.every_step, several.answer_steps) == ("lstm-2-layers", False, 0)


def test_files_of_others_say_nothing():
    assert read({}) is None
    assert read({"min_runtime_version": b"1.5.0"}) is None


RAW = MAPS[5].to_json()
MFCC = MAPS[7].to_json()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "train", "to": 0, "minimum": 1, "range": 2}, "to: "),
        ({"kind": "train", "to": 1, "minimum": None, "range": 2}, "minimum"),
        ({"kind": "train", "to": 1, "minimum": 1}, "range: "),
        ({"kind": "train", "to": 1, "minimum": 1, "range": float("nan")}, "range"),
        ({"kind": "train", "to": 1, "minimum": [1, float("inf")], "range": 2}, "minimum"),
        ({"kind": "train", "to": 1, "minimum": 1, "range": 2, "from": 0}, "from: "),
        ({"kind": "window", "to": 255, "flat_range": -1}, "flat_range: "),
        ({"kind": "window", "to": "wide", "flat_range": 1}, "to: "),
        ({"kind": "none", "to": 1}, "to: "),
        ({"kind": "characters", "characters": ""}, "characters"),
        ({"kind": "characters"}, "characters"),
        ({**RAW, "samples": 0}, "samples: "),
        ({**RAW, "samples": 10**9}, "samples: "),
        ({**RAW, "segment": "last"}, "segment: "),
        ({**MFCC, "mean": []} | {"deviation": [0.0]}, "deviation"),
        ({**MFCC, "mel_hz": [20.0]}, "mel_hz"),
        ({**MFCC, "frames": "many"}, "frames: "),
        ({"kind": "odd"}, "kind"),
        ({}, "kind"),
        ("none", r"dict|object"),
        (None, r"dict|object"),
    ],
    ids=str,
)
def test_an_input_map_that_cannot_be_used_is_refused_by_the_name_of_its_field(given, field):
    said = json.dumps({**About().to_json(), "input_map": given}).encode()
    for attempt in (lambda: About.from_json({"input_map": given}), lambda: read({ENTRY: said})):
        with pytest.raises(ValueError, match=field):
            attempt()


def test_without_an_input_map_it_is_refused():
    with pytest.raises(ValueError, match="no input_map"):
        About.from_json({"task": "regression"})


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b"3", b"null", b'"text"', b"{} {}", b"[" * 100_000], ids=range(9)
)
def test_what_is_no_json_object_says_nothing(content):
    assert read({ENTRY: content}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"time_steps": "many"},
        {"time_steps": [1]},
        {"max_value": None},
        {"answer_steps": float("inf")},
        {"masking": None},
        {"words": "all"},
    ],
    ids=str,
)
def test_numbers_that_are_none_are_refused(change):
    with pytest.raises((ValueError, TypeError, OverflowError)):
        About.from_json({**About().to_json(), **change})


def test_of_files_that_say_little_the_rest_is_empty():
    said = About.from_json({"input_map": {"kind": "none"}})
    assert said == About(task="", input_map=AS_IT_IS, version="")
    assert said.classes == ()
    assert np.isclose(said.max_value, 1.0)
