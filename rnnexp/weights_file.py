"""Reading a network back from a file: our own ``-weights.npz``, or a PyTorch state dict saved as npz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp import npz, state_dict
from rnnexp.errors import UserError
from rnnexp.export.weights import KERAS_NAMES

# What else a network needs: key -> kind of NumPy type, and its name.
FACTS = {"activation": ("U", "text"), "max_value": ("f", "a number"), "softmax": ("b", "true or false")}


@dataclass(frozen=True)
class StoredNetwork:
    """A network of one simple recurrent layer and a dense one, as a file holds it, in the user's numbers.

    Attributes:
        weights: kernel ``[features, units]``, recurrent kernel ``[units, units]``, bias, output kernel
            ``[units, outputs]``, output bias: float64, as Keras orders them.
        keys: what the file calls kernel, recurrent kernel and output kernel, each with its shape there.
        activation: its name, and
        max_value: the custom activation's ``M``, and
        softmax: whether probabilities follow: all three None where the file does not say, as a state dict does not.
        every_step: whether there is an output at every step, which is the probability of the second of two classes.
    """

    weights: list[np.ndarray]
    keys: tuple[str, ...]
    activation: str | None = None
    max_value: float | None = None
    softmax: bool | None = None
    every_step: bool = False


def read(path: Path) -> StoredNetwork:
    """Read a network.

    Raises:
        UserError: if the file cannot be read, or holds something else: then naming the key, its shape, and what was
            expected.
    """
    arrays = npz.read(path)
    if state_dict.is_state_dict(arrays):
        weights, keys = state_dict.weights(path, arrays)
        return StoredNetwork(weights, _with_shapes(arrays, keys))
    if any(key.startswith(("rnn/", "rnn_", "output/")) for key in arrays):
        return _own(path, arrays)
    raise UserError(
        f"{path} is neither a -weights.npz of this project, with {KERAS_NAMES[0]}, nor the state dict of a PyTorch "
        f"module with an nn.RNN, with weight_ih_l0; its keys: {npz.listed(arrays)}"
    )


def read_own(path: Path) -> StoredNetwork:
    """Read a ``-weights.npz`` of this project, which says everything about its network.

    Raises:
        UserError: as ``read``, and for anything else.
    """
    return _own(path, npz.read(path))


def _own(path: Path, arrays: Mapping[str, np.ndarray]) -> StoredNetwork:
    if "structure" in arrays:
        raise UserError(
            f"{path} is of a network that is {arrays['structure']}: only one layer of simple cells that reads forwards "
            "can be read"
        )
    others = sorted({key.partition("/")[0] for key in arrays if key.startswith("rnn_")})
    if others:
        raise UserError(f"{path} has more than one recurrent layer ({npz.listed(others)}): only one can be read")
    missing = [key for key in (*KERAS_NAMES, *FACTS) if key not in arrays]
    if missing:
        raise UserError(f"{path} has no {', '.join(missing)}: it is not a whole -weights.npz of a simple network")
    for key, (kind, name) in FACTS.items():
        if arrays[key].ndim or arrays[key].dtype.kind != kind:
            raise UserError(f"{path}: {key} is {arrays[key].dtype} of shape {arrays[key].shape}, expected {name}")
    kernel, recurrent, _, output, _ = KERAS_NAMES
    for key in (kernel, recurrent, output):
        if arrays[key].ndim != 2:
            raise UserError(f"{path}: {key} has the shape {arrays[key].shape}, expected two dimensions")
    features, units, outputs = arrays[kernel].shape[0], arrays[recurrent].shape[0], arrays[output].shape[1]
    shapes = (features, units), (units, units), (units,), (units, outputs), (outputs,)
    for key, shape in zip(KERAS_NAMES, shapes, strict=True):
        if arrays[key].shape != shape:
            raise UserError(
                f"{path}: {key} has the shape {arrays[key].shape}, expected {shape} in a simple network of "
                f"{units} recurrent units"
            )
    max_value = float(npz.numbers(path, arrays, "max_value"))
    if max_value <= 0:
        raise UserError(f"{path}: max_value is {max_value:g}, expected a positive number")
    return StoredNetwork(
        [npz.numbers(path, arrays, key) for key in KERAS_NAMES],
        _with_shapes(arrays, (kernel, recurrent, output)),
        activation=str(arrays["activation"]),
        max_value=max_value,
        softmax=bool(arrays["softmax"]),
        every_step="every_step" in arrays,
    )


def _with_shapes(arrays: Mapping[str, np.ndarray], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{key} has the shape {arrays[key].shape}" for key in keys)
