"""What every data set loads into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from rnnexp.datasets.listening import Listening
from rnnexp.network.lengths import without_padding
from rnnexp.network.sampling import spread
from rnnexp.preprocessing.cutting import Cutting
from rnnexp.preprocessing.input_map import AS_IT_IS, InputMap
from rnnexp.preprocessing.series_columns import SeriesColumns

Task = Literal["regression", "memory", "classification"]
# When a network answers: once after the last step of the sequence, at every step of it, or in steps after it.
Answers = Literal["once", "every step", "after the sequence"]
# In place of a class number: this step is not asked for, and counts nowhere.
IGNORED = -1


@dataclass(frozen=True)
class Split:
    """One part of a data set, in the numbers that the network sees.

    Attributes:
        x: ``[n, time, features]`` float32; of large data sets also int16 or float16, which stand for the same numbers
            in less memory, and may be memory-mapped.
        y: ``[n, outputs]`` float32, or class numbers int32: ``[n]``, or ``[n, time]`` where there is one at every step,
            or ``[n, steps]`` where an answer of so many comes after the sequence. ``IGNORED`` are steps that count
            nowhere; at every step, loading makes those of padding so.
        offset: ``[n, 1 or outputs]``, and
        scale: the same: the data's own units are ``offset + scale * y``. Not used for classes.
        target: ``[n, outputs]`` in the data's own units, where ``to_units(y)`` is these but for float32's rounding.
        lengths: ``[n]``, integers from 1 to ``time``: the real steps of each sequence of ``x``, after which there is
            padding, of any values; None: all steps are real.
    """

    x: np.ndarray
    y: np.ndarray
    offset: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))
    scale: np.ndarray = field(default_factory=lambda: np.ones((1, 1)))
    target: np.ndarray | None = None
    lengths: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    def some(self, most: int) -> Split:
        """Return at most that many rows of this part, spread evenly: the first ones of a series are its oldest."""
        if len(self) <= most:
            return self
        rows = spread(len(self), most)
        x, y = self.x[rows], self.y[rows]
        target, lengths = (None if values is None else values[rows] for values in (self.target, self.lengths))
        offset, scale = (values if len(values) == 1 else values[rows] for values in (self.offset, self.scale))
        return Split(x, y, offset, scale, target, lengths)

    @property
    def real_x(self) -> np.ndarray:
        """The inputs without padding: ``[n, time, features]``, or all steps ``[steps, features]``."""
        return without_padding(self.x, self.lengths)

    @property
    def step_labels(self) -> np.ndarray:
        """The class numbers at all real steps, ``[steps]``, where there is one at every step."""
        return without_padding(self.y, self.lengths).reshape(-1)

    def to_units(self, values: np.ndarray) -> np.ndarray:
        """Map targets or predictions ``[n, outputs]`` back to the data's own units, in float64."""
        return self.offset + self.scale * np.asarray(values, np.float64)

    def from_units(self, values: np.ndarray) -> np.ndarray:
        """Map the data's own units ``[n, outputs]`` to targets: the reverse of ``to_units``."""
        return (np.asarray(values, np.float64) - self.offset) / self.scale


@dataclass(frozen=True)
class Continuation:
    """What closed-loop generation starts from, and what it is compared with, in the data's own units.

    Attributes:
        window: ``[time]``, the values just before the evaluation part.
        truth: ``[steps]``, the values that come after them; none for no generation.
        beside: ``[time + steps, features]``, what else is an input at each of these steps, and known before.
        baselines: of what takes no model: name -> ``[steps]``.
        times: when all of these values are, ``[time + steps]`` datetime64[ns]; None where that is not known.
    """

    window: np.ndarray
    truth: np.ndarray
    beside: np.ndarray | None = None
    baselines: Mapping[str, np.ndarray] = field(default_factory=dict)
    times: np.ndarray | None = None


