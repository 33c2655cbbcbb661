"""Sequences to convert with: what the calibration data shows, and what the evaluation data tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnexp import numpy_files
from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays
from rnnexp.network.graph.graph import Graph
from rnnexp.network.lengths import Padding, at_the_start

KEYS = ("x", "y", "lengths")


@dataclass(frozen=True)
class Samples:
    """Sequences, and what is known of them.

    Attributes:
        name: where they are from, for messages.
        x: float ``[n, time, features]``, or words, integers ``[n, time]``.
        y: right answers, or None.
        lengths: real steps of each, ``[n]``, or None where all are; padding is at the end.
        padding: where the user's data has it.
        raw: the inputs as they were given, padding and all: what the framework is asked with.
    """

    name: str
    x: np.ndarray
    y: np.ndarray | None = None
    lengths: np.ndarray | None = None
    padding: Padding = ""
    raw: np.ndarray | None = None

    def rows(self, rows: np.ndarray) -> Samples:
        """Return some of them."""
        y, lengths, raw = (None if values is None else values[rows] for values in (self.y, self.lengths, self.raw))
        return replace(self, x=self.x[rows], y=y, lengths=lengths, raw=raw)

    def with_inputs(self, x: np.ndarray) -> Samples:
        """Return the same with other inputs."""
        return replace(self, x=x)


def load(path: Path, flag: str) -> Samples:
    """Return the samples in a ``.npz`` with ``x`` (and ``y``, ``lengths``), or in a ``.npy`` that is ``x``.

    Args:
        path: of the file.
        flag: of the command line that names it, for messages.

    Raises:
        UserError: if there is no such file, or it holds something else.
    """
    if path.suffix == ".npy":
        try:
            found = numpy_files.load(path)
        except FileNotFoundError:
            raise UserError(f"{flag}: there is no file {path}") from None
        except numpy_files.UnreadableError as error:
            raise UserError(f"{flag}: {path} cannot be read as a plain array: {error}") from None
        if not isinstance(found, np.ndarray):
            raise UserError(f"{flag}: {path} is a file of several arrays; call it .npz")
        return Samples(flag, found)
    found = arrays.read(path)
    if "x" not in found and len(found) == 1:
        found = {"x": next(iter(found.values()))}
    if "x" not in found:
        raise UserError(f"{flag}: {path} has no 'x', the inputs [n, time, features]; it has {arrays.listed(found)}")
    others = [key for key in found if key not in KEYS]
    if others:
        raise UserError(f"{flag}: {path} has {arrays.listed(others)}; what is read is x, y and lengths")
    return Samples(flag, found["x"], found.get("y"), found.get("lengths"))


def fitting(samples: Samples, graph: Graph, steps: int | None) -> Samples:
    """Return samples as a network takes them.

    Args:
        samples: as loaded.
        graph: the network.
        steps: of a sequence, where the user says it; longer ones are cut into sequences of so many.

    Raises:
        UserError: if they are of another kind, naming their shape and that which is needed.
    """
    x, name = np.asarray(samples.x), samples.name
    wanted = "[n, time] words" if graph.words else f"[n, time, {graph.features}]"
    if x.dtype.kind not in "biuf":
        raise UserError(f"{name} has x of type {x.dtype}, not numbers")
    if graph.words and x.ndim == 3 and x.shape[2] == 1:
        x = x[:, :, 0]
    if not graph.words and x.ndim == 2 and graph.features == 1:
        x = x[:, :, None]
    if not graph.words and x.ndim == 4 and int(np.prod(x.shape[2:])) == graph.features:
        # Several channels of a spectrum, which the graph takes in one row.
        x = x.reshape(*x.shape[:2], -1)
    if x.ndim != (2 if graph.words else 3) or not x.size or (not graph.words and x.shape[2] != graph.features):
        raise UserError(f"{name} has x {list(x.shape)}, the model takes {wanted}")
    if graph.words:
        if x.dtype.kind == "f" and np.any(x != np.rint(x)):
            raise UserError(f"{name} has x with fractions, the model takes {wanted}: whole numbers")
        x = x.astype(np.int64)
    else:
        x = x.astype(np.float64)
        bad = np.argwhere(~np.isfinite(x))
        if len(bad):
            raise UserError(f"{name}: x{bad[0].tolist()} is {x[tuple(bad[0])]:g}: {len(bad)} numbers are not finite")
    if samples.y is not None and np.shape(samples.y)[:1] != x.shape[:1]:
        raise UserError(f"{name} has y {list(np.shape(samples.y))} for x {list(x.shape)}: an answer for each sequence")
    samples = _of_steps(replace(samples, x=x), graph, steps)
    return _with_lengths(replace(samples, raw=samples.x), graph)


def _of_steps(samples: Samples, graph: Graph, steps: int | None) -> Samples:
    """Return sequences of as many steps as the network takes."""
    fixed, time = graph.steps, samples.x.shape[1]
    if fixed and steps and steps != fixed:
        raise UserError(f"--steps is {steps}, and the model takes sequences of {fixed} steps")
    wanted = fixed or steps or time
    if wanted == time:
        return samples
    if wanted > time or fixed or samples.lengths is not None:
        raise UserError(f"{samples.name} has x {list(samples.x.shape)}: sequences of {time} steps, not of {wanted}")
    pieces = time // wanted
    x = samples.x[:, : pieces * wanted].reshape(len(samples.x) * pieces, wanted, *samples.x.shape[2:])
    if samples.y is not None:
        raise UserError(f"{samples.name} has y of sequences of {time} steps: with --steps {wanted} they are other ones")
    return replace(samples, x=x)


def _with_lengths(samples: Samples, graph: Graph) -> Samples:
    """Return samples whose lengths are those that the network's mask says, with their padding at the end."""
    x, lengths = samples.x, samples.lengths
    if lengths is not None:
        lengths = np.asarray(lengths)
        if lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
            raise UserError(
                f"{samples.name} has lengths {list(lengths.shape)} of {lengths.dtype}, not a number of steps each"
            )
        if lengths.min() < 1 or lengths.max() > x.shape[1]:
            raise UserError(
                f"{samples.name} has lengths from {lengths.min()} to {lengths.max()}, not 1 to {x.shape[1]}"
            )
    if graph.masking is None:
        return samples if lengths is None else replace(samples, lengths=lengths, padding="end")
    counts, padding = graph.masking.lengths(x, lengths, samples.name)
    return replace(samples, x=at_the_start(x, counts, padding), lengths=counts, padding=padding)


def outside(samples: Samples, calibration: Samples) -> float:
    """Return the share of inputs that lie outside of what the calibration data showed of their feature."""
    if samples.x.ndim == 2:
        return float(np.mean(~np.isin(samples.x, calibration.x)))
    low, high = calibration.x.min(axis=(0, 1)), calibration.x.max(axis=(0, 1))
    margin = 1e-9 * np.maximum(np.abs(low), np.abs(high))
    return float(np.mean((samples.x < low - margin) | (samples.x > high + margin)))
