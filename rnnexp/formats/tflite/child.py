"""The process in which LiteRT runs a float32 file: see ``float_outputs``."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from rnnexp.formats.child import Arrays, serve


def run(description: Any, arrays: Arrays) -> Arrays:
    """Run a file several times, its states at zero before each, and return its tensors.

    Args:
        description: ``calls``, how often; ``tensors``, the numbers of those that are asked for; ``part``, None or the
            numbers of the operators to be run alone, and of the tensor that comes in.
        arrays: ``model``, the file, and ``input_<call>``.

    Returns:
        ``output_<call>_<number>`` of each tensor.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    content = arrays["model"].tobytes()
    interpreter = Interpreter(
        model_content=_part(content, *description["part"]) if description["part"] else content,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    (entry,) = interpreter.get_input_details()
    found = {}
    for call in range(description["calls"]):
        given = np.ascontiguousarray(arrays[f"input_{call}"].astype(entry["dtype"]))
        if not call:
            interpreter.resize_tensor_input(entry["index"], given.shape)
            interpreter.allocate_tensors()
        interpreter.reset_all_variables()
        interpreter.set_tensor(entry["index"], given)
        interpreter.invoke()
        for number, tensor in enumerate(description["tensors"]):
            found[f"output_{call}_{number}"] = interpreter.get_tensor(tensor).copy()
    return found


def _part(content: bytes, operators: list[int], given: int) -> bytes:
    """Return a file that runs some of the operators alone, and takes what the first of them read."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    graph.operators = [graph.operators[number] for number in operators]
    graph.inputs = [given]
    model.signatureDefs = []
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


if __name__ == "__main__":
    sys.exit(serve(run, *sys.argv[1:]))
