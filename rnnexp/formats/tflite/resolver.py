"""What a program for TensorFlow Lite Micro has to link: the operators of a file, as calls of its resolver."""

from __future__ import annotations

from rnnexp.formats.tflite.metadata import operators

# Methods of ``tflite::MicroMutableOpResolver`` whose words the schema runs together.
_TOGETHER = {
    "BATCH_MATMUL": "BatchMatMul",
    "CUMSUM": "CumSum",
    "PADV2": "PadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTM",
}


def resolver_calls(content: bytes) -> list[str]:
    """Return the calls that add a file's operators to a resolver, such as ``AddFullyConnected()``, sorted."""
    return sorted(f"Add{_method(name)}()" for name in operators(content))


def _method(operator: str) -> str:
    words = (word if word[0].isdigit() else word.capitalize() for word in operator.split("_"))
    return _TOGETHER.get(operator) or "".join(words)
