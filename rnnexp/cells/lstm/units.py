"""In which units an LSTM in integers counts, and its activation in these: of the candidate, and of c."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rnnexp.network.functions import Clip, Functions
from rnnexp.network.ranges import Ranges
from rnnexp.quantization.cut import WORDS, Activation, Cut, peak_of
from rnnexp.quantization.scales import LARGEST_STATE, TABLE_MARGIN, power_of_two_for, scale_for, widened
from rnnexp.quantization.tables import (
    GATE_BITS,
    LARGEST_WORD,
    ONE,
    TABLE_SIZE,
    Places,
    places,
    shares,
    stretched,
)

# Entries of the table for ``g(c)``: its steps are what costs the most (docs/int8.md).
READ_SIZE = 4096


@dataclass(frozen=True)
class Units:
    """The units, and what is counted in them.

    Attributes:
        word: the real value of one unit of c.
        given: of what the units of the layer give.
        candidate: its function.
        activation: that of c.
        shift: as in ``LSTMCell``.
        first: likewise.
    """

    word: float
    given: float
    candidate: Activation
    activation: Activation
    shift: int
    first: int


def cut_off(function: Clip, ranges: Ranges) -> Units | None:
    """Return units for a function that only cuts off; None where c is next to nothing beside the candidate."""
    largest = max(peak_of(function, ranges["candidate"]), *map(abs, widened(ranges["c"], TABLE_MARGIN)))
    word = power_of_two_for(largest / LARGEST_WORD, "cell state")
    given = power_of_two_for(peak_of(function, ranges["c"]) / LARGEST_STATE, "state")
    shift = round(math.log2(given / word))
    if shift < 1 - GATE_BITS:
        return None
    most = min(int(LARGEST_STATE * 2.0**shift), LARGEST_WORD)
    return Units(
        word,
        given,
        candidate=Cut.of(function, word, WORDS),
        activation=Cut.of(function, word, (-most, most)),
        shift=shift,
        first=0,
    )


def shared(functions: Functions, where: Places, ranges: Ranges) -> Units | None:
    """Return the gates' table for the candidate and for c; None where these have others."""
    activation, seen = functions.activation, (ranges["candidate"], ranges["c"])
    step = where.step / 2
    largest = max(1.0, *map(abs, widened(ranges["c"], TABLE_MARGIN)))
    word = 2.0 ** -math.floor(math.log2(LARGEST_WORD / largest))
    if step < 2 * word or not all(shares(functions.gate, activation, where, limits) for limits in seen):
        return None
    gate, unit = where.gates(functions.gate), 2 / ONE
    return Units(
        word,
        given=2 * unit,
        candidate=stretched(gate, max(round(unit / word), 1), "candidate"),
        activation=stretched(gate),
        shift=round(math.log2(step / word)),
        first=TABLE_SIZE // 2,
    )


def own(functions: Functions, ranges: Ranges) -> Units:
    """Return tables over the ranges of the candidate and of c."""
    activation = functions.activation
    peak = float(np.abs(activation(np.linspace(*widened(ranges["c"], TABLE_MARGIN), 4096))).max())
    given = power_of_two_for((peak or 1.0) / LARGEST_STATE, "state")
    # The candidate is in the same units, and may be larger than all that c comes to.
    peak = float(np.abs(activation(np.linspace(*widened(ranges["candidate"], TABLE_MARGIN), 4096))).max())
    largest = max(peak, *map(abs, widened(ranges["c"], TABLE_MARGIN))) or 1.0
    # The finest unit that 16 bits allow, made coarser, by less than 2, for the table to have all its entries.
    read = places(activation, ranges["c"])
    width = read.step * (read.size - 1)
    step = width / (READ_SIZE - 2)
    shift = math.floor(math.log2(max(step * LARGEST_WORD / largest, 2.0)))
    word = scale_for(max(step * 2.0**-shift, largest / LARGEST_WORD), "cell state")
    multiple = 2 ** math.ceil(math.log2(max(peak / (LARGEST_STATE * word), 1.0)))
    step = word * 2.0**shift
    first = round(-read.start / step)
    candidates = places(activation, ranges["candidate"])
    return Units(
        word,
        given,
        candidate=candidates.tabulate(activation, word, multiple=multiple, name="candidate"),
        activation=Places(-first * step, step, READ_SIZE).tabulate(activation, given),
        shift=shift,
        first=first,
    )
