"""int8 TensorFlow Lite files: an integer network as a graph with loops, or as one time step.

A loop is one WHILE operator over two small subgraphs, so the file's size does not depend on the number of time steps.
For streaming there is a model of one time step, without a loop: states in, states out. Of an encoder-decoder, that is
the decoder's, and the encoder has a file of its own; in the file of the whole, both loops follow on each other.

``rnnexp.quantization.product`` and ``rnnexp.quantization.arithmetic`` have the arithmetic,
``rnnexp.formats.tflite.int8.graph`` the operators that do it. All of them are exact, or round what cannot tie, so that
all kernels give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping

from rnnexp.formats.tflite.builder import Model, Names
from rnnexp.formats.tflite.int8 import details
from rnnexp.formats.tflite.int8.sequence import write_encoder, write_sequence
from rnnexp.formats.tflite.int8.step import write_step
from rnnexp.formats.tflite.metadata import operators, tensor_types
from rnnexp.quantization.network import IntegerNetwork

OPERATORS = frozenset(
    {
        "ADD",
        "CAST",
        "CONCATENATION",
        "CONV_2D",
        "DYNAMIC_UPDATE_SLICE",
        "FILL",
        "FULLY_CONNECTED",
        "GATHER",
        "LESS",
        "LESS_EQUAL",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MINIMUM",
        "MUL",
        "QUANTIZE",
        "RESHAPE",
        "SOFTMAX",
        "SPLIT",
        "SUB",
        "STRIDED_SLICE",
        "SQUEEZE",
        "WHILE",
    }
)
TENSOR_TYPES = frozenset({"INT8", "INT16", "INT32", "INT64", "BOOL"})


def to_tflite(
    network: IntegerNetwork, metadata: Mapping[str, str | bytes] | None = None, names: Names = "short"
) -> bytes:
    """Return the content of a .tflite file.

    Input: ``[1, time, features]``, or numbers of words, int32 ``[1, time]``, of which one that is out of range is the
    nearest in it. Output: ``[1, outputs]``, or at every step ``[1, time, outputs]``. Both are int8, or int16 where the
    network has such codes. Where
    sequences can be shorter, a second input has the length, int32 ``[1]``: one below 1 counts as 1, and one beyond
    ``time`` as that. Outputs at steps of padding have the zero point's code, and so the same probability each.

    Args:
        network: what to write.
        metadata: names and texts to put into the file.
        names: which tensors have one: all, or those that readers look for.

    Raises:
        UserError: if float32 does not hold one of the scales.
        ValueError: if anything but integers got into it.
    """
    model = Model("rnnexp int8 recurrent network", names)
    write_sequence(model, network)
    model.add_metadata({details.ENTRY: details.write(model, network)})
    return _finished(model, metadata)


def to_step_tflite(
    network: IntegerNetwork, metadata: Mapping[str, str | bytes] | None = None, names: Names = "short"
) -> bytes:
    """Return the content of a .tflite file that makes one time step: whoever runs it keeps the state.

    Inputs: ``input`` ``[1, features]`` and ``state`` int16 ``[1, units]``, at the start of a sequence all 0.
    Outputs: ``output`` ``[1, outputs]`` and ``next_state``, in the same codes as ``state``. Cells that keep more
    than that, and further layers, have more of these, in the same order in and out. Of an encoder-decoder it is the
    decoder's step, and in the place of ``input`` is ``context``, the encoder's output, the same at every step.

    Input and output are int8, or int16 where the network has such codes.

    With a linear path the last of the states is ``window``, ``[1, time, features]``, in the input's codes: the
    inputs so far, at the start of a sequence all its zero point. Outputs are right from the step on that fills it.

    Args:
        network: what to write.
        metadata: names and texts to put into the file.
        names: which tensors have one: all, or those that readers look for.

    Raises:
        ValueError: if a layer reads sequences from their end, or if anything but integers got into the file.
    """
    model = Model("rnnexp int8 recurrent network, one time step", names)
    write_step(model.subgraph("main"), network)
    return _finished(model, metadata)


def to_encoder_tflite(
    network: IntegerNetwork, metadata: Mapping[str, str | bytes] | None = None, names: Names = "short"
) -> bytes:
    """Return the content of a .tflite file of an encoder-decoder's encoder.

    Input: as ``to_tflite`` has it; output: ``context``, int16 ``[1, units]``, as the decoder's step takes it.

    Args:
        network: what to write.
        metadata: names and texts to put into the file.
        names: which tensors have one: all, or those that readers look for.

    Raises:
        ValueError: if there is no encoder, or if anything but integers got into the file.
    """
    model = Model("rnnexp int8 recurrent network, encoder", names)
    write_encoder(model, network)
    return _finished(model, metadata)


def _finished(model: Model, metadata: Mapping[str, str | bytes] | None) -> bytes:
    model.add_metadata(metadata or {})
    content = model.to_bytes()
    check_integer(content)
    return content


def check_integer(content: bytes) -> None:
    """Check that a file has integer tensors only, and only operators that are known to be exact (but SOFTMAX).

    Raises:
        ValueError: naming what does not belong.
    """
    strange = (set(operators(content)) - OPERATORS) | (tensor_types(content) - TENSOR_TYPES)
    if strange:
        raise ValueError(f"not a purely integer model: {', '.join(sorted(strange))}")
