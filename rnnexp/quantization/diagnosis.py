"""What quantisation did to a network: what was cut off, how far the states drift, and which rounding costs the most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnexp.quantization import floating, reference
from rnnexp.quantization.network import RADIX, IntegerNetwork
from rnnexp.quantization.quantizer import LARGEST_STATE

# Long sequences have many states; these samples are enough for their statistics.
SAMPLES = 256
# More cut-off values than this share of a tensor are worth a warning.
SATURATED_SHARE = 0.001

Activation = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Comparison:
    """An integer network, the float weights that it was rounded from, and samples to run both on.

    Attributes:
        network: the integers.
        weights: float64, in Keras' order and the user's numbers.
        activation: in the user's numbers.
        x: ``[n, time, features]``.
    """

    network: IntegerNetwork
    weights: Sequence[np.ndarray]
    activation: Activation
    x: np.ndarray

    def state_error(self) -> np.ndarray:
        """Return the largest difference between integer and float state after each time step, as a share of full scale.

        ``[time]``, over units and up to ``SAMPLES`` samples.
        """
        x = self.x[:SAMPLES]
        integer = reference.states(self.network, self.network.input.encode(x)) * self.network.state_scale
        difference = np.abs(integer - floating.states(self.weights, self.activation, x))
        return difference.max(axis=(0, 2)) / (LARGEST_STATE * self.network.state_scale)

    def saturation(self) -> dict[str, float]:
        """Return, for input, state and output, the share of values that the integers' ranges cut off."""
        x, network = self.x[:SAMPLES], self.network
        low, high = network.input.decode(np.array([-128, 127]))
        margin = network.input.scale / 2
        found = {"input": float(np.mean((self.x < low - margin) | (self.x > high + margin)))}
        state = floating.states(self.weights, self.activation, x)
        ends = network.table.astype(np.float64)[[0, -1]] * network.state_scale
        margin = np.abs(network.table).max() * network.state_scale * 0.002 + network.state_scale
        found["state"] = float(np.mean((state < ends.min() - margin) | (state > ends.max() + margin)))
        outputs = floating.outputs(self.weights, self.activation, self.x)
        low, high = network.output.decode(np.array([-128, 127]))
        margin = network.output.scale / 2
        found["output"] = float(np.mean((outputs < low - margin) | (outputs > high + margin)))
        return found

    def contributions(self, score: Callable[[np.ndarray], float]) -> dict[str, float]:
        """Return what each rounding alone changes in ``score`` of the outputs ``[n, outputs]`` of the float network."""
        network, activation = self.network, self.activation
        plain = score(floating.outputs(self.weights, activation, self.x))
        rounded_x = network.input.decode(network.input.encode(self.x))
        outputs = floating.outputs(self.weights, activation, self.x)
        alone = {
            "input": floating.outputs(self.weights, activation, rounded_x),
            "weights": floating.outputs(network.real_weights(), activation, self.x),
            "output": network.output.decode(network.output.encode(outputs)),
        }
        return {name: score(values) - plain for name, values in alone.items()}

    def explain(self, score: Callable[[np.ndarray], float]) -> str:
        """Return in plain words what costs the most, naming the tensor."""
        cut = {name: share for name, share in self.saturation().items() if share > SATURATED_SHARE}
        if cut:
            name, share = next(iter(cut.items()))  # what comes first in the network causes what follows
            advice = {
                "input": "the data goes beyond what the training part held; NORMALIZATION = 'window' avoids that",
                "state": "pre-activations go beyond what the training part showed",
                "output": "outputs go beyond what the training part showed",
            }[name]
            return f"{share:.1%} of the values of the {name} are cut off (saturated): {advice}"
        parts = self.contributions(score)
        name, most = max(parts.items(), key=lambda item: item[1])
        if most <= 0:
            return "no single rounding explains it: the rounding of states and pre-activations adds up over time"
        return {
            "input": "the input's range is too wide for 256 steps: a narrower DATA_SIGMA or normalisation range helps",
            "weights": "the weights are too coarse: a few large ones leave few steps for the others",
            "output": "the output's range is too wide for 256 steps",
        }[name] + f" (rounding the {name} alone costs {most:.2g})"


def tensors(network: IntegerNetwork, saturation: dict[str, float]) -> list[dict[str, Any]]:
    """Return what the report says of every tensor: name, type, shape, scale, zero point, extremes, share cut off."""
    cell, layer, features = network.cell, network.output_layer, network.features
    input_part, recurrent_part = cell.codes[:, :features], cell.codes[:, features:]
    steps = {
        "input": (network.input.scale, network.input.zero_point, [1, network.sequence_length, features]),
        "output": (network.output.scale, network.output.zero_point, [1, network.outputs]),
    }
    found: list[dict[str, Any]] = []
    for name, (scale, zero_point, shape) in steps.items():
        low, high = ((code - zero_point) * scale for code in (-128, 127))
        entry = {"name": name, "dtype": "int8", "shape": shape, "scale": scale, "zero_point": zero_point}
        found.append({**entry, "min": low, "max": high, "saturated_share": saturation[name]})
    table = network.table * network.state_scale
    found.append(
        {
            "name": "state",
            "dtype": f"2 x int8 (value = {RADIX} * upper + lower)",
            "shape": [1, network.hidden_size],
            "scale": network.state_scale,
            "zero_point": 0,
            "min": float(table.min()),
            "max": float(table.max()),
            "saturated_share": saturation["state"],
        }
    )
    parts = 1 if cell.low is None else 2
    for name, codes, scale in (
        ("input_kernel", input_part, network.input_kernel_scale),
        ("recurrent_kernel", recurrent_part, cell.scale),
        ("output_kernel", layer.codes, layer.scale),
    ):
        found.append(
            {
                "name": name,
                "dtype": "int8" if parts == 1 else f"2 x int8 (value = {RADIX} * high + low)",
                "shape": list(codes.shape),
                "scale": scale,
                "zero_point": 0,
                "min": float(codes.min() * scale),
                "max": float(codes.max() * scale),
            }
        )
    found.append(
        {
            "name": "activation_table",
            "dtype": "int16",
            "shape": [len(network.table)],
            "scale": network.state_scale,
            "zero_point": 0,
            "min": float(table.min()),
            "max": float(table.max()),
        }
    )
    return found
