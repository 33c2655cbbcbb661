"""What int8 loses of a converted network: its outputs beside those in real numbers, and beside right answers."""

from __future__ import annotations

import math

import numpy as np

from rnnexp.conversion.candidates import Candidate
from rnnexp.conversion.samples import Samples
from rnnexp.errors import UserError
from rnnexp.network.lengths import real
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
    truth = _truth(samples, exact, counted)
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
    squares = [np.square(values - truth) for values in (made, exact)]
    gap, robust = (float(of(squares[0]) - of(squares[1])) / variance for of in (np.mean, np.median))
    return found.model_copy(update={"gap": gap, "robust_gap": robust})


def _truth(samples: Samples, outputs: np.ndarray, counted: np.ndarray) -> np.ndarray | None:
    """Return right classes, integers, or right values, a row for each answer that counts.

    Raises:
        UserError: if they do not fit the outputs ``[n, outputs]`` or ``[n, steps, outputs]``.
    """
    if samples.y is None:
        return None
    y = np.asarray(samples.y)
    if y.shape == (*outputs.shape[:-1], 1) and outputs.shape[-1] > 1:
        y = y[..., 0]
    classes = max(outputs.shape[-1], 2)
    if y.dtype.kind in "iub" and y.shape == outputs.shape[:-1]:
        if y.size and (y.min() < 0 or y.max() >= classes):
            raise UserError(
                f"{samples.name} has y from {y.min()} to {y.max()}, the model has classes 0 to {classes - 1}"
            )
        return y[counted]
    if y.shape == outputs.shape:
        one_of = y.dtype.kind in "iub" or (
            outputs.shape[-1] > 1 and bool(np.all((y == 0) | (y == 1)) and np.all(y.sum(-1) == 1))
        )
        if one_of and outputs.shape[-1] > 1:
            return y[counted].argmax(axis=-1)
        return y[counted].astype(np.float64) if y.dtype.kind == "f" else y[counted][..., 0]
    if y.dtype.kind == "f" and (*y.shape, 1) == outputs.shape:
        return y[counted][..., None].astype(np.float64)
    raise UserError(
        f"{samples.name} has y {list(y.shape)} of {y.dtype}: right are classes {list(outputs.shape[:-1])}, integers, "
        f"or values {list(outputs.shape)}"
    )


def _classes(probabilities: np.ndarray) -> np.ndarray:
    if probabilities.shape[-1] == 1:
        return (probabilities[..., 0] > 0.5).astype(np.int64)
    return probabilities.argmax(axis=-1)


def _chosen(outputs: np.ndarray, *, softmax: bool) -> np.ndarray:
    """Return the class of outputs before any softmax."""
    if outputs.shape[-1] > 1:
        return outputs.argmax(axis=-1)
    return (outputs[..., 0] > (0.0 if softmax else 0.5)).astype(np.int64)
