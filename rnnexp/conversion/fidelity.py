"""What int8 loses of a converted network: its outputs beside those in real numbers, and beside right answers."""

from __future__ import annotations

import math

import numpy as np

from rnnexp.conversion.candidates import Candidate
from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError
from rnnexp.network.lengths import at_the_start, real
from rnnexp.quantization import reference
from rnnexp.report import evaluation
from rnnexp.report.conversion.content import Fidelity


def measure(candidate: Candidate, samples: Samples) -> Fidelity:
    """Return the figures on samples.

    Raises:
        UserError: if their right answers do not fit the network's outputs.
    """
    network, integers = candidate.network, candidate.integers
    x, lengths = candidate.inputs(samples.x), samples.lengths
    exact, made = network.run(x, lengths=lengths), reference.outputs(integers, x, lengths)
    counted = np.ones(exact.shape[:-1], bool)
    if network.architecture.answers_each_step and lengths is not None:
        counted = real(lengths, exact.shape[1])
    truth = _truth(samples, exact, counted, softmax=integers.softmax)
    exact, made = exact[counted], made[counted]
    error = float(np.sqrt(np.mean(np.square(made - exact))))
    rounding = integers.output.scale / math.sqrt(12.0)
    found = Fidelity(error=error, rounding=rounding, ratio=error / rounding, largest=float(np.abs(made - exact).max()))
    if integers.softmax:
        both = [evaluation.probabilities(values) for values in (exact, made)]
        classes = [_classes(values) for values in both]
        update = {
            "largest_probability": float(np.abs(both[1] - both[0]).max()),
            "same_class": float(np.mean(classes[0] == classes[1])),
        }
        found = found.model_copy(update=update)
    if truth is None:
        return found
    if truth.dtype.kind in "iub":
        right = {
            kind: float(np.mean(_chosen(values, softmax=integers.softmax) == truth))
            for kind, values in (("float", exact), ("int8", made))
        }
        same = np.mean(_chosen(exact, softmax=integers.softmax) == _chosen(made, softmax=integers.softmax))
        return found.model_copy(update={"accuracy": right, "same_class": float(same)})
    variance = float(np.var(truth)) or 1.0
    if integers.softmax:
        made, exact = evaluation.probabilities(made), evaluation.probabilities(exact)
    squares = [np.square(values - truth) for values in (made, exact)]
    gap, robust = (float(of(squares[0]) - of(squares[1])) / variance for of in (np.mean, np.median))
    return found.model_copy(update={"gap": gap, "robust_gap": robust})


def _truth(samples: Samples, outputs: np.ndarray, counted: np.ndarray, *, softmax: bool) -> np.ndarray | None:
    """Return right classes, integers, or right values, a row for each answer that counts.

    Raises:
        UserError: if they do not fit the outputs ``[n, outputs]`` or ``[n, steps, outputs]``.
    """
    if samples.y is None:
        return None
    y, width = np.asarray(samples.y), outputs.shape[-1]
    if y.ndim > 3 and outputs.ndim == 3 and y.size == outputs.size:
        # Several channels of a step, which go out in one row.
        y = y.reshape(outputs.shape)
    if outputs.ndim == 3 and y.shape[:2] == outputs.shape[:2]:
        # Answers are beside their inputs, which have been moved.
        y = at_the_start(y, samples.lengths, samples.padding)
    numbers = y.dtype.kind in "iubf"
    if numbers and not np.isfinite(y[counted] if y.shape[: counted.ndim] == counted.shape else y).all():
        raise UserError(f"{samples.name} has y with numbers that are not finite")
    if numbers and (y.shape == outputs.shape or (width == 1 and y.shape == outputs.shape[:-1])):
        return _of_each_output(samples, y.reshape(outputs.shape)[counted], softmax=softmax)
    if numbers and y.shape in (outputs.shape[:-1], (*outputs.shape[:-1], 1)):
        classes = y.reshape(outputs.shape[:-1])[counted]
        if y.dtype.kind != "f" or np.array_equal(classes, np.rint(classes)):
            return _checked(samples, classes.astype(np.int64), width)
    raise UserError(
        f"{samples.name} has y {list(y.shape)} of {y.dtype}: right are classes {list(outputs.shape[:-1])}, integers, "
        f"or values {list(outputs.shape)}"
    )


def _of_each_output(samples: Samples, y: np.ndarray, *, softmax: bool) -> np.ndarray:
    """Return classes for numbers of each output ``[answers, outputs]`` that say them, and else the numbers.

    Raises:
        UserError: if there are no such classes.
    """
    whole, width = y.dtype.kind in "iub", y.shape[-1]
    either = bool(np.all((y == 0) | (y == 1)))
    if width > 1:
        # Several labels at once are no class.
        return y.argmax(axis=-1) if either and bool(np.all(y.sum(axis=-1) == 1)) else y.astype(np.float64)
    if softmax and whole:
        return _checked(samples, y[..., 0].astype(np.int64), 2)
    return y[..., 0].astype(np.int64) if either and (softmax or whole) else y.astype(np.float64)


def _checked(samples: Samples, classes: np.ndarray, count: int) -> np.ndarray:
    """Return classes if all of them are there.

    Raises:
        UserError: if not.
    """
    if classes.size and (classes.min() < 0 or classes.max() >= count):
        raise UserError(
            f"{samples.name} has y from {classes.min()} to {classes.max()}, the model has classes 0 to {count - 1}"
        )
    return classes


def _classes(probabilities: np.ndarray) -> np.ndarray:
    if probabilities.shape[-1] == 1:
        return (probabilities[..., 0] > 0.5).astype(np.int64)
    return probabilities.argmax(axis=-1)


def _chosen(outputs: np.ndarray, *, softmax: bool) -> np.ndarray:
    """Return the class of outputs before any softmax."""
    if outputs.shape[-1] > 1:
        return outputs.argmax(axis=-1)
    return (outputs[..., 0] > (0.0 if softmax else 0.5)).astype(np.int64)
