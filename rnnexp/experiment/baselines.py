"""The stage of a run that asks the simple models of the same inputs, so that the network stands beside the best one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np

from rnnexp.baselines.logistic_regression import logistic_regression
from rnnexp.baselines.neighbours import nearest, nearest_warped
from rnnexp.baselines.smoothing import smoothing
from rnnexp.datasets import Dataset, Split
from rnnexp.datasets.dataset import Past
from rnnexp.datasets.support.ridge import LinearModel, ridge

# Numbers that a model learns from, at most: of a larger training part it gets sequences spread evenly over it.
MOST_NUMBERS = 2**22
# What takes less than about 10 seconds on one core: multiplications of Euclidean distances, and of warpings.
EUCLIDEAN_WORK, WARPING_WORK = 2**36, 2**29


@dataclass(frozen=True)
class SimpleModels:
    """What the simple models predict for the evaluation part.

    Attributes:
        predictions: name -> own units ``[n, outputs]``, or class probabilities ``[n, classes]``.
        notes: name -> why there is none of it, or how much of the training part it has learned from.
    """

    predictions: dict[str, np.ndarray] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def ask(self, name: str, predict: Callable[[], np.ndarray], note: str = "") -> None:
        """Add a model's predictions and a note on them, or why it makes none."""
        try:
            self.predictions[name] = predict()
        except (ValueError, ArithmeticError) as error:
            note = f"none: {error}"
        if note:
            self.notes[name] = note


class Background:
    """Asks the simple models while the run waits for something else; leaving the context waits for them.

    Args:
        dataset: what they learn from and are asked about.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._asked = self._pool.submit(ask, dataset)

    def __enter__(self) -> Background:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()

    def answers(self) -> SimpleModels:
        """Return what they predict."""
        return self._asked.result()


def ask(dataset: Dataset) -> SimpleModels:
    """Let the simple models for a task learn from the training part, and predict the evaluation part."""
    models = SimpleModels()
    if dataset.every_step:
        models.notes["simple models"] = "none: the answer has several steps, and they give one"
    elif dataset.task == "classification":
        _classify(dataset, models)
    else:
        _predict(dataset, models)
    return models


def linear_model(dataset: Dataset) -> LinearModel:
    """Return the ridge regression of the training part, at unit scale: a baseline, and what a linear path starts at."""
    train = _some(dataset)
    return ridge(_flat(train.x, dataset.input_scale), train.y / dataset.output_scale)


def left_by(model: LinearModel, dataset: Dataset) -> float:
    """Return the root mean square of what a linear model leaves of the training part's targets, at unit scale."""
    train = _some(dataset)
    found = model.predict(_flat(train.x, dataset.input_scale))
    return float(np.sqrt(np.mean((train.y / dataset.output_scale - found) ** 2)))


def asked(model: LinearModel, dataset: Dataset) -> np.ndarray:
    """Return what a linear model at unit scale predicts for the evaluation part, as a network would."""
    return model.predict(_flat(dataset.evaluation.x, dataset.input_scale)) * dataset.output_scale


def _predict(dataset: Dataset, models: SimpleModels) -> None:
    """Ask those that predict values."""
    part, pasts = dataset.evaluation, dataset.pasts

    def ask_ridge() -> np.ndarray:
        return part.to_units(asked(linear_model(dataset), dataset))

    models.ask("ridge", ask_ridge, _share(_some(dataset), dataset))
    if pasts:
        models.ask("ETS", lambda: _smooth(pasts, part.y.shape[1] // len(pasts)))


def _smooth(pasts: Sequence[Past], horizon: int) -> np.ndarray:
    """Return what exponential smoothing of each column by itself predicts, step after step the columns.

    Raises:
        ValueError: if one cannot be fitted.
    """
    return np.stack([smoothing(past, horizon) for past in pasts], axis=2).reshape(len(pasts[0].evaluated), -1)


def _classify(dataset: Dataset, models: SimpleModels) -> None:
    """Ask those that tell classes apart."""
    train, asked, classes = _some(dataset), dataset.evaluation.x, len(dataset.class_names)
    x, flat = (_flat(part, dataset.input_scale) for part in (train.x, asked))
    work = x.size * len(asked)
    share = _share(train, dataset)
    models.ask("logistic regression", lambda: logistic_regression(x, train.y, flat, classes), share)

    def ask_neighbour(name: str, work: float, classify: Callable[[], np.ndarray]) -> None:
        if work > 1:
            models.notes[name] = "none: it would take more than 10 seconds"
        else:
            models.ask(name, lambda: np.eye(classes)[classify()], share)

    ask_neighbour("1-NN Euclid", work / EUCLIDEAN_WORK, lambda: nearest(x, train.y, flat))
    if asked.shape[1] > 1:
        warping = work * asked.shape[1] / WARPING_WORK
        lengths = train.lengths, dataset.evaluation.lengths
        ask_neighbour("1-NN DTW", warping, lambda: nearest_warped(train.x, train.y, asked, *lengths))


def _some(dataset: Dataset) -> Split:
    """Return as much of the training part as a simple model gets."""
    return dataset.train.some(max(MOST_NUMBERS // dataset.train.x[0].size, 1))


def _share(some: Split, dataset: Dataset) -> str:
    """Return, in words, how much of the training part that is; nothing where it is all."""
    whole = len(dataset.train)
    return f"learned from {len(some):,} of the {whole:,} sequences" if len(some) < whole else ""


def _flat(x: np.ndarray, scale: float) -> np.ndarray:
    return x.reshape(len(x), -1).astype(np.float64) / scale
