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

    def _some(self) -> np.ndarray:
        """Return up to ``SAMPLES`` samples, spread evenly: the first ones of a series are its oldest."""
        return self.x[np.linspace(0, len(self.x) - 1, min(len(self.x), SAMPLES)).astype(int)]

    def state_error(self) -> np.ndarray:
        """Return the largest difference between integer and float state after each time step, as a share of full scale.

        ``[time]``, over units and up to ``SAMPLES`` samples.
        """
        x = self._some()
        integer = reference.states(self.network, self.network.input.encode(x)) * self.network.state_scale
        difference = np.abs(integer - floating.states(self.weights, self.activation, x))
        return difference.max(axis=(0, 2)) / (LARGEST_STATE * self.network.state_scale)

    def saturation(self) -> dict[str, float]:
        """Return, for input, state and output, the share of values that the integers' ranges cut off."""
        x, network = self._some(), self.network
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
        found["logits" if network.softmax else "output"] = float(
            np.mean((outputs < low - margin) | (outputs > high + margin))
        )
        return found

    def contributions(self, score: Callable[[np.ndarray], float]) -> dict[str, float]:
        """Return what each rounding alone changes in ``score`` of the outputs ``[n, outputs]`` of the float network."""
        network, activation = self.network, self.activation
        outputs = floating.outputs(self.weights, activation, self.x)
        plain = score(outputs)
        rounded_x = network.input.decode(network.input.encode(self.x))
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
                "input": "the data goes beyond what the training part held (of a series, NORMALIZATION = 'window' "
                "avoids that)",
                "state": "pre-activations go beyond what the training part showed",
                "output": "outputs go beyond what the training part showed",
                "logits": "outputs go beyond what the training part showed",
            }[name]
            return f"{share:.1%} of the values of the {name} are cut off (saturated): {advice}"
        parts = self.contributions(score)
        name, most = max(parts.items(), key=lambda item: item[1])
        if most <= 0:
            return "no single rounding explains it: the rounding of states and pre-activations adds up over time"
        return {
            "input": "the input's range is too wide for 256 steps: a few far values leave few steps for the others",
            "weights": "the weights are too coarse: a few large ones leave few steps for the others",
            "output": "the output's range is too wide for 256 steps",
        }[name] + f" (rounding the {name} alone costs {most:.2g})"


def tensors(network: IntegerNetwork, saturation: dict[str, float]) -> list[dict[str, Any]]:
    """Return what the report says of every tensor.

    Name, type, shape, scale and zero point, the smallest and largest real value: that it can hold, or of constants that
    it holds; of what the samples decide, the share that is cut off.
    """
    cell, layer, features, hidden = network.cell, network.output_layer, network.features, network.hidden_size
    table = network.table * network.state_scale
    zero_index = round(-network.table_start / network.table_step)
    table_end = network.table_start + network.table_step * (len(table) - 1)
    found: list[dict[str, Any]] = []

    def add(
        name: str, dtype: str, shape: list[int], scale: float, low: float, high: float, zero_point: int = 0
    ) -> None:
        share = {"saturated_share": saturation[name]} if name in saturation else {}
        entry = {"name": name, "dtype": dtype, "shape": shape, "scale": scale, "zero_point": zero_point}
        found.append({**entry, "min": float(low), "max": float(high), **share})

    for name, affine, shape in (
        ("input", network.input, [1, network.sequence_length, features]),
        ("logits" if network.softmax else "output", network.output, [1, network.outputs]),
    ):
        low, high = affine.decode(np.array([-128, 127]))
        add(name, "int8", shape, affine.scale, low, high, affine.zero_point)
    if network.softmax:
        add("output", "int8", [1, network.outputs], 1 / 256, 0.0, 255 / 256, -128)
    pair = f"2 x int8 (value = {RADIX} * upper + lower)"
    add("state", pair, [1, hidden], network.state_scale, table.min(), table.max())
    add("pre_activation", "int16", [1, hidden], network.table_step, network.table_start, table_end, zero_index)
    add("activation_table", "int16", [len(table)], network.state_scale, table.min(), table.max())
    for name, codes, scale, parts in (
        ("input_kernel", cell.codes[:, :features], network.input_kernel_scale, cell),
        ("recurrent_kernel", cell.codes[:, features:], cell.scale, cell),
        ("output_kernel", layer.codes, layer.scale, layer),
    ):
        real = codes * scale
        dtype = "int8" if parts.low is None else pair
        add(name, dtype, list(codes.shape), scale, real.min(), real.max())
    for name, product in (("bias", cell), ("output_bias", layer)):
        scale = product.step * 2.0**-product.shift
        add(name, "int64", [len(product.bias)], scale, product.bias.min() * scale, product.bias.max() * scale)
    return found
