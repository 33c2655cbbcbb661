"""The weights that a run starts from, where its settings name a file of them: read and checked against the settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnexp.config import RegressionConfig, Settings
from rnnexp.errors import UserError
from rnnexp.formats.keras import reader as keras_reader
from rnnexp.formats.npz import arrays, reader
from rnnexp.formats.torch import state_dict
from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.architecture import Architecture
from rnnexp.network.cells import CELLS
from rnnexp.network.functions import scale
from rnnexp.network.graph.lower import lower
from rnnexp.network.graph.parts import CannotConvertError
from rnnexp.network.graph.rewrite import simplified
from rnnexp.network.network import Network
from rnnexp.network.structure import Structure

KERAS = (".keras", ".h5", ".hdf5")
# What a state dict does not say of its network, besides the activation of an ``nn.RNN``.
UNSAID = frozenset({"go_backwards", "max_value", "softmax"})


@dataclass(frozen=True)
class Stored:
    """A network as a file holds it.

    Attributes:
        path: of the file.
        network: in the user's numbers.
        structure: how its layers are stacked.
        keys: what the file calls the first kernel and recurrent kernel, and the output kernel; each with its shape.
        unsaid: facts that the file does not say.
    """

    path: Path
    network: Network
    structure: Structure
    keys: tuple[str, ...]
    unsaid: frozenset[str] = frozenset()


def load(path: Path) -> Stored:
    """Return the network that the file holds which ``WEIGHTS`` names.

    That is a ``-weights.npz``, a PyTorch state dict saved as npz, or a Keras file, ``.keras`` or ``.h5``.

    Raises:
        UserError: if the file cannot be used.
    """
    try:
        return read(path)
    except UserError as error:
        raise UserError(f"WEIGHTS: {error}") from None


def followed(config: Settings, stored: Stored) -> Settings:
    """Return the settings with a linear path as the stored network has it, where that is automatic."""
    if not isinstance(config, RegressionConfig) or config.linear_path is not None:
        return config
    return config.model_copy(update={"linear_path": stored.network.architecture.linear_path})


def fitting(stored: Stored, wanted: Architecture, data: str) -> Network:
    """Return the stored network, which must be of the wanted architecture.

    Args:
        stored: what the file holds.
        wanted: what the settings and the data set come to.
        data: the data set's name, for messages.

    Raises:
        UserError: if it is of another one.
    """
    _compare(stored, wanted, data)
    return Network.of(wanted, stored.network.weights)


def read(path: Path) -> Stored:
    """Read a network.

    Raises:
        UserError: if the file cannot be read, or holds something else: then naming the key, its shape, and what was
            expected.
    """
    if path.suffix.lower() in KERAS:
        return _from_keras(path)
    found = arrays.read(path)
    if state_dict.is_state_dict(found):
        return _from_pytorch(path, found)
    if reader.is_own(found):
        network = reader.from_arrays(path, found)
        names = list(network.architecture.shapes)
        keys = _with_shapes(found, (names[0], names[1], reader.OUTPUT))
        return Stored(path, network, network.architecture.structure, keys)
    raise UserError(
        f"{path} is neither a -weights.npz of this project, with rnn/kernel, nor the state dict of a PyTorch "
        f"module with a recurrent layer, with weight_ih_l0; its keys: {arrays.listed(found)}"
    )


def _from_keras(path: Path) -> Stored:
    """Return the network of a Keras file whose layers are all alike, as those that train here are."""
    graph = keras_reader.read(path)
    # A linear path alone has to know them.
    steps = graph.steps or 1
    inputs = np.zeros((1, steps, graph.features)) if graph.features else np.zeros((1, steps), np.int64)
    try:
        found = lower(simplified(graph, inputs), inputs)
    except CannotConvertError as error:
        raise UserError(f"{path}: {error}") from None
    given = found.architecture
    names = {layer.activation for layer in given.layers}
    plain = tuple(replace(layer, activation="", gate="sigmoid") for layer in given.layers)
    architecture = replace(given, layers=plain)
    strange = given.front or given.back or given.flattened or {layer.gate for layer in given.layers} != {"sigmoid"}
    if strange or not architecture.alike or len(names) != 1 or given.layers[0].cell not in CELLS:
        raise UserError(f"{path} has layers that are not all alike, or of other kinds: no setting makes such a network")
    activation, max_value = _own_activation(path, names.pop())
    network = Network.of(replace(architecture, activation=activation, max_value=max_value), found.weights)
    shapes = architecture.shapes
    keys = tuple(f"{key} has the shape {shapes[key]}" for key in (*list(shapes)[:2], reader.OUTPUT))
    return Stored(path, network, architecture.structure, keys)


def _own_activation(path: Path, name: str) -> tuple[str, float]:
    """Return the name that ``ACTIVATION`` has for a function, and ``custom_max_value``."""
    if name.startswith("scaled_sqrt"):
        return "custom", scale(name)
    if name not in ACTIVATIONS:
        raise UserError(f"{path} has the activation {name}, which there is no ACTIVATION for")
    return name, 1.0


def _from_pytorch(path: Path, found: Mapping[str, np.ndarray]) -> Stored:
    stored = state_dict.read(path, found)
    kernel, *_, bias = stored.weights
    # PyTorch has gated cells with tanh only.
    gated = stored.structure.cell != "simple"
    architecture = Architecture(
        # Of a state dict only a linear path knows it.
        sequence_length=stored.path_inputs // len(kernel),
        features=len(kernel),
        layers=stored.structure.layers(kernel.shape[1] // cells.load(stored.structure.cell).sums),
        every_step=False,
        outputs=len(bias),
        activation="tanh" if gated else "",
        linear_path=stored.path_inputs > 0,
    )
    unsaid = UNSAID if gated else UNSAID | {"activation"}
    network, keys = Network.of(architecture, stored.weights), _with_shapes(found, stored.keys)
    return Stored(path, network, stored.structure, keys, unsaid)


def _compare(stored: Stored, wanted: Architecture, data: str) -> None:
    """Raise a UserError that names the first fact in which a stored network differs from the wanted one."""
    path, given, (kernel, recurrent, output) = stored.path, stored.network.architecture, stored.keys
    structure, asked = stored.structure, wanted.structure
    if structure.decoder != asked.decoder:
        kinds = "a network without a decoder", "an encoder and a decoder"
        raise UserError(f"WEIGHTS: {path} holds {kinds[structure.decoder]}, but {data} asks for {kinds[asked.decoder]}")
    if "go_backwards" in stored.unsaid:
        structure = replace(structure, go_backwards=asked.go_backwards)
    for name in ("cell", "num_layers", "bidirectional", "go_backwards"):
        _check(path, name.upper(), getattr(structure, name), getattr(asked, name))
    for name in ("projection", "rank"):
        _check(path, name.upper(), getattr(structure, name) or None, getattr(asked, name) or None)
    units, wanted_units = given.layers[0].units, wanted.layers[0].units
    if units != wanted_units:
        raise UserError(
            f"WEIGHTS: {path}: {kernel if structure.projection else recurrent}, so the network has {units} recurrent "
            f"units, but HIDDEN_SIZE "
            f"is {wanted_units}: set HIDDEN_SIZE to {units}"
        )
    if given.features != wanted.features:
        raise UserError(
            f"WEIGHTS: {path}: {kernel}, so the network takes {given.features} features a time step, but "
            f"{data} has {wanted.features}"
        )
    if given.outputs != wanted.outputs:
        raise UserError(
            f"WEIGHTS: {path}: {output}, so the network has {given.outputs} outputs, but {data} asks for "
            f"{wanted.outputs}"
        )
    _check(path, "LINEAR_PATH", given.linear_path, wanted.linear_path)
    if given.linear_path and given.sequence_length != wanted.sequence_length:
        raise UserError(
            f"WEIGHTS: {path}: its linear path reads {given.sequence_length} time steps, but {data} has "
            f"{wanted.sequence_length}"
        )
    if "activation" not in stored.unsaid:
        _check(path, "ACTIVATION", given.activation, wanted.activation)
    custom = given.activation == "custom" and "max_value" not in stored.unsaid
    if custom and not math.isclose(given.max_value, wanted.max_value):
        raise UserError(
            f"WEIGHTS: {path} is of a network with custom_max_value = {given.max_value:g}, but here it is "
            f"{wanted.max_value:g}"
        )
    if "softmax" not in stored.unsaid and given.softmax != wanted.softmax:
        has, asks = ("probabilities", "values") if given.softmax else ("values", "probabilities")
        raise UserError(f"WEIGHTS: {path} is of a network that gives {has}, but {data} asks for {asks}")


def _check(path: Path, setting: str, given: object, wanted: object) -> None:
    """Raise a UserError if the file has a network of another setting."""
    if given != wanted:
        raise UserError(
            f"WEIGHTS: {path} is of a network with {setting} = {given!r}, but {setting} is {wanted!r}: "
            f"set {setting} to {given!r}"
        )


def _with_shapes(found: Mapping[str, np.ndarray], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{key} has the shape {found[key].shape}" for key in keys)
