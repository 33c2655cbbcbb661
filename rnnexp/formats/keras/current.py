"""Weights of Keras 1, of Theano and of CuDNN's layers as today's layers take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnexp.formats.keras.stored import Stored
from rnnexp.formats.keras.structure import EACH_STEP, Layer
from rnnexp.formats.keras.structure import layer as described

# In what order Keras 1 has an LSTM's gates i, f, c, o, and a GRU's z, r, h: three arrays of each.
_GATES = {"LSTM": (0, 2, 1, 3), "GRU": (0, 1, 2)}
_CUDNN = {"CuDNNLSTM": 4, "CuDNNGRU": 3}
_TURNED = ("Conv1D", "Conv2D")


def arrays(found: Layer, listed: Sequence[np.ndarray], stored: Stored) -> list[np.ndarray]:
    """Return a layer's list of weights as Keras 3 has it.

    Args:
        found: the layer.
        listed: what the file has.
        stored: the file.
    """
    kind = found.kind
    if kind in ("Bidirectional", EACH_STEP):
        inner = described(found.config.get("layer"), stored.version, stored.name)
        half = len(listed) // 2 if kind == "Bidirectional" else len(listed)
        parts = (listed[:half], listed[half:])
        return [array for part in parts if part for array in arrays(inner, part, stored)]
    if kind in _CUDNN:
        return _of_cudnn(kind, listed)
    if kind in _GATES and len(listed) == 3 * len(_GATES[kind]):
        return [np.concatenate([listed[3 * gate + place] for gate in _GATES[kind]], axis=-1) for place in range(3)]
    if kind in _TURNED and listed:
        kernel = listed[0]
        axes = 1 if kind == "Conv1D" else 2
        if kernel.ndim == axes + 3:
            kernel = kernel[:, 0]
        if stored.backend == "theano":
            kernel = np.flip(kernel, tuple(range(axes)))
        return [kernel, *listed[1:]]
    return list(listed)


def _of_cudnn(kind: str, listed: Sequence[np.ndarray]) -> list[np.ndarray]:
    kernel, recurrent, bias = listed
    gates = _CUDNN[kind]
    inputs: list[Any] = [part.T.reshape(part.shape, order="F") for part in np.hsplit(kernel, gates)]
    states = [part.T for part in np.hsplit(recurrent, gates)]
    biases = np.stack(np.split(bias, 2))
    return [np.hstack(inputs), np.hstack(states), biases.sum(axis=0) if kind == "CuDNNLSTM" else biases]