@dataclass(frozen=True)
class Past:
    """A series as a whole, for what is predicted from all that came before.

    Attributes:
        values: ``[n]``, in the data's own units.
        first_held_out: the number of the first value that training must not see.
        evaluated: the number of the first value that each row of the evaluation part asks for, ``[n]``.
        periods: lengths of the seasons that it may have, in values, the shortest first.
    """

    values: np.ndarray
    first_held_out: int
    evaluated: np.ndarray
    periods: tuple[int, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A data set, split, normalised and with the predictions that any model must beat.

    Attributes:
        name: as the user wrote it.
        task: what is asked of the network.
        train: the part to learn from.
        validation: the part to watch while learning; the same object as ``train`` where a task has no split.
        evaluation: the part that the report's metrics are of: the validation part, or a separate test part where
            the validation part was used to choose among epochs.
        evaluation_part: its name in the report.
        evaluation_times: of the first value that each row of it asks for, ``[n]`` datetime64[ns]; None: not known.
        baselines: of what takes no model: name -> predictions for the evaluation part: own units ``[n, outputs]``, or
            class probabilities ``[n, classes]`` or ``[n, time, classes]``.
        outputs: predicted values, or classes; 1 for two classes: the probability of the second one.
        source: where the data is from.
        units: of the targets, for people to read.
        normalization: how inputs and targets were normalised, for people to read.
        answers: when the network answers.
        input_map: how inputs were normalised, for programs.
        cutting: of recordings, how they became sequences.
        input_scale: inputs divided by this are about 1 at most; the network trains at that scale.
        output_scale: the same for the targets.
        naive_at_zero: whether outputs of 0 are a forecast in themselves, from which training starts.
        class_names: for classification.
        defaults: settings that suit this data set, for those that the user left to be automatic.
        notes: what a reader of the results must know.
        warnings: what is likely to be a mistake in the data, or in what was chosen of it.
        continuation: of a series, for closed-loop generation.
        origins: of a series, steps of the evaluation part that closed-loop generation is judged from.
        pasts: of a series, the whole of it: of each column that is predicted.
        error_units: of values of several units: what the errors of each are counted in where all of them are added up,
            ``[outputs]``; None: they have the same.
        columns: of a series, what features and outputs are.
        shown: of a series, a few sequences of the evaluation part in the data's own units, ``[n, time, features]``.
        floors: the names of those baselines that know more than any model can, and so are not there to be beaten.
        calibration: inputs ``[n, time, features]`` that int8 has to cover as well as those of the training part, where
            it is known that more is to come.
        listening: of a network that listens without a break, what it is to find words in.
        augment: makes the inputs of the training part, distorted at random, for one epoch; None to train on them as
            they are.
    """

    name: str
    task: Task
    train: Split
    validation: Split
    evaluation: Split
    baselines: Mapping[str, np.ndarray]
    outputs: int
    source: str
    units: str
    normalization: str
    answers: Answers = "once"
    input_map: InputMap = AS_IT_IS
    cutting: Cutting | None = None
    evaluation_part: str = "validation part"
    evaluation_times: np.ndarray | None = None
    input_scale: float = 1.0
    output_scale: float = 1.0
    naive_at_zero: bool = False
    class_names: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    continuation: Continuation | None = None
    origins: tuple[Continuation, ...] = ()
    pasts: tuple[Past, ...] = ()
    error_units: np.ndarray | None = None
    columns: SeriesColumns | None = None
    shown: np.ndarray | None = None
    floors: tuple[str, ...] = ()
    calibration: np.ndarray | None = None
    listening: Listening | None = None
    augment: Callable[[np.random.Generator], np.ndarray] | None = None

    @property
    def every_step(self) -> bool:
        """Whether an answer has several steps, and not only one after the last of the sequence."""
        return self.answers != "once"

    @property
    def variable_length(self) -> bool:
        """Whether sequences have different lengths."""
        return self.train.lengths is not None

    @property
    def ignores(self) -> bool:
        """Whether there are labels that count nowhere."""
        parts = (self.train, self.validation, self.evaluation)
        return any(np.issubdtype(part.y.dtype, np.integer) and bool((part.y < 0).any()) for part in parts)

    @property
    def answer_steps(self) -> int:
        """The steps in which a decoder answers after the sequence; 0 where the answer comes with it."""
        return self.train.y.shape[1] if self.answers == "after the sequence" else 0

    def with_some_evaluation(self, most: int) -> Dataset:
        """Return the data set with at most that many rows of the evaluation part, spread evenly."""
        if len(self.evaluation) <= most:
            return self
        rows = spread(len(self.evaluation), most)
        baselines = {name: values[rows] for name, values in self.baselines.items()}
        pasts = tuple(replace(past, evaluated=past.evaluated[rows]) for past in self.pasts)
        times = None if self.evaluation_times is None else self.evaluation_times[rows]
        return replace(
            self, evaluation=self.evaluation.some(most), baselines=baselines, pasts=pasts, evaluation_times=times
        )
