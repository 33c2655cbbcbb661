"""Every number of a trained network in one ``.npz``: plain arrays that any language can read, and their text.

``docs/network.md`` has the equations with these names. Float weights are there twice: as Keras keeps them
(``rnn/kernel`` ...), and, of one layer of simple cells that reads forwards, as matrices that multiply column vectors
(``W_x`` ...). Names of the integer network begin with ``int8/`` (``rnnexp.formats.npz.integers``).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.npz import integers
from rnnexp.network.architecture import LINEAR_KERNEL
from rnnexp.network.network import Network
from rnnexp.network.structure import Structure
from rnnexp.quantization.network import IntegerNetwork

# Of one layer of simple cells that reads forwards, transposed where they are matrices. A linear path is ``W_l``.
SYMBOLS = {
    "rnn/kernel": "W_x",
    "rnn/recurrent_kernel": "W_h",
    "rnn/bias": "b",
    LINEAR_KERNEL: "W_l",
    "output/kernel": "W_o",
    "output/bias": "b_o",
}
# Longer arrays are only described in text; vectors are broken into rows of so many numbers.
SHOWN_NUMBERS = 4096
COLUMNS = 16


def arrays(network: Network, integer_network: IntegerNetwork | None, about: About) -> dict[str, np.ndarray]:
    """Return all arrays by name.

    Args:
        network: the float model.
        integer_network: the int8 model's integers, if there is one.
        about: what the model says of itself.
    """
    architecture = network.architecture
    floats = [np.asarray(values, np.float32) for values in network.weights]
    found = dict(zip(architecture.shapes, floats, strict=True))
    if architecture.alike and architecture.structure == Structure():
        found |= {SYMBOLS[name]: np.ascontiguousarray(values.T) for name, values in found.items()}
    found |= {
        **({"structure": np.array(about.structure)} if about.structure else {}),
        # Of layers that are not alike, the word does not say everything.
        **({} if architecture.alike else {"architecture": np.array(json.dumps(architecture.to_json()))}),
        "activation": np.array(architecture.activation),
        "max_value": np.array(architecture.max_value, np.float64),
        **({"every_step": np.array(True)} if architecture.every_step else {}),
        # A single output at every step is a sigmoid's.
        "softmax": np.array(architecture.softmax and not (architecture.every_step and architecture.outputs == 1)),
        "sequence_length": np.array(architecture.sequence_length, np.int64),
        **({"padding": np.array(architecture.padding)} if architecture.padding else {}),
        "normalization": np.array(json.dumps(about.input_map.to_json())),
        "about": np.array(json.dumps(about.to_json(), ensure_ascii=False)),
    }
    if integer_network is not None:
        found |= {f"int8/{name}": values for name, values in integers.to_arrays(integer_network).items()}
    return found


def to_npz(found: Mapping[str, np.ndarray]) -> bytes:
    """Return the arrays as the content of a ``.npz``; the same arrays give the same bytes."""
    content = io.BytesIO()
    named: dict[str, Any] = dict(found)
    np.savez_compressed(content, **named)
    return content.getvalue()


def to_text(found: Mapping[str, np.ndarray]) -> str:
    """Return the arrays to read: each with its name, type and shape, and all digits of its numbers."""
    lines = []
    for name, values in found.items():
        if values.ndim == 0:
            lines.append(f"{name} = {values[()]}")
            continue
        lines.append(f"{name}: {values.dtype} [{' x '.join(map(str, values.shape))}]")
        if values.size > SHOWN_NUMBERS:
            lines.append(f"    {values.size:,} numbers from {values.min()} to {values.max()}")
            continue
        rows = values if values.ndim > 1 else np.split(values, range(COLUMNS, len(values), COLUMNS))
        # A NumPy number prints as many digits as it takes to read the same one back.
        lines += ["    " + " ".join(str(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"
