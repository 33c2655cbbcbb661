"""What a file takes in TensorFlow Lite Micro: its operators, and the least arena."""

import importlib.util

import numpy as np
import pytest
from helpers.random_networks import inputs, layered

from rnnexp.experiment.on_micro import on_micro
from rnnexp.formats.tflite.int8.writer import to_step_tflite, to_tflite
from rnnexp.formats.tflite.resolver import resolver_calls
from rnnexp.quantization.quantizer import quantize
from rnnexp.runtimes import arena

HAS_MICRO = importlib.util.find_spec("tflite_micro") is not None
needs_micro = pytest.mark.skipif(not HAS_MICRO, reason="TensorFlow Lite Micro is not installed")


def files(units=6):
    network = quantize(layered(("simple", units), steps=5), inputs(4, 5))
    return {"net-int8.tflite": to_tflite(network, {}), "net-step-int8.tflite": to_step_tflite(network, {}), "net.c": ""}


def test_the_operators_of_a_file_as_calls():
    calls = resolver_calls(files()["net-int8.tflite"])
    assert calls == sorted(set(calls))
    assert {"AddFullyConnected()", "AddQuantize()", "AddGather()", "AddWhile()"} <= set(calls)


@pytest.mark.parametrize(
    ("operator", "call"),
    [
        ("CONV_2D", "AddConv2D()"),
        ("DEPTHWISE_CONV_2D", "AddDepthwiseConv2D()"),
        ("L2_NORMALIZATION", "AddL2Normalization()"),
        ("PADV2", "AddPadV2()"),
        ("SPLIT_V", "AddSplitV()"),
        ("RELU6", "AddRelu6()"),
        ("CUMSUM", "AddCumSum()"),
        ("BATCH_MATMUL", "AddBatchMatMul()"),
        ("RESIZE_NEAREST_NEIGHBOR", "AddResizeNearestNeighbor()"),
    ],
)
def test_a_call_has_the_words_of_the_resolver(monkeypatch, operator, call):
    monkeypatch.setattr("rnnexp.formats.tflite.resolver.operators", lambda _: [operator])
    assert resolver_calls(b"") == [call]


def test_without_tensorflow_lite_micro_there_is_a_reason(monkeypatch):
    monkeypatch.setattr(arena.importlib.util, "find_spec", lambda _: None)
    found = on_micro(files())
    assert set(found) == {"net-int8.tflite", "net-step-int8.tflite"}
    for micro in found.values():
        assert (micro.arena_bytes, micro.absent) == (None, "tflite-micro is not installed")
        assert micro.arena == "not measured: tflite-micro is not installed"
        assert micro.code.startswith(f"tflite::MicroMutableOpResolver<{len(micro.resolver)}> resolver;\nresolver.Add")


@needs_micro
def test_the_arena_is_enough_and_nothing_less_is():
    from tflite_micro import runtime

    contents = files()
    for name, micro in on_micro(contents).items():
        assert micro.absent is None
        interpreter = runtime.Interpreter.from_bytes(contents[name], arena_size=micro.arena_bytes)
        interpreter.set_input(np.zeros(interpreter.get_input_details(0)["shape"], np.int8), 0)
        interpreter.invoke()
        with pytest.raises(RuntimeError):
            runtime.Interpreter.from_bytes(contents[name], arena_size=micro.arena_bytes - 32).invoke()


@needs_micro
def test_more_units_take_more():
    small, large = (on_micro(files(units))["net-int8.tflite"].arena_bytes for units in (4, 400))
    assert small < large


@needs_micro
def test_a_file_that_does_not_run_has_a_reason():
    content = files()["net-int8.tflite"]
    assert isinstance(arena.least_arenas({"broken": content[: len(content) // 2]})["broken"], str)
