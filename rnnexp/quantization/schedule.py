"""In which loops a network of several layers runs.

Layers of one direction that follow on each other share one loop: each step runs through all of them. A layer of two
directions has a loop of its own, in which one cell goes on from the sequence's start and the other from its end; its
values, as two int8 each, wait in an array for the next loop. A decoder has a loop of its own too, in which it reads the
encoder's last values, again at every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rnnexp.quantization.cell import IntegerCell
from rnnexp.quantization.network import IntegerNetwork, Layer

Gives = Literal["values", "last", "outputs"]


@dataclass(frozen=True)
class Chain:
    """Cells that run in the same step, each on the values of the one before; some read the sequence from its end."""

    cells: tuple[IntegerCell, ...]
    backwards: bool = False


@dataclass(frozen=True)
class Reading:
    """Values or input codes that a loop reads, int8 ``[steps, 1, numbers, parts]``; ``steps`` may be one for all."""

    steps: int
    numbers: int
    parts: int
    scale: float


@dataclass(frozen=True)
class Loop:
    """One WHILE.

    Attributes:
        chains: what runs in a step; none in one that only has the output layer.
        reads: the sequences.
        gives: ``values`` of every step, ``last`` states, or ``outputs`` of every step.
        steps: how many, at most.
        padded: whether the sequence can have fewer real ones.
    """

    chains: tuple[Chain, ...]
    reads: tuple[Reading, ...]
    gives: Gives
    steps: int
    padded: bool = False


def plan(network: IntegerNetwork) -> list[Loop]:
    """Return the loops of a network, in order."""
    groups: list[list[Layer]] = []
    for layer in network.layers:
        alone = len(layer.cells) > 1 or layer.backwards
        if groups and not alone and len(groups[-1][-1].cells) == 1 and not groups[-1][-1].repeats:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    loops: list[Loop] = []
    steps, padded = network.front_steps, network.variable_length
    reads: tuple[Reading, ...] = (_first(network),)
    for group in groups:
        first = group[0]
        if len(first.cells) > 1:
            chains = tuple(Chain((cell,), bool(number)) for number, cell in enumerate(first.cells))
        else:
            chains = (Chain(tuple(layer.cells[0] for layer in group), first.backwards),)
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
    return loops


def _first(network: IntegerNetwork) -> Reading:
    """Return what the first loop reads: values of what is ahead of it, or input codes."""
    if network.front:
        return Reading(network.front_steps, network.front_width, 2, float(network.sources[0].scale[-1]))
    return Reading(network.front_steps, network.features, 1, network.layers[0].cells[0].states[0].scale)
