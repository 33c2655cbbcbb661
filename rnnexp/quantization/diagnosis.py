"""What quantisation did to a network: what was cut off, how far the states drift, and which rounding costs the most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnnexp.network.lengths import placed, without_padding
from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.quantization import reference
from rnnexp.quantization.cell import width_of
from rnnexp.quantization.front import IntegerConvolution, IntegerFrontLayer
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.scales import LARGEST_STATE, Affine

# Long sequences have many states; these samples are enough for their statistics.
SAMPLES = 256
# More cut-off values than this share of a tensor are worth a warning.
SATURATED_SHARE = 0.001


@dataclass(frozen=True)
class Contribution:
    """What rounding does to the outputs of a float network.

    Attributes:
        name: what is rounded: ``input``, ``output``, a weight as the architecture names it, or ``all``.
        output_error: the root mean square of the outputs' changes, as a share of their standard deviation; of classes
            with probabilities it is that of the logits.
        loss: what a score of the outputs becomes worse by.
    """

    name: str
    output_error: float
    loss: float


@dataclass(frozen=True)
class Comparison:
    """An integer network, the float one that it was rounded from, and samples to run both on.

    Attributes:
        network: the integers.
        real: the float network, in the user's numbers.
        x: ``[n, time, features]``.
        lengths: real steps of each sequence, ``[n]``, before the padding; None: all.
    """

    network: IntegerNetwork
    real: Network
    x: np.ndarray
    lengths: np.ndarray | None = None

    def _some(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return up to ``SAMPLES`` samples and lengths, spread evenly: the first ones of a series are its oldest."""
        rows = spread(len(self.x), SAMPLES)
        return self.x[rows], None if self.lengths is None else self.lengths[rows]

    def _run(self, real: Network, x: np.ndarray) -> np.ndarray:
        return real.run(x, lengths=self.lengths)

    def state_error(self) -> np.ndarray:
        """Return the largest difference between integer and float state after each time step, as a share of full scale.

        ``[time]``, in the order in which a layer gives its values, over layers, units and up to ``SAMPLES`` samples. A
        decoder's steps come after those of the encoder. Without recurrent layers there are none.
        """
        x, lengths = self._some()
        codes = placed(self.network.input.encode(x), lengths, self.network.padding)
        integer, exact = reference.states(self.network, codes, lengths), self.real.states(x, lengths)
        found: list[list[np.ndarray]] = [[]]
        for layer, values, (real, *_) in zip(self.network.layers, integer, exact, strict=True):
            difference = np.abs(values * layer.scales - real) / (LARGEST_STATE * layer.scales)
            found[-1].append(difference.max(axis=(0, 2)))
            if layer.repeats:
                found.append([])
        return np.concatenate([np.max(part, axis=0) for part in found]) if found[-1] else np.zeros(0)

    def saturation(self) -> dict[str, float]:
        """Return, for input, states and output, the share of values that the integers' ranges cut off."""
        network = self.network
        x, lengths = self._some()
        found = {"input": _outside(without_padding(self.x, self.lengths), network.input)}
        found |= _beyond(network.front, self.real.front_values(x, lengths), "front")
        for layer, scope, kept in zip(network.layers, network.scopes, self.real.states(x, lengths), strict=True):
            begins = [0] * len(kept)
            for cell, prefix in zip(layer.cells, scope, strict=True):
                # What a cell keeps in two forms is one number in float.
                for number, (state, values) in enumerate(zip(cell.states, kept, strict=False)):
                    begin, end = begins[number], begins[number] + width_of(cell, state)
                    own = without_padding(values, lengths)[..., begin:end]
                    found[prefix + state.name] = _cut_off(own, state.limits, state.scale)
                    begins[number] = end
            lengths = None if layer.repeats else lengths
        found |= _beyond(network.back, self.real.back_values(x), "back")
        outputs = self._run(self.real, self.x)
        outputs = without_padding(outputs, self.lengths) if network.answers_each_step else outputs
        found["logits" if network.softmax else "output"] = _outside(outputs, network.output)
        return found

    def contributions(self, score: Callable[[np.ndarray], float]) -> dict[str, float]:
        """Return what each rounding alone changes in ``score`` of the outputs ``[n, outputs]`` of the float network."""
        network, real = self.network, self.real
        outputs = self._run(real, self.x)
        plain = score(outputs)
        alone = {
            "input": self._run(real, network.input.decode(network.input.encode(self.x))),
            "weights": self._run(real.with_weights(network.real_weights()), self.x),
            "output": network.output.decode(network.output.encode(outputs)),
        }
        return {name: score(values) - plain for name, values in alone.items()}

    def contributions_by_tensor(self, score: Callable[[np.ndarray], float]) -> list[Contribution]:
        """Return what rounding each tensor alone does to the float network, and at last what all integers together do.

        Of up to ``SAMPLES`` samples. What the parts leave of the whole is the rounding of states and pre-activations,
        and how errors add up.

        Args:
            score: of the outputs ``[n, outputs]`` of these samples, the larger the worse.
        """
        network, real = self.network, self.real
        x, lengths = self._some()
        exact = real.run(x, lengths=lengths)
        asked = lengths if network.answers_each_step else None
        before, size = score(exact), float(np.std(without_padding(exact, asked))) or 1.0

        def alone(name: str, outputs: np.ndarray) -> Contribution:
            changes = without_padding(outputs - exact, asked)
            return Contribution(name, float(np.sqrt(np.mean(changes**2))) / size, score(outputs) - before)

        found = [alone("input", real.run(network.input.decode(network.input.encode(x)), lengths=lengths))]
        weights = list(real.weights)
        for place, (name, rounded) in enumerate(zip(real.architecture.shapes, network.real_weights(), strict=True)):
            one_rounded = real.with_weights([*weights[:place], rounded, *weights[place + 1 :]])
            found.append(alone(name, one_rounded.run(x, lengths=lengths)))
        found.append(alone("output", network.output.decode(network.output.encode(exact))))
        return [*found, alone("all", reference.outputs(network, x, lengths))]

    def explain(self, score: Callable[[np.ndarray], float]) -> str:
        """Return in plain words what costs the most, naming the tensor."""
        cut = {name: share for name, share in self.saturation().items() if share > SATURATED_SHARE}
        if cut:
            name, share = next(iter(cut.items()))  # what comes first in the network causes what follows
            sums = "pre-activations go beyond what the training part showed"
            advice = {
                "input": "the data goes beyond what the training part held (of a series, NORMALIZATION = 'window' "
                "avoids that)",
                "state": sums,
                "cell_state": sums,
                "values": sums,
                "output": "outputs go beyond what the training part showed",
                "logits": "outputs go beyond what the training part showed",
            }[name.rpartition("/")[2]]
            return f"{share:.1%} of the values of the {name} are cut off (saturated): {advice}"
        return self._largest(
            score,
            {
                "input": "the input's range is too wide for {steps} steps: a few far values leave few steps for the "
                "others",
                "output": "the output's range is too wide for {steps} steps",
            },
        )

    def explain_most(self, score: Callable[[np.ndarray], float]) -> str:
        """Return the same for a score of what is true of most of the data, which no far value has a part in."""
        return self._largest(
            score,
            {
                "input": "an input of {bits} bits is too coarse for most of the data: a few far values leave it few of "
                "the {steps} steps",
                "output": "an output of {bits} bits is too coarse for most of the data: a few far values leave it few "
                "of the {steps} steps",
            },
        )

    def _largest(self, score: Callable[[np.ndarray], float], said: dict[str, str]) -> str:
        """Return in words, of input and output in those given, which rounding costs the most, and what helps."""
        parts = self.contributions(score)
        name, most = max(parts.items(), key=lambda item: item[1])
        if most <= 0:
            return "no single rounding explains it: the rounding of states and pre-activations adds up over time"
        cost = f" (rounding the {name} alone costs {most:.2g})"
        if name == "weights":
            return f"the weights are too coarse: a few large ones leave few steps for the others{cost}"
        affine = self.network.input if name == "input" else self.network.output
        text = said[name].format(bits=affine.bits, steps=f"{affine.highest - affine.lowest + 1:,}") + cost
        return f"{text}; IO_BITS = 16 makes both finer" if affine.bits == 8 else text


def _beyond(layers: Sequence[IntegerFrontLayer], values: Sequence[np.ndarray], name: str) -> dict[str, float]:
    """Return the share of what convolutions give, ``[n, time, width]`` each, that is cut off."""
    return {
        f"{name}_{number}/values": _cut_off(real, layer.activation.limits, layer.activation.scale)
        for number, (layer, real) in enumerate(zip(layers, values, strict=True), 1)
        if isinstance(layer, IntegerConvolution)
    }


def _cut_off(values: np.ndarray, limits: tuple[float, float], scale: float) -> float:
    """Return the share of values that limits cut off, by more than rounding does."""
    low, high = limits
    margin = max(abs(low), abs(high)) * 0.002 + scale
    return float(np.mean((values < low - margin) | (values > high + margin)))


def _outside(values: np.ndarray, affine: Affine) -> float:
    """Return the share of values that codes cut off."""
    low, high = affine.limits
    margin = affine.scale / 2
    return float(np.mean((values < low - margin) | (values > high + margin)))
