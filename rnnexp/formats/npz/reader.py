"""Reading a network back from a ``-weights.npz`` of this project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast, get_args

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays
from rnnexp.network.architecture import LINEAR_KERNEL, Architecture
from rnnexp.network.cells import packages
from rnnexp.network.lengths import Padding
from rnnexp.network.network import Network
from rnnexp.network.structure import Structure

# What else a network needs: key -> kind of NumPy type, and its name.
FACTS = {"activation": ("U", "text"), "max_value": ("f", "a number"), "softmax": ("b", "true or false")}
OUTPUT = "output/kernel"


def is_own(found: Mapping[str, np.ndarray]) -> bool:
    """Tell whether the keys are those of a ``-weights.npz`` of this project."""
    return any(key.startswith(("rnn/", "rnn_", "encoder", "output/")) for key in found)


def load(path: Path | str) -> Network:
    """Return the network in a ``-weights.npz``, in real numbers.

    Raises:
        UserError: if the file cannot be read, or holds something else: then naming the key, its shape, and what was
            expected.
    """
    return from_arrays(Path(path), arrays.read(Path(path)))


def from_arrays(path: Path, found: Mapping[str, np.ndarray]) -> Network:
    """Return the network of a file's arrays.

    Raises:
        UserError: as ``load``.
    """
    if "architecture" in found:
        return _of_unlike_layers(path, found)
    structure = _structure(path, found)
    if LINEAR_KERNEL in found and "every_step" in found:
        raise UserError(f"{path} has {LINEAR_KERNEL}, which a network that answers at every step cannot have")
    # Sizes are known once the architecture's names are; and then the second of kernels that are products of two.
    shapes = _architecture(structure, found, 1, 1, 1).shapes
    names = list(shapes)
    _check_names(path, found, structure, [*names, *FACTS])
    for key, (kind, name) in FACTS.items():
        if found[key].ndim or found[key].dtype.kind != kind:
            raise UserError(f"{path}: {key} is {found[key].dtype} of shape {found[key].shape}, expected {name}")
    for key, shape in shapes.items():
        if not key.endswith("bias") and len(shape) == 2 != found[key].ndim:
            raise UserError(f"{path}: {key} has the shape {found[key].shape}, expected two dimensions")
    features, outputs = len(found[names[0]]), found[OUTPUT].shape[1]
    # The recurrent kernel has a row for each value.
    units = len(found[names[1].replace("recurrent_kernel", "projection") if structure.projection else names[1]])
    architecture = _architecture(structure, found, features, units, outputs)
    names = list(architecture.shapes)
    _check_names(path, found, structure, names)
    others = [key for key in found if key.startswith(("rnn", "encoder", "decoder")) and key not in names]
    if others:
        raise UserError(f"{path} has {arrays.listed(others)}, which a {structure} network has not")
    for key, shape in architecture.shapes.items():
        if found[key].shape != shape:
            raise UserError(
                f"{path}: {key} has the shape {found[key].shape}, expected {shape} in a {structure} network of "
                + (f"{architecture.sequence_length} time steps" if key == LINEAR_KERNEL else f"{units} recurrent units")
            )
    if architecture.padding not in get_args(Padding):
        raise UserError(f"{path}: padding is {architecture.padding!r}, expected 'end' or 'begin'")
    max_value = float(arrays.numbers(path, found, "max_value"))
    if max_value <= 0:
        raise UserError(f"{path}: max_value is {max_value:g}, expected a positive number")
    return Network.of(architecture, [arrays.numbers(path, found, key) for key in names])


def _check_names(path: Path, found: Mapping[str, np.ndarray], structure: Structure, names: Sequence[str]) -> None:
    """Raise a UserError if arrays are missing."""
    missing = [key for key in names if key not in found]
    if missing:
        raise UserError(
            f"{path} has no {arrays.listed(missing)}: it is not a whole -weights.npz of a {structure} network"
        )


def _of_unlike_layers(path: Path, found: Mapping[str, np.ndarray]) -> Network:
    """Return the network of a file that has its architecture as JSON, since its layers are not alike."""
    try:
        architecture = Architecture.from_json(json.loads(str(found["architecture"])))
        shapes = architecture.shapes
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: its architecture cannot be read ({type(error).__name__}: {error})") from None
    for key, shape in shapes.items():
        if key not in found:
            raise UserError(f"{path} has no {key}, which its architecture asks for")
        if found[key].shape != shape:
            raise UserError(f"{path}: {key} has the shape {found[key].shape}, expected {shape}")
    return Network.of(architecture, [arrays.numbers(path, found, key) for key in shapes])


def _structure(path: Path, found: Mapping[str, np.ndarray]) -> Structure:
    """Return how the layers are stacked: where nothing is said, one layer of simple cells that reads forwards."""
    try:
        structure = Structure.of(str(found.get("structure", Structure())))
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    if structure.cell not in packages():
        raise UserError(f"{path}: there is no cell {structure.cell!r} (there are: {', '.join(packages())})")
    return structure


def _architecture(
    structure: Structure, found: Mapping[str, np.ndarray], features: int, units: int, outputs: int
) -> Architecture:
    """Return the architecture of so many features, units and outputs; what the file does not say is as it can be."""
    every_step = "every_step" in found

    def number(key: str) -> float:
        values = found.get(key)
        return float(values) if values is not None and values.shape == () and values.dtype.kind in "iufb" else 0.0

    return Architecture(
        sequence_length=int(number("sequence_length")),
        features=features,
        layers=structure.layers(units, _answer_steps(found)),
        every_step=every_step,
        outputs=outputs,
        activation=str(found.get("activation", "")),
        max_value=number("max_value"),
        # A single output at every step is the probability of the second of two classes.
        softmax=bool(number("softmax")) or (every_step and outputs == 1),
        linear_path=LINEAR_KERNEL in found,
        padding=cast(Padding, str(found.get("padding", ""))),
    )


def _answer_steps(found: Mapping[str, np.ndarray]) -> int:
    """Return how many steps a decoder takes, which is no matter of its weights: 1 where nothing is said."""
    try:
        steps = json.loads(str(found.get("about", "{}"))).get("answer_steps", 1)
    except (ValueError, AttributeError):
        return 1
    return steps if isinstance(steps, int) and steps > 0 else 1
