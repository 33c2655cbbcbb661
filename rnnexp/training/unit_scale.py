"""Between the user's numbers and those that training sees.

Training happens at *unit scale*, inputs, targets and the custom activation's ``M`` all about 1, and *centred*
(``rnnexp.layers.recurrent``), but for a linear path. ``fold`` turns the trained weights into those of a plain network
in the user's numbers. That is exact, since every part is linear or homogeneous.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.network import cells
from rnnexp.network.activations import ACTIVATIONS, state_scale
from rnnexp.network.architecture import LINEAR_KERNEL, Architecture

# Pick a gated unit's biases, that of the input's sum and that of the state's.
FIRST, SECOND = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])


@dataclass(frozen=True)
class UnitScale:
    """How the user's numbers become those that training sees.

    Attributes:
        inputs: inputs divided by this are about 1 at most.
        outputs: the same for targets; 1 for classes.
        input_center: the mean of the training inputs at unit scale.
    """

    inputs: float = 1.0
    outputs: float = 1.0
    input_center: float = 0.0

    def scale_inputs(self, x: np.ndarray) -> np.ndarray:
        """Return inputs at unit scale; what is stored in less than float32 stays as it is, for the trainer to scale."""
        return x / np.float32(self.inputs) if x.dtype == np.float32 else x

    def left_to_scale(self, x: np.ndarray) -> float:
        """Return what inputs that ``scale_inputs`` has returned are still to be divided by."""
        return 1.0 if x.dtype == np.float32 else self.inputs

    def scale_targets(self, y: np.ndarray) -> np.ndarray:
        """Return targets at unit scale; class numbers stay as they are."""
        return y if np.issubdtype(y.dtype, np.integer) else y / np.float32(self.outputs)

    def fold(self, architecture: Architecture, weights: Sequence[Any], total: Callable[..., Any] = np.sum) -> list[Any]:
        """Return the weights of the plain network in the user's numbers for those of the one that trains.

        Args:
            architecture: of both networks.
            weights: in the order of ``architecture.shapes``; float64 arrays, or tensors.
            total: the sum of a weight along ``axis``, for tensors TensorFlow's.
        """
        given = dict(zip(architecture.shapes, weights, strict=True))
        folded: dict[str, Any] = {}
        layers = self._layers(architecture, given, total)
        for layer in layers:
            for scope, center in zip(layer.scopes, layer.centers, strict=True):
                kernel, recurrent_kernel, bias = (given[f"{scope}{name}"] for name in NAMES)
                of_input = _of_center(layer.input_center, _whole(given, scope, "kernel"), total)
                of_state = _of_center(center, _whole(given, scope, "recurrent_kernel"), total)
                # A second bias is that of the state's sum.
                two = len(bias.shape) == 2
                bias = bias - FIRST * of_input - SECOND * of_state if two else bias - of_input - of_state
                folded[f"{scope}kernel"] = kernel * (layer.sums / layer.input_scale)
                folded[f"{scope}recurrent_kernel"] = recurrent_kernel * (layer.sums / layer.scale)
                folded[f"{scope}bias"] = bias * layer.sums
                if f"{scope}{PEEPHOLES}" in given:
                    folded[f"{scope}{PEEPHOLES}"] = given[f"{scope}{PEEPHOLES}"] / layer.scale
                if f"{scope}{GATE_BIAS}" in given:
                    folded[f"{scope}{GATE_BIAS}"] = (given[f"{scope}{GATE_BIAS}"] - of_input - of_state) * layer.sums
                folded |= _unchanged(given, scope)
        if architecture.linear_path:
            folded[LINEAR_KERNEL] = given[LINEAR_KERNEL] * (self.outputs / self.inputs)
        kernel, bias = given["output/kernel"], given["output/bias"]
        bias = bias - _of_center(layers[-1].output_center, kernel, total)
        folded |= {"output/kernel": kernel * (self.outputs / layers[-1].scale), "output/bias": bias * self.outputs}
        return [folded[name] for name in given]

    def unfold(self, architecture: Architecture, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the weights of the network that trains for those of a plain one in the user's numbers: undo ``fold``.

        Args:
            architecture: of both networks.
            weights: in the order of ``architecture.shapes``, float64.
        """
        given = dict(zip(architecture.shapes, weights, strict=True))
        unfolded: dict[str, np.ndarray] = {}
        layers = self._layers(architecture, given, np.sum)
        for layer in layers:
            for scope, center in zip(layer.scopes, layer.centers, strict=True):
                kernel, recurrent_kernel, bias = (given[f"{scope}{name}"] for name in NAMES)
                unfolded[f"{scope}kernel"] = kernel * (layer.input_scale / layer.sums)
                unfolded[f"{scope}recurrent_kernel"] = recurrent_kernel * (layer.scale / layer.sums)
                unfolded |= _unchanged(given, scope)
                of_input = _of_center(layer.input_center, _whole(unfolded, scope, "kernel"), np.sum)
                of_state = _of_center(center, _whole(unfolded, scope, "recurrent_kernel"), np.sum)
                centered = FIRST * of_input + SECOND * of_state if bias.ndim == 2 else of_input + of_state
                unfolded[f"{scope}bias"] = bias / layer.sums + centered
                if f"{scope}{PEEPHOLES}" in given:
                    unfolded[f"{scope}{PEEPHOLES}"] = given[f"{scope}{PEEPHOLES}"] * layer.scale
                if f"{scope}{GATE_BIAS}" in given:
                    unfolded[f"{scope}{GATE_BIAS}"] = given[f"{scope}{GATE_BIAS}"] / layer.sums + centered
        if architecture.linear_path:
            unfolded[LINEAR_KERNEL] = given[LINEAR_KERNEL] * (self.inputs / self.outputs)
        kernel = given["output/kernel"] * (layers[-1].scale / self.outputs)
        bias = given["output/bias"] / self.outputs + _of_center(layers[-1].output_center, kernel, np.sum)
        unfolded |= {"output/kernel": kernel, "output/bias": bias}
        return [unfolded[name] for name in given]

    def _layers(
        self, architecture: Architecture, weights: Mapping[str, Any], total: Callable[..., Any]
    ) -> list[_LayerScale]:
        activation = ACTIVATIONS[architecture.activation]
        scale = state_scale(architecture.activation, architecture.max_value)
        center: Center = self.input_center
        input_scale, found = self.inputs, []
        for layer, scopes in zip(architecture.layers, architecture.scopes, strict=True):
            cell = cells.load(layer.cell)
            own = cell.start(activation)[1]
            centers: tuple[Center, ...] = (own,) * len(scopes)
            if layer.projection:
                # What the units give is centred ahead of it.
                centers = tuple((own * total(weights[f"{scope}{PROJECTION}"], axis=0),) for scope in scopes)
            sums = cell.scale_of_sums(scale, layer.units)
            found.append(_LayerScale(tuple(scopes), center, input_scale, centers, scale, sums))
            center, input_scale = found[-1].output_center, scale
        return found


