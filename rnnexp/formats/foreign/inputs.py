"""Which axis of a foreign file's input is the batch, the time, the features: files do not say, so each is tried."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.foreign.axes import OPEN_BATCH, OPEN_STEPS, Atom, Axis, Value, axis
from rnnexp.network.graph.graph import INPUT

# In the order in which they are tried. Without N, a sequence is alone; without F, a step is one number, or a word.
_ORDERS: dict[int, tuple[str, ...]] = {
    1: ("T",),
    2: ("NT", "TN", "TF", "NF"),
    3: ("NTF", "TNF", "NFT"),
    4: ("NCTF", "NCFT", "NTFC", "NFTC"),
}
_WORDS: dict[int, tuple[str, ...]] = {1: ("T",), 2: ("NT", "TN")}
# Of an input's sizes.
MOST_FEATURES, MOST_STEPS = 2**20, 2**28


@dataclass(frozen=True)
class Input:
    """What a file says of its input.

    Attributes:
        name: in the file.
        sizes: of its axes; None where the file leaves one open.
        words: whether it is whole numbers.
    """

    name: str
    sizes: tuple[int | None, ...]
    words: bool


@dataclass(frozen=True)
class Guess:
    """An input with its axes named.

    Attributes:
        name: in the file.
        axes: as ``TNF``, see ``Graph.axes``.
        value: the tensor.
        features: numbers of a step; 0 of words.
        channels: of how many channels a step's numbers are.
        steps: of a sequence, or None where they are open.
        batch: how many sequences the file takes at once, or None where that is open.
        batch_axis: what stands for the batch in tensors, if there is anything.
    """

    name: str
    axes: str
    value: Value
    features: int
    channels: int
    steps: int | None
    batch: int | None
    batch_axis: Atom | None

    def file_input(self, x: np.ndarray) -> np.ndarray:
        """Return inputs ``[n, time, features]``, or words ``[n, time]``, as the file has its axes."""
        letters = "NTFC" if self.features else "NT"
        full = x.reshape(*x.shape[:2], -1, self.channels) if self.features else x
        gone = tuple(n for n, letter in enumerate(letters) if letter not in self.axes)
        left = [letter for letter in letters if letter in self.axes]
        return full.squeeze(gone).transpose([left.index(letter) for letter in self.axes])


def one_step(given: Input) -> list[Input]:
    """Return an input with one of its open sizes, each in turn, as 1: perhaps that of the steps."""
    opened = [n for n, size in enumerate(given.sizes) if size is None]
    return [replace(given, sizes=(*given.sizes[:n], 1, *given.sizes[n + 1 :])) for n in opened]


def guesses(given: Input, where: str, channels_last: bool = False) -> list[Guess]:
    """Return what an input's axes may be, the likelier first.

    Args:
        given: the input.
        where: the file, for messages.
        channels_last: whether the framework usually has channels after time and frequency.

    Raises:
        UserError: if it cannot be that of a network of sequences.
    """
    orders = (_WORDS if given.words else _ORDERS).get(len(given.sizes), ())
    shape = [size or "?" for size in given.sizes]
    if not orders or any(size is not None and not 0 < size <= MOST_STEPS for size in given.sizes):
        raise UserError(f"{where}: its input {given.name!r} has the shape {shape}, not that of sequences")
    found = []
    for order in sorted(orders, key=lambda one: channels_last and one[1] == "C"):
        sizes = dict(zip(order, given.sizes, strict=True))
        if sizes.get("F", 1) is None or sizes.get("C", 1) is None:
            continue
        if (sizes.get("F") or 1) * (sizes.get("C") or 1) <= MOST_FEATURES:
            found.append(_guess(given, order, sizes))
    if not found:
        raise UserError(
            f"{where}: its input {given.name!r} has the shape {shape}, which does not say how many features a step has"
        )
    return found


def _guess(given: Input, order: str, sizes: dict[str, int | None]) -> Guess:
    batch, steps = sizes.get("N", 1), sizes.get("T", 1)
    features, channels = sizes.get("F") or 1, sizes.get("C") or 1
    parts: dict[str, Axis] = {
        "N": axis(OPEN_BATCH if batch is None else batch, "batch", batch is None),
        "T": axis(OPEN_STEPS if steps is None else steps, "time", steps is None),
        "F": axis(features),
        "C": axis(channels),
    }
    layout = (parts["N"], parts["T"], parts["F"] + parts["C"])
    value = Value(INPUT, layout, tuple(parts[letter] for letter in order))
    alone = parts["N"][0] if parts["N"] else None
    return Guess(given.name, order, value, 0 if given.words else features * channels, channels, steps, batch, alone)
