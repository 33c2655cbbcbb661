"""The process in which onnxruntime, or where it is missing onnx itself, runs a file: see ``outputs``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rnnexp.formats.child import Arrays, serve

Run = Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]


def run(description: Any, arrays: Arrays) -> Arrays:
    """Run a file several times, and return its tensors.

    Args:
        description: ``tensors``, the names of those that are asked for; ``calls``, for each the names of its inputs;
            ``kept``, inputs that have what a tensor had in the call before, where they are not given.
        arrays: ``model``, the file, and ``input_<call>_<number>``.

    Returns:
        ``output_<call>_<number>`` of each tensor.
    """
    tensors, kept = description["tensors"], description["kept"]
    wanted = list(dict.fromkeys([*tensors, *kept.values()]))
    session = _session(arrays["model"].tobytes(), wanted)
    found, last = dict[str, np.ndarray](), dict[str, np.ndarray]()
    for call, names in enumerate(description["calls"]):
        given = {name: arrays[f"input_{call}_{number}"] for number, name in enumerate(names)}
        given = {**{name: last[source] for name, source in kept.items() if source in last}, **given}
        last = dict(zip(wanted, session(given), strict=True))
        found |= {f"output_{call}_{number}": np.asarray(last[name]) for number, name in enumerate(tensors)}
    return found


def _session(content: bytes, wanted: list[str]) -> Run:
    """Return what runs a file, with other outputs."""
    import onnx

    model = onnx.ModelProto()
    model.ParseFromString(content)
    del model.graph.output[:]
    model.graph.output.extend([onnx.ValueInfoProto(name=name) for name in wanted])
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return _reference(model, wanted)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception:  # whatever onnxruntime does not know, as RNNs of layout 1: onnx itself may
        return _reference(model, wanted)
    return lambda given: session.run(wanted, dict(given))


def _reference(model: Any, wanted: list[str]) -> Run:
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model)
    return lambda given: evaluator.run(wanted, dict(given))


if __name__ == "__main__":
    sys.exit(serve(run, *sys.argv[1:]))
