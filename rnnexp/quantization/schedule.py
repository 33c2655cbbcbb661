"""In which loops a network of several layers runs.

Layers of one direction that follow on each other share one loop: each step runs through all of them. A layer of two
directions has a loop of its own, in which one cell goes on from the sequence's start and the other from its end; its
values, as two int8 each, wait in an array for the next loop. So do those of any other layer that a later loop reads.
A decoder has a loop of its own too, in which it reads the encoder's last values, again at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rnnexp.network.taps import INPUT
from rnnexp.quantization.cell import IntegerCell, State
from rnnexp.quantization.network import IntegerNetwork, Layer

Gives = Literal["values", "last", "outputs"]


@dataclass(frozen=True)
class Chain:
    """Cells that run in the same step, each on the values of the one before; some read the sequence from its end.

    Attributes:
        cells: of layers that follow on each other.
        backwards: whether the first one reads from the end.
        first: the number of its layer.
    """

    cells: tuple[IntegerCell, ...]
    backwards: bool = False
    first: int = 0


@dataclass(frozen=True)
class Reading:
    """Values or input codes that a loop reads, int8 ``[steps, 1, numbers, parts]``; ``steps`` may be one for all.

    Input codes of 8 bits are upper parts alone.
    Of what is not simply handed over from the loop before, ``layer`` is the number of the layer that gives them, and
    ``direction`` that of its cell.
    """

    steps: int
    numbers: int
    parts: int
    scale: float
    layer: int = INPUT
    direction: int = 0


@dataclass(frozen=True)
class Loop:
    """One WHILE.

    Attributes:
        chains: what runs in a step; none in one that only has the output layer.
        reads: the sequences.
        gives: ``values`` of every step, ``last`` states, or ``outputs`` of every step.
        steps: how many, at most.
        padded: whether the sequence can have fewer real ones.
        skips: what its layers read besides, that is not of the loop before or not of its last layer.
        kept: the numbers of layers whose values of every step later loops read, besides those that it gives.
    """

    chains: tuple[Chain, ...]
    reads: tuple[Reading, ...]
    gives: Gives
    steps: int
    padded: bool = False
    skips: tuple[Reading, ...] = ()
    kept: tuple[int, ...] = ()

    @property
    def sequences(self) -> tuple[Reading, ...]:
        """All arrays that it reads."""
        return self.reads + self.skips

    def carried(self, cell: IntegerCell) -> tuple[State, ...]:
        """Return the states of a cell that go from step to step, or are what the loop gives."""
        last = self.gives == "last" and any(cell is chain.cells[-1] for chain in self.chains)
        return cell.states if last or not all(state.fresh for state in cell.states) else ()


def plan(network: IntegerNetwork) -> list[Loop]:
    """Return the loops of a network, in order."""
    groups: list[list[Layer]] = []
    firsts: list[int] = []
    for number, layer in enumerate(network.layers):
        alone = len(layer.cells) > 1 or layer.backwards
        if groups and not alone and len(groups[-1][-1].cells) == 1 and not groups[-1][-1].repeats:
            groups[-1].append(layer)
        else:
            groups.append([layer])
            firsts.append(number)
    loops: list[Loop] = []
    steps, padded = network.front_steps, network.variable_length
    reads: tuple[Reading, ...] = (_first(network),)
    for group, place in zip(groups, firsts, strict=True):
        first = group[0]
        if len(first.cells) > 1:
            chains = tuple(Chain((cell,), bool(number), place) for number, cell in enumerate(first.cells))
        else:
            chains = (Chain(tuple(layer.cells[0] for layer in group), first.backwards, place),)
        gives: Gives = "values"
        repeats = group[-1].repeats
        last = group is groups[-1]
        if repeats or (last and not (network.every_step or network.waits)):
            gives = "last"
        elif last and len(chains) == 1 and not network.waits:
            gives = "outputs"
        loops.append(Loop(chains, reads, gives, steps, padded))
        given = [chain.cells[-1] for chain in chains]
        reads = tuple(Reading(1 if repeats else steps, cell.units, 2, cell.states[0].scale) for cell in given)
        steps, padded = repeats or steps, padded and not repeats
    if network.every_step and not (loops and loops[-1].gives == "outputs"):
        loops.append(Loop((), reads, "outputs", steps, padded))
    return _with_skips(network, loops) if any(layer.reads for layer in network.layers) else loops


def _first(network: IntegerNetwork) -> Reading:
    """Return what the first loop reads: values of what is ahead of it, or input codes."""
    if network.front:
        return Reading(network.front_steps, network.front_width, 2, float(network.sources[0].scale[-1]))
    parts = 1 if network.input.bits == 8 else 2
    return Reading(network.front_steps, network.features, parts, network.layers[0].cells[0].states[0].scale)


def _with_skips(network: IntegerNetwork, loops: Sequence[Loop]) -> list[Loop]:
    """Return loops with what their layers read besides the layer before, and what they keep for that."""
    found, given = [], {INPUT: list(loops[0].reads)}
    skipped: set[int] = set()
    for loop in loops:
        last = loop.chains[0].first + len(loop.chains[0].cells) - 1 if loop.chains else INPUT
        own = range(loop.chains[0].first, last + 1) if loop.chains else range(0)
        read = dict.fromkeys(made for number in own for made in network.layers[number].reads if made not in own)
        skipped |= read.keys()
        found.append(replace(loop, skips=tuple(reading for made in read for reading in given[made])))
        for number in own:
            layer = network.layers[number]
            given[number] = [
                Reading(1 if layer.repeats else loop.steps, cell.units, 2, cell.states[0].scale, number, direction)
                for direction, cell in enumerate(layer.cells)
            ]
    # The values of a loop's last layer are kept anyway.
    return [
        replace(
            loop,
            kept=tuple(
                number
                for chain in loop.chains[:1]
                for number in range(chain.first, chain.first + len(chain.cells) - 1)
                if number in skipped
            ),
        )
        for loop in found
    ]
