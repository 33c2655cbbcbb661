"""Every number of a trained network in one ``.npz``: plain arrays that any language can read, and their text.

``docs/network.md`` has the equations with these names. Float weights are there twice: as Keras keeps them
(``rnn/kernel`` ...), and, of one layer of simple cells that reads forwards, as matrices that multiply column vectors
(``W_x`` ...). Names of the integer network begin with ``int8/``; for other networks than that one
``rnnexp.formats.npz.integers`` makes them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.formats.npz import integers
from rnnexp.quantization.integer_network import LayeredNetwork
from rnnexp.quantization.product import Affine, IntegerNetwork, Product

# The names of Keras' arrays in the order in which a model gives them.
KERAS_NAMES = ("rnn/kernel", "rnn/recurrent_kernel", "rnn/bias", "output/kernel", "output/bias")
# The same, transposed where they are matrices.
SYMBOLS = ("W_x", "W_h", "b", "W_o", "b_o")
# Longer arrays are only described in text; vectors are broken into rows of so many numbers.
SHOWN_NUMBERS = 4096
COLUMNS = 16


def arrays(
    weights: Sequence[np.ndarray],
    network: IntegerNetwork | LayeredNetwork | None,
    about: Mapping[str, Any],
    names: Sequence[str] = KERAS_NAMES,
) -> dict[str, np.ndarray]:
    """Return all arrays by name.

    Args:
        weights: of the float model, in Keras' order.
        network: the int8 model's integers, if there is one.
        about: what ``rnnexp.formats.about.describe`` says of the run.
        names: of the weights. Only one layer of simple cells that reads forwards has symbols too.
    """
    floats = [np.asarray(values, np.float32) for values in weights]
    found = dict(zip(names, floats, strict=True))
    if "structure" not in about:
        found |= {name: np.ascontiguousarray(values.T) for name, values in zip(SYMBOLS, floats, strict=True)}
    found |= {
        **({"structure": np.array(about["structure"])} if "structure" in about else {}),
        "activation": np.array(about["activation"]),
        "max_value": np.array(about["max_value"], np.float64),
        **({"every_step": np.array(True)} if about.get("every_step") else {}),
        # A single output at every step is a sigmoid's.
        "softmax": np.array(
            about["task"] == "classification" and not (about.get("every_step") and len(floats[-1]) == 1)
        ),
        "sequence_length": np.array(about["time_steps"], np.int64),
        "normalization": np.array(json.dumps(about["input_map"])),
        "about": np.array(json.dumps(dict(about), ensure_ascii=False)),
    }
    if network is not None:
        numbers = _integers(network) if isinstance(network, IntegerNetwork) else integers.to_arrays(network)
        found |= {f"int8/{name}": values for name, values in numbers.items()}
    return found


def _integers(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return the integer network's arrays and numbers."""
    cell, layer, features = network.cell, network.output_layer, network.features
    found: dict[str, Any] = {
        "input_scale": network.input.scale,
        "input_zero_point": np.int64(network.input.zero_point),
        "W_x_high": cell.high[:, :features],
        "W_h_high": cell.high[:, features:],
        "W_x_scale": network.input_kernel_scale,
        "W_h_scale": cell.scale,
        "b": cell.bias.astype(np.int32),
        "b_scale": cell.step * 2.0**-cell.shift,
        "shift": np.int64(cell.shift),
        "table": network.table,
        "table_start": network.table_start,
        "table_step": cell.step,
        "state_scale": network.state_scale,
        "W_o_high": layer.high,
        "W_o_scale": layer.scale,
        "b_o": layer.bias.astype(np.int32),
        "b_o_scale": layer.step * 2.0**-layer.shift,
        "output_shift": np.int64(layer.shift),
        "output_scale": network.output.scale,
        "output_zero_point": np.int64(network.output.zero_point),
    }
    if cell.low is not None and layer.low is not None:
        found |= {
            "W_x_low": cell.low[:, :features],
            "W_h_low": cell.low[:, features:],
            "W_o_low": layer.low,
        }
    return {name: np.asarray(values) for name, values in found.items()}


def integer_network(found: Mapping[str, np.ndarray]) -> IntegerNetwork | LayeredNetwork:
    """Return the integer network that a ``.npz`` holds.

    Raises:
        KeyError: if it holds none.
    """
    values = {name.removeprefix("int8/"): array for name, array in found.items() if name.startswith("int8/")}
    if not values:
        raise KeyError("int8/...")
    return _simple(found, values) if "table" in values else integers.from_arrays(values)


def _simple(found: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> IntegerNetwork:
    """Return a network of one layer of simple cells that reads forwards."""

    def product(matrices: Sequence[str], bias: str, shift: str, scale: str, step: str) -> Product:
        high = np.concatenate([values[f"{name}_high"] for name in matrices], axis=1)
        low = None
        if f"{matrices[0]}_low" in values:
            low = np.concatenate([values[f"{name}_low"] for name in matrices], axis=1)
        return Product(
            high, low, values[bias].astype(np.int64), int(values[shift]), float(values[scale]), float(values[step])
        )

    return IntegerNetwork(
        sequence_length=int(found["sequence_length"]),
        input=Affine(float(values["input_scale"]), int(values["input_zero_point"])),
        output=Affine(float(values["output_scale"]), int(values["output_zero_point"])),
        state_scale=float(values["state_scale"]),
        cell=product(("W_x", "W_h"), "b", "shift", "W_h_scale", "table_step"),
        output_layer=product(("W_o",), "b_o", "output_shift", "W_o_scale", "output_scale"),
        table=values["table"],
        table_start=float(values["table_start"]),
        softmax=bool(found["softmax"]),
    )


def load(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a ``.npz``; none of them can hold code."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


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
