"""The bits of a network in every runtime at hand: they have to be those of the NumPy reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.tflite.int8.writer import to_tflite
from rnnexp.network.lengths import placed
from rnnexp.network.sampling import spread
from rnnexp.quantization import reference
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.report.bits import Bits
from rnnexp.runtimes.c import CompiledNetwork
from rnnexp.runtimes.tflite import Kernels, TFLiteModel

NAMES: dict[Kernels, str] = {
    "litert": "LiteRT",
    "reference": "LiteRT's reference kernels",
    "micro": "TensorFlow Lite Micro",
}
SEQUENCES = 64


def compare_bits(network: IntegerNetwork, codes: np.ndarray, lengths: np.ndarray | None) -> list[Bits]:
    """Return of each runtime on how many sequences its logits have the same bits.

    Args:
        network: the integers.
        codes: inputs ``[n, time, ...]``, padding at the end.
        lengths: real steps of each, ``[n]``; None: all.

    Raises:
        UserError: if a runtime gives other bits, which is never right.
    """
    rows = spread(len(codes), SEQUENCES)
    codes, lengths = codes[rows], None if lengths is None else lengths[rows]
    # Probabilities each runtime computes its own way.
    plain = replace(network, softmax=False)
    codes = placed(codes, lengths, plain.padding)
    expected, file = reference.run(plain, codes, lengths), to_tflite(plain)
    found = []
    for kernels, name in NAMES.items():
        try:
            model = TFLiteModel(file, kernels=kernels)
        except UserError as error:
            if kernels != "micro":
                raise
            found.append(Bits(runtime=name, absent=str(error)))
            continue
        found.append(_compared(name, model.run_codes(codes, lengths), expected))
    try:
        compiled = CompiledNetwork(plain)
    except UserError as error:
        found.append(Bits(runtime="C", absent=str(error)))
    else:
        found.append(_compared("C", compiled.run(codes, lengths), expected))
    return found


def _compared(name: str, found: np.ndarray, expected: np.ndarray) -> Bits:
    equal = found == expected
    if not equal.all():
        raise UserError(
            f"{name} gives other bits than the NumPy reference for {1.0 - equal.mean():.2%} of the outputs; please "
            "report this"
        )
    return Bits(runtime=name, sequences=len(found))