# Of a cell's weights: those that all have, and those that some have.
NAMES = ("kernel", "recurrent_kernel", "bias")
PEEPHOLES, PROJECTION, GATE_BIAS = "peepholes", "projection", "gate_bias"
# Those that have neither scale nor centre.
UNCHANGED = (PROJECTION, "mix", "kernel_factor", "recurrent_kernel_factor")
# What values are centred on: a number, or vectors, of which each is that of some of them.
Center = float | tuple[Any, ...]


@dataclass(frozen=True)
class _LayerScale:
    """Centres and scales of what enters a layer, and of its own states and sums; scopes are of its weights' names.

    Of the centres of its outputs, there is one for each scope.
    """

    scopes: tuple[str, ...]
    input_center: Center
    input_scale: float
    centers: tuple[Center, ...]
    scale: float
    sums: Any

    @property
    def output_center(self) -> Center:
        """That of its outputs, joined."""
        first, *others = self.centers
        return sum(others, first) if isinstance(first, tuple) else first


def _whole(weights: Mapping[str, Any], scope: str, name: str) -> Any:
    """Return a kernel, multiplied where it is the product of two."""
    first, second = weights[f"{scope}{name}"], weights.get(f"{scope}{name}_factor")
    return first if second is None else first @ second


def _unchanged(weights: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """Return the weights of a cell that are the same at any scale and centre."""
    names = [f"{scope}{name}" for name in UNCHANGED]
    return {name: weights[name] for name in names if name in weights}


def _of_center(center: Center, kernel: Any, total: Callable[..., Any]) -> Any:
    """Return what a kernel ``[values, sums]`` makes of the values' centre."""
    if not isinstance(center, tuple):
        return center * total(kernel, axis=0)
    found, begin = 0.0, 0
    for vector in center:
        rows = vector.shape[0]
        found, begin = found + total(vector[:, None] * kernel[begin : begin + rows], axis=0), begin + rows
    return found


def centered_on(x: np.ndarray, inputs: float) -> float:
    """Return the mean of training inputs, of any shape, at unit scale, to three digits."""
    return round(float(x.mean(dtype=np.float64)) / inputs, 3)
