"""What an ONNX file reads beside its sequence: first states, zero at first, and what is ahead of its beginning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rnnexp.formats.onnx.steps import Step

# Operators that only pick or turn states, as for each of several layers.
MOVES = frozenset({"Identity", "Slice", "Gather", "Split", "Squeeze", "Unsqueeze", "Transpose", "Reshape", "Cast"})
# Which inputs of recurrent operators are first states.
FIRST = {"RNN": (5,), "GRU": (5,), "LSTM": (5, 6)}


# What only asks for sizes.
_SIZES = frozenset({"Shape", "Size"})


@dataclass(frozen=True)
class FirstState:
    """A first state.

    Attributes:
        kept: whether whoever runs the network gives it: zero ahead of a sequence, and then what came out. Otherwise it
            is zero always.
        sizes: of the file's input that it is; None where it has been picked or turned since.
    """

    kept: bool = True
    sizes: tuple[int | None, ...] | None = None


@dataclass(frozen=True)
class Ahead:
    """A tensor of which nothing is known, because it is, or is made of, what is ahead of where reading begins.

    Attributes:
        name: of what it is made of, for messages.
    """

    name: str = field(compare=False)


def are_states(name: str, uses: Iterable[Step]) -> bool:
    """Tell whether an input of a file is nothing but first states of recurrent operators.

    Args:
        name: of the input.
        uses: all operators, in order.
    """
    known = {name}
    found = False
    for use in uses:
        places = [n for n, read in enumerate(use.inputs) if read in known]
        if not places or use.kind in _SIZES:
            continue
        if use.kind in MOVES and places == [0]:
            known.update(use.outputs)
        elif not set(places) <= set(FIRST.get(use.kind, ())):
            return False
        else:
            found = True
    return found
