"""Between the user's numbers and those that training sees.

Training happens at *unit scale*, inputs, targets and the custom activation's ``M`` all about 1, and *centred*
(``rnnexp.layers.recurrent``), but for a linear path. ``fold`` turns the trained weights into those of a plain network
in the user's numbers. That is exact, since every part is linear or homogeneous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        for layer in self._layers(architecture):
            for scope in layer.scopes:
                kernel, recurrent_kernel, bias = (given[f"{scope}{name}"] for name in NAMES)
                of_input = layer.input_center * total(kernel, axis=0)
                of_state = layer.center * total(recurrent_kernel, axis=0)
                # A second bias is that of the state's sum.
                two = len(bias.shape) == 2
                bias = bias - FIRST * of_input - SECOND * of_state if two else bias - of_input - of_state
                folded[f"{scope}kernel"] = kernel * (layer.sums / layer.input_scale)
                folded[f"{scope}recurrent_kernel"] = recurrent_kernel * (layer.sums / layer.scale)
                folded[f"{scope}bias"] = bias * layer.sums
        if architecture.linear_path:
            folded[LINEAR_KERNEL] = given[LINEAR_KERNEL] * (self.outputs / self.inputs)
        kernel, bias = given["output/kernel"], given["output/bias"]
        bias = bias - layer.center * total(kernel, axis=0)
        folded |= {"output/kernel": kernel * (self.outputs / layer.scale), "output/bias": bias * self.outputs}
        return [folded[name] for name in given]

    def unfold(self, architecture: Architecture, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the weights of the network that trains for those of a plain one in the user's numbers: undo ``fold``.

        Args:
            architecture: of both networks.
            weights: in the order of ``architecture.shapes``, float64.
        """
        given = dict(zip(architecture.shapes, weights, strict=True))
        unfolded: dict[str, np.ndarray] = {}
        for layer in self._layers(architecture):
            for scope in layer.scopes:
                kernel, recurrent_kernel, bias = (given[f"{scope}{name}"] for name in NAMES)
                kernel = kernel * (layer.input_scale / layer.sums)
                recurrent_kernel = recurrent_kernel * (layer.scale / layer.sums)
                of_input, of_state = (
                    layer.input_center * kernel.sum(axis=0),
                    layer.center * recurrent_kernel.sum(axis=0),
                )
                centered = FIRST * of_input + SECOND * of_state if bias.ndim == 2 else of_input + of_state
                unfolded[f"{scope}kernel"] = kernel
                unfolded[f"{scope}recurrent_kernel"] = recurrent_kernel
                unfolded[f"{scope}bias"] = bias / layer.sums + centered
        if architecture.linear_path:
            unfolded[LINEAR_KERNEL] = given[LINEAR_KERNEL] * (self.inputs / self.outputs)
        kernel = given["output/kernel"] * (layer.scale / self.outputs)
        bias = given["output/bias"] / self.outputs + layer.center * kernel.sum(axis=0)
        unfolded |= {"output/kernel": kernel, "output/bias": bias}
        return [unfolded[name] for name in given]

    def _layers(self, architecture: Architecture) -> list[_LayerScale]:
        activation = ACTIVATIONS[architecture.activation]
        scale = state_scale(architecture.activation, architecture.max_value)
        center, input_scale = self.input_center, self.inputs
        found = []
        for layer, scopes in zip(architecture.layers, architecture.scopes, strict=True):
            cell = cells.load(layer.cell)
            own = cell.start(activation)[1]
            sums = cell.scale_of_sums(scale, layer.units)
            found.append(_LayerScale(tuple(scopes), center, input_scale, own, scale, sums))
            center, input_scale = own, scale
        return found


# Of a cell's weights.
NAMES = ("kernel", "recurrent_kernel", "bias")


@dataclass(frozen=True)
class _LayerScale:
    """Centres and scales of what enters a layer, and of its own states and sums; scopes are of its weights' names."""

    scopes: tuple[str, ...]
    input_center: float
    input_scale: float
    center: float
    scale: float
    sums: Any


def centered_on(x: np.ndarray, inputs: float) -> float:
    """Return the mean of training inputs, of any shape, at unit scale, to three digits."""
    return round(float(x.mean(dtype=np.float64)) / inputs, 3)
