"""First states that come into an ONNX file as inputs of their own, beside the sequence: zero at first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Operators that only pick or turn states, as for each of several layers.
MOVES = frozenset({"Identity", "Slice", "Gather", "Split", "Squeeze", "Unsqueeze", "Transpose", "Reshape", "Cast"})
# Which inputs of recurrent operators are first states.
FIRST = {"RNN": (5,), "GRU": (5,), "LSTM": (5, 6)}


@dataclass(frozen=True)
class FirstState:
    """A first state that whoever runs the network gives: zero ahead of a sequence, and then what came out."""


@dataclass(frozen=True)
class Use:
    """What is read and given by an operator."""

    kind: str
    inputs: Sequence[str]
    outputs: Sequence[str]


def are_states(name: str, uses: Iterable[Use]) -> bool:
    """Tell whether an input of a file is nothing but first states of recurrent operators.

    Args:
        name: of the input.
        uses: all operators, in order.
    """
    known = {name}
    found = False
    for use in uses:
        places = [n for n, read in enumerate(use.inputs) if read in known]
        if not places:
            continue
        if use.kind in MOVES and places == [0]:
            known.update(use.outputs)
        elif not set(places) <= set(FIRST.get(use.kind, ())):
            return False
        else:
            found = True
    return found
