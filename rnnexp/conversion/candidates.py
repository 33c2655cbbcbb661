"""The ways in which a network can become integers: each tried, the simplest kept that loses the least.

What other people's networks lose is ranges, not bits. So the scales of the inputs, how far the state of an LSTM cell
reaches, and how large the units of a layer are, are chosen by what the outputs lose on the calibration data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError
from rnnexp.network.graph.graph import Graph
from rnnexp.network.graph.lower import lower
from rnnexp.network.graph.nodes import Recurrent
from rnnexp.network.graph.scaling import of_standardized, padded_first, units_alike
from rnnexp.network.lengths import without_padding
from rnnexp.network.network import Network
from rnnexp.network.sampling import spread
from rnnexp.preprocessing.input_map import AS_IT_IS, InputMap
from rnnexp.preprocessing.standard import Standardized, Target
from rnnexp.quantization import quantizer
from rnnexp.quantization.interpolation import Tables
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.tuning.descent import Sequences, output_error

InputKind = Literal["one scale", "a scale for each feature", "16 bits"]
Bits = Literal["int8", "int16"]
# A simpler way is kept unless another one loses less than this share of what it loses.
WORTH_IT = 0.9
# Of LSTM cells: beyond these, tanh is flat.
CUTS = (16.0, 8.0)
# Units smaller than such a share of their layer's largest one are made as large as that share of it.
FLOORS = (0.5, 0.3)
# Products of numbers that trying one way may take, so that a network of 50,000 weights takes well below a second.
MOST_PRODUCTS = 2e9
MOST_SEQUENCES = 512


@dataclass(frozen=True)
class Choice:
    """One of the ways.

    Attributes:
        input: scales of the input codes.
        cut: the largest magnitude of a state of LSTM cells, if it is smaller than what the calibration data shows.
        floor: by which units are made alike, or None where they stay as they are.
    """

    input: InputKind = "one scale"
    cut: float = np.inf
    floor: float | None = None

    def __str__(self) -> str:
        """Return it in words."""
        scales = {
            "one scale": "one scale of the input",
            "a scale for each feature": "a scale for each feature of the input",
            "16 bits": "an input of 16 bits",
        }
        cut = f", cell states up to {self.cut:g}" if np.isfinite(self.cut) else ""
        return f"{scales[self.input]}{cut}" + ("" if self.floor is None else f", units alike from {self.floor:g}")


@dataclass(frozen=True)
class Candidate:
    """What one of the ways leads to.

    Attributes:
        choice: which.
        graph: the network as the choice has it, in real numbers.
        network: the same, as what there are integers for.
        integers: of it; before they are tuned, with what they were rounded from.
        input_map: from the user's numbers to the network's inputs.
        error: root mean squared difference of the integers' outputs from the real ones, before any softmax.
    """

    choice: Choice
    graph: Graph
    network: Network
    integers: IntegerNetwork
    input_map: InputMap
    error: float

    def inputs(self, x: np.ndarray) -> np.ndarray:
        """Return the network's inputs for the user's numbers."""
        return _mapped(self.input_map, x)


@dataclass(frozen=True)
class Tried:
    """A way, and what it loses."""

    choice: Choice
    error: float
    problem: str = ""


@dataclass(frozen=True)
class Search:
    """Everything that ways are tried on.

    Attributes:
        graph: simplified.
        calibration: all of it is what ranges are of.
        inputs: the types of input codes that may be chosen.
        output: the type of output codes.
        tables: whether functions have lines between few entries.
    """

    graph: Graph
    calibration: Samples
    inputs: tuple[Bits, ...] = ("int8", "int16")
    output: Bits = "int8"
    tables: Tables = "full"

    @cached_property
    def some(self) -> Samples:
        """The part of the calibration data that ways are compared on."""
        weights = sum(
            values.size for node in self.graph.nodes for values in vars(node).values() if isinstance(values, np.ndarray)
        ) + sum(
            values.size
            for node in self.graph.nodes
            if isinstance(node, Recurrent)
            for arrays in node.directions
            for values in arrays
        )
        each = max(weights * self.calibration.x.shape[1], 1)
        count = int(np.clip(MOST_PRODUCTS / each, 8, MOST_SEQUENCES))
        return self.calibration.rows(spread(len(self.calibration.x), count))

    def candidate(self, choice: Choice) -> Candidate:
        """Return what a way leads to.

        Raises:
            UserError: if its numbers have no integers.
        """
        samples, graph = self.calibration, self.graph
        input_map: InputMap = AS_IT_IS
        if choice.input == "a scale for each feature":
            input_map = _standardized(graph, samples)
            offset, scale = input_map.scaling(samples.x)
            graph = of_standardized(graph, samples.x, offset.reshape(-1), scale.reshape(-1))
        x = _mapped(input_map, samples.x)
        if choice.floor is not None:
            graph = units_alike(graph, x, choice.floor, samples.lengths)
        network = lower(graph, x, samples.padding)
        integers = quantizer.quantize(
            network,
            x,
            lengths=samples.lengths,
            cell_state_limit=choice.cut,
            io_bits=16 if self.output == "int16" else 8,
            input_bits=16 if choice.input == "16 bits" else 8,
            tables=self.tables,
            exact=True,
        )
        some = self.some
        error = output_error(integers, network, Sequences(_mapped(input_map, some.x), some.lengths))
        return Candidate(choice, graph, network, integers, input_map, error)

    def best(self) -> tuple[Candidate, list[Tried]]:
        """Return the simplest way that loses the least, and all that were tried, in order.

        Raises:
            UserError: if the plainest way has no integers.
        """
        best = self.candidate(Choice() if "int8" in self.inputs else Choice("16 bits"))
        tried = [Tried(best.choice, best.error)]
        for stage in (self._inputs, self._cuts, self._floors):
            for choice in stage(best):
                try:
                    found = self.candidate(choice)
                except UserError as error:
                    tried.append(Tried(choice, float("inf"), str(error)))
                    continue
                tried.append(Tried(choice, found.error))
                if found.error < WORTH_IT * best.error:
                    best = found
        return best, tried

    def _inputs(self, best: Candidate) -> Iterator[Choice]:
        """Yield what else there is to try of the input's scales."""
        if self.graph.words or "int8" not in self.inputs:
            return
        if self.graph.features > 1:
            yield replace(best.choice, input="a scale for each feature")
        if "int16" in self.inputs:
            yield replace(best.choice, input="16 bits")

    def _cuts(self, best: Candidate) -> Iterator[Choice]:
        """Yield the same of the states of LSTM cells, as far as these come to where they would be cut off."""
        layers = best.network.architecture.layers
        if not any(layer.cell.startswith("lstm") for layer in layers):
            return
        kept = best.network.states(best.inputs(self.calibration.x), self.calibration.lengths)
        states = [kept[1] for layer, kept in zip(layers, kept, strict=True) if layer.cell.startswith("lstm")]
        largest = max(float(np.abs(values).max()) for values in states)
        for cut in CUTS:
            if cut < largest:
                yield replace(best.choice, cut=cut)

    def _floors(self, best: Candidate) -> Iterator[Choice]:
        """Yield the same of units of unlike sizes."""
        if units_alike(self.graph, self.some.x, FLOORS[0], self.some.lengths) is not self.graph:
            for floor in FLOORS:
                yield replace(best.choice, floor=floor)


def _mapped(input_map: InputMap, x: np.ndarray) -> np.ndarray:
    if input_map == AS_IT_IS:
        return x
    offset, scale = input_map.scaling(x)
    return (x - offset) / scale


def _standardized(graph: Graph, samples: Samples) -> Standardized:
    """Return the map that gives every feature the same range, -1 to 1."""
    seen = without_padding(samples.x, samples.lengths).reshape(-1, samples.x.shape[2])
    low, high = seen.min(axis=0), seen.max(axis=0)
    if padded_first(graph) or graph.masking:
        # Zeros around the input have to stay zeros.
        middle, reach = np.zeros(len(low)), np.maximum(np.abs(low), np.abs(high))
    else:
        middle, reach = (low + high) / 2.0, (high - low) / 2.0
    reach = np.where(reach > 0.0, reach, 1.0)
    return Standardized(mean=tuple(middle.tolist()), deviation=tuple(reach.tolist()), target=Target())
