"""The integer network back from a .tflite file that ``rnnexp.formats.tflite.int8.writer`` wrote."""

from __future__ import annotations

from rnnexp.formats.tflite.int8 import details, previous
from rnnexp.formats.tflite.metadata import metadata
from rnnexp.quantization.network import IntegerNetwork


def from_tflite(content: bytes) -> IntegerNetwork:
    """Return the network that ``to_tflite`` wrote into ``content``, in this version or the previous one.

    Raises:
        ValueError: if it is not such a file.
    """
    try:
        found = details.unpack(metadata(content)[details.ENTRY])
        return previous.read(content, found) if previous.is_previous(found) else details.read(content, found)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not an int8 sequence model of rnnexp ({type(error).__name__}: {error})") from error
