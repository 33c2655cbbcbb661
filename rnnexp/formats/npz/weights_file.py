"""Reading a network back from a file: our own ``-weights.npz``, or a PyTorch state dict saved as npz."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays as npz
from rnnexp.formats.npz.weights import KERAS_NAMES
from rnnexp.formats.torch import state_dict
from rnnexp.formats.torch.state_dict import SUMS
from rnnexp.network.structure import ENCODER_DECODER, Structure

# What else a network needs: key -> kind of NumPy type, and its name.
FACTS = {"activation": ("U", "text"), "max_value": ("f", "a number"), "softmax": ("b", "true or false")}


@dataclass(frozen=True)
class StoredNetwork:
    """A network of recurrent layers and a dense one, as a file holds it, in the user's numbers.

    Attributes:
        weights: of each layer and direction kernel ``[inputs, sums]``, recurrent kernel ``[units, sums]`` and bias;
            output kernel ``[values, outputs]``, output bias: float64, as Keras orders them.
        keys: what the file calls the first kernel and recurrent kernel, and the output kernel; each with its shape.
        structure: of the recurrent layers.
        activation: its name; None where the file does not say, as the state dict of an ``nn.RNN`` does not.
        max_value: the custom activation's ``M``, and
        softmax: whether probabilities follow: both None for a state dict, which also does not say from which end layers
            of one direction read.
        every_step: whether there is an output at every step, which is the probability of the second of two classes.
        decoder: whether the last of the recurrent layers is a decoder, and those before it, as ``structure`` has them,
            the encoder.
    """

    weights: list[np.ndarray]
    keys: tuple[str, ...]
    structure: Structure
    activation: str | None = None
    max_value: float | None = None
    softmax: bool | None = None
    every_step: bool = False
    decoder: bool = False


def read(path: Path) -> StoredNetwork:
    """Read a network.

    Raises:
        UserError: if the file cannot be read, or holds something else: then naming the key, its shape, and what was
            expected.
    """
    arrays = npz.read(path)
    if state_dict.is_state_dict(arrays):
        found = state_dict.read(path, arrays)
        # PyTorch has these cells with tanh only.
        activation = None if found.structure.cell == "simple" else "tanh"
        return StoredNetwork(found.weights, _with_shapes(arrays, found.keys), found.structure, activation)
    if any(key.startswith(("rnn/", "rnn_", "output/")) for key in arrays):
        return _own(path, arrays)
    raise UserError(
        f"{path} is neither a -weights.npz of this project, with {KERAS_NAMES[0]}, nor the state dict of a PyTorch "
        f"module with a recurrent layer, with weight_ih_l0; its keys: {npz.listed(arrays)}"
    )


def read_own(path: Path) -> StoredNetwork:
    """Read a ``-weights.npz`` of this project, which says everything about its network.

    Raises:
        UserError: as ``read``, and for anything else.
    """
    return _own(path, npz.read(path))


def _own(path: Path, arrays: Mapping[str, np.ndarray]) -> StoredNetwork:
    structure, decoder = _structure(path, arrays)
    scopes = structure.scopes
    if decoder:
        scopes = [*(scope.replace("rnn", "encoder", 1) for scope in scopes), "decoder/"]
    names = [f"{scope}{name}" for scope in scopes for name in ("kernel", "recurrent_kernel", "bias")]
    names += ["output/kernel", "output/bias"]
    missing = [key for key in (*names, *FACTS) if key not in arrays]
    if missing:
        raise UserError(f"{path} has no {npz.listed(missing)}: it is not a whole -weights.npz of a {structure} network")
    others = [key for key in arrays if key.startswith(("rnn", "encoder")) and key not in names]
    if others:
        raise UserError(f"{path} has {npz.listed(others)}, which a {structure} network has not")
    for key, (kind, name) in FACTS.items():
        if arrays[key].ndim or arrays[key].dtype.kind != kind:
            raise UserError(f"{path}: {key} is {arrays[key].dtype} of shape {arrays[key].shape}, expected {name}")
    for key in names:
        if not key.endswith("bias") and arrays[key].ndim != 2:
            raise UserError(f"{path}: {key} has the shape {arrays[key].shape}, expected two dimensions")
    units = arrays[names[1]].shape[0]
    for key, shape in zip(
        names, _shapes(structure, [arrays[name].shape for name in names], decoder=decoder), strict=True
    ):
        if arrays[key].shape != shape:
            raise UserError(
                f"{path}: {key} has the shape {arrays[key].shape}, expected {shape} in a {structure} network of "
                f"{units} recurrent units"
            )
    max_value = float(npz.numbers(path, arrays, "max_value"))
    if max_value <= 0:
        raise UserError(f"{path}: max_value is {max_value:g}, expected a positive number")
    return StoredNetwork(
        [npz.numbers(path, arrays, key) for key in names],
        _with_shapes(arrays, (names[0], names[1], "output/kernel")),
        structure,
        activation=str(arrays["activation"]),
        max_value=max_value,
        softmax=bool(arrays["softmax"]),
        every_step="every_step" in arrays,
        decoder=decoder,
    )


def _structure(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[Structure, bool]:
    """Return how the layers are built, and whether a decoder follows.

    Where nothing is said, it is one layer of simple cells that reads forwards.
    """
    word = str(arrays.get("structure", Structure()))
    try:
        return Structure.of(word.removesuffix(ENCODER_DECODER)), word.endswith(ENCODER_DECODER)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None


def _shapes(structure: Structure, found: list[tuple[int, ...]], *, decoder: bool) -> list[tuple[int, ...]]:
    """Return the shapes that a network's weights must have, by the first ones that are there."""
    (features, _), (units, wide), bias = found[:3]
    # What PyTorch does not know is taken as it is.
    sums = SUMS[structure.cell] * units if structure.cell in SUMS else wide
    biases = {"simple": (sums,), "lstm": (sums,), "gru": (2, sums)}.get(structure.cell, bias)
    values = units * (2 if structure.bidirectional else 1)
    ways = len(structure.scopes) // structure.num_layers
    inputs = [features] * ways + [values] * (len(structure.scopes) - ways)
    if decoder:
        inputs, values = [*inputs, values], units
    shapes = [shape for size in inputs for shape in ((size, sums), (units, sums), biases)]
    outputs = found[-2][1]
    return [*shapes, (values, outputs), (outputs,)]


def _with_shapes(arrays: Mapping[str, np.ndarray], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{key} has the shape {arrays[key].shape}" for key in keys)
