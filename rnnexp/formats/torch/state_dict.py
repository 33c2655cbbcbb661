"""The weights of a PyTorch recurrent module and ``nn.Linear``, found in a state dict by their names and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.npz.arrays import listed, numbers
from rnnexp.network import cells
from rnnexp.network.structure import Structure

# As nn.RNN, nn.GRU and nn.LSTM name their parameters, after whatever prefix the module around them has.
_NAME = re.compile(
    r"(?P<prefix>(?:.*\.)?)(?P<kind>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_(?P<place>l\d+(_reverse)?)"
)
# What the weight of a linear path from the whole sequence to the outputs is called, after the same prefix.
_PATH = re.compile(r"(.*\.)?path\.weight")
# The cells that PyTorch has too.
PYTORCH_CELLS = ("simple", "gru", "lstm")


@dataclass(frozen=True)
class StateDict:
    """What a state dict holds.

    Attributes:
        weights: kernel, recurrent kernel and bias of each layer and direction, and that of any projection, then a
            linear path's kernel if there is one, and output kernel and bias, float64, as Keras has and orders them.
        keys: of the first ``weight_ih`` and ``weight_hh``, and of the linear layer's ``weight``.
        structure: of the recurrent layers. From which end those of one direction read, a state dict does not say.
        path_inputs: how many inputs of the whole sequence a linear path reads; 0 where there is none.
    """

    weights: list[np.ndarray]
    keys: tuple[str, str, str]
    structure: Structure
    path_inputs: int = 0


def is_state_dict(arrays: Mapping[str, np.ndarray]) -> bool:
    """Tell whether the keys are those of a PyTorch module with a recurrent layer."""
    return any(_NAME.fullmatch(key) for key in arrays)


def read(path: Path, arrays: Mapping[str, np.ndarray]) -> StateDict:
    """Return the network.

    PyTorch has two biases, of the inputs' and of the state's sum. Keras' GRU too; otherwise it is their sum.

    Args:
        path: of the file, for messages.
        arrays: the state dict. Without biases (``bias=False``), they are 0.

    Raises:
        UserError: if it is not one recurrent module and one linear layer, naming the key.
    """
    found = _recurrent_keys(path, arrays)
    first = found["l0"]
    rows, values = _matrix(path, arrays, first["weight_hh"])
    if "weight_hr" in first:
        # Only LSTMs have projections.
        _, units = _matrix(path, arrays, first["weight_hr"])
        cell, projection = "lstm", values
    else:
        units, projection = values, 0
        cell = next((cell for cell in PYTORCH_CELLS if rows == cells.load(cell).sums * units), "simple")
    layers = len({place.removesuffix("_reverse") for place in found})
    structure = Structure(cell, layers, "l0_reverse" in found, projection=projection)
    ways = 2 if structure.bidirectional else 1
    others = [key for key in arrays if not _NAME.fullmatch(key)]
    paths = [key for key in others if _PATH.fullmatch(key)][:1]
    linear, linear_bias = _linear_keys(path, [key for key in others if key not in paths])
    _, inputs = _matrix(path, arrays, first["weight_ih"])
    outputs, _ = _matrix(path, arrays, linear)
    rows = cells.load(cell).sums * units
    expected: dict[str, tuple[int, ...]] = {}
    for place, keys in found.items():
        columns = inputs if place.startswith("l0") else ways * values
        matrices = {"weight_ih": (rows, columns), "weight_hh": (rows, values), "weight_hr": (projection, units)}
        expected |= {key: matrices.get(kind, (rows,)) for kind, key in keys.items()}
    expected[linear] = (outputs, ways * values)
    if linear_bias:
        expected[linear_bias] = (outputs,)
    path_inputs = 0
    for key in paths:
        _, columns = _matrix(path, arrays, key)
        # Whole time steps.
        path_inputs = max(columns // inputs, 1) * inputs
        expected[key] = (outputs, path_inputs)
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise UserError(
                f"{path}: {key} has the shape {arrays[key].shape}, expected {shape}: "
                f"{units} recurrent units by {first['weight_hh']}, {outputs} outputs by {linear}"
            )
    read = {key: numbers(path, arrays, key) for key in expected}
    weights: list[np.ndarray] = []
    for keys in found.values():
        kernel, recurrent = read[keys["weight_ih"]], read[keys["weight_hh"]]
        biases = [read[keys[kind]] if kind in keys else np.zeros(rows) for kind in ("bias_ih", "bias_hh")]
        weights += _as_keras(cell, kernel, recurrent, np.stack(biases))
        weights += [read[keys["weight_hr"]].T] if projection else []
    weights += [read[key].T for key in paths]
    weights += [read[linear].T, read[linear_bias] if linear_bias else np.zeros(outputs)]
    return StateDict(weights, (first["weight_ih"], first["weight_hh"], linear), structure, path_inputs)


def _as_keras(cell: str, kernel: np.ndarray, recurrent: np.ndarray, biases: np.ndarray) -> list[np.ndarray]:
    """Return kernel, recurrent kernel and bias as Keras has them."""
    if cell != "gru":
        return [kernel.T, recurrent.T, biases.sum(axis=0)]
    # Keras has the update gate first, PyTorch the reset gate.
    order = np.arange(len(kernel)).reshape(3, -1)[[1, 0, 2]].reshape(-1)
    return [kernel[order].T, recurrent[order].T, biases[:, order]]


def _recurrent_keys(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, str]]:
    """Return for each layer and direction, such as ``l1_reverse``, kind of parameter -> key, in Keras' order."""
    found: dict[str, dict[str, str]] = {}
    for key in arrays:
        match = _NAME.fullmatch(key)
        if not match:
            continue
        kinds = found.setdefault(match["place"], {})
        if match["kind"] in kinds:
            raise UserError(f"{path} has more than one recurrent layer: {kinds[match['kind']]} and {key}")
        kinds[match["kind"]] = key
    any_key = next(key for kinds in found.values() for key in kinds.values())
    prefix = any_key.removesuffix(any_key.rpartition(".")[2])
    # Both biases are there, or, with bias=False, none; and all layers have both directions, or one.
    there = {kind for kinds in found.values() for kind in kinds}
    biases = ("bias_ih", "bias_hh") if any("bias" in kind for kind in there) else ()
    projections = ("weight_hr",) if "weight_hr" in there else ()
    ways = ("", "_reverse") if any(place.endswith("_reverse") for place in found) else ("",)
    layers = 1 + max(int(place.removesuffix("_reverse")[1:]) for place in found)
    places = [f"l{layer}{way}" for layer in range(layers) for way in ways]
    wanted = [(place, kind) for place in places for kind in ("weight_ih", "weight_hh", *projections, *biases)]
    missing = [f"{prefix}{kind}_{place}" for place, kind in wanted if kind not in found.get(place, {})]
    if missing:
        raise UserError(f"{path} has no {' and no '.join(missing)}; its keys: {listed(arrays)}")
    return {place: found[place] for place in places}


def _linear_keys(path: Path, keys: list[str]) -> tuple[str, str | None]:
    """Return the keys of weight and bias, if there is one, of the one layer after the recurrent one."""
    matrices = [key for key in keys if key == "weight" or key.endswith(".weight")]
    if not matrices:
        raise UserError(
            f"{path} has no weight of an nn.Linear after the recurrent layer, such as linear.weight; "
            f"its other keys: {listed(keys)}"
        )
    if len(matrices) > 1:
        raise UserError(
            f"{path} has more than one layer besides the recurrent one: {listed(matrices)}; "
            "only one nn.Linear can be loaded"
        )
    bias = matrices[0].removesuffix("weight") + "bias"
    others = [key for key in keys if key not in (matrices[0], bias)]
    if others:
        raise UserError(f"{path} has keys that are neither a recurrent layer's nor nn.Linear's: {listed(others)}")
    return matrices[0], bias if bias in keys else None


def _matrix(path: Path, arrays: Mapping[str, np.ndarray], key: str) -> tuple[int, int]:
    shape = arrays[key].shape
    if len(shape) != 2:
        raise UserError(f"{path}: {key} has the shape {shape}, expected two dimensions")
    return shape[0], shape[1]
