"""The weights of a PyTorch ``nn.RNN`` and ``nn.Linear``, found in a state dict by their names and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rnnexp.errors import UserError
from rnnexp.npz import listed, numbers

# As nn.RNN, nn.GRU and nn.LSTM name their parameters, after whatever prefix the module around them has.
_NAME = re.compile(
    r"(?P<prefix>(?:.*\.)?)(?P<kind>weight_ih|weight_hh|weight_hr|bias_ih|bias_hh)_l(?P<layer>\d+)(?P<reverse>_reverse)?"
)
# Rows of weight_hh for each unit.
_GATES = {3: "a GRU", 4: "an LSTM"}


def is_state_dict(arrays: Mapping[str, np.ndarray]) -> bool:
    """Tell whether the keys are those of a PyTorch module with a recurrent layer."""
    return any(_NAME.fullmatch(key) for key in arrays)


def weights(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[list[np.ndarray], tuple[str, str, str]]:
    """Return the weights in Keras' order and orientation, float64.

    PyTorch computes ``h = f(weight_ih x + bias_ih + weight_hh h + bias_hh)``: the two biases are one, their sum.

    Args:
        path: of the file, for messages.
        arrays: the state dict. Without biases (``bias=False``), they are 0.

    Returns:
        Kernel, recurrent kernel, bias, output kernel, output bias; and the keys of ``weight_ih``, ``weight_hh`` and
        the linear layer's ``weight``.

    Raises:
        UserError: if it is not one simple recurrent layer and one linear layer, naming the key.
    """
    recurrent = _recurrent_keys(path, arrays)
    ih, hh = recurrent["weight_ih"], recurrent["weight_hh"]
    rows, units = _matrix(path, arrays, hh)
    if units and rows % units == 0 and rows // units in _GATES:
        raise UserError(
            f"{path}: {hh} has the shape {arrays[hh].shape}, that of {_GATES[rows // units]}; "
            "only a simple nn.RNN can be loaded"
        )
    linear, linear_bias = _linear_keys(path, [key for key in arrays if not _NAME.fullmatch(key)])
    _, features = _matrix(path, arrays, ih)
    outputs, _ = _matrix(path, arrays, linear)
    biases = [recurrent[kind] for kind in ("bias_ih", "bias_hh") if kind in recurrent]
    expected = {ih: (units, features), hh: (units, units), **dict.fromkeys(biases, (units,)), linear: (outputs, units)}
    if linear_bias:
        expected[linear_bias] = (outputs,)
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise UserError(
                f"{path}: {key} has the shape {arrays[key].shape}, expected {shape}: "
                f"{units} recurrent units by {hh}, {outputs} outputs by {linear}"
            )
    found = {key: numbers(path, arrays, key) for key in expected}
    bias = sum((found[key] for key in biases), np.zeros(units))
    output_bias = found[linear_bias] if linear_bias else np.zeros(outputs)
    return [found[ih].T, found[hh].T, bias, found[linear].T, output_bias], (ih, hh, linear)


def _recurrent_keys(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return kind of parameter -> key, of the one recurrent layer."""
    found: dict[str, str] = {}
    for key in arrays:
        match = _NAME.fullmatch(key)
        if not match:
            continue
        if match["reverse"]:
            raise UserError(f"{path}: {key} is of a bidirectional layer; only one direction can be loaded")
        if match["layer"] != "0":
            raise UserError(f"{path}: {key} is of a further recurrent layer; only one layer can be loaded")
        if match["kind"] == "weight_hr":
            raise UserError(f"{path}: {key} is of an LSTM with projections; only a simple nn.RNN can be loaded")
        if match["kind"] in found:
            raise UserError(f"{path} has more than one recurrent layer: {found[match['kind']]} and {key}")
        found[match["kind"]] = key
    prefix = next(iter(found.values())).rpartition(".")[0]
    # nn.RNN has both biases, or, with bias=False, none.
    wanted = ["weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if {"bias_ih", "bias_hh"} & found.keys() else ())]
    missing = [f"{prefix}.{kind}_l0".lstrip(".") for kind in wanted if kind not in found]
    if missing:
        raise UserError(f"{path} has no {' and no '.join(missing)}; its keys: {listed(arrays)}")
    return found


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
        raise UserError(f"{path} has keys that are neither nn.RNN's nor nn.Linear's: {listed(others)}")
    return matrices[0], bias if bias in keys else None


def _matrix(path: Path, arrays: Mapping[str, np.ndarray], key: str) -> tuple[int, int]:
    shape = arrays[key].shape
    if len(shape) != 2:
        raise UserError(f"{path}: {key} has the shape {shape}, expected two dimensions")
    return shape[0], shape[1]
