"""What a model is, in the words of its header: what it was trained on, what its inputs and outputs are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from rnnexp.formats.about import About
from rnnexp.preprocessing.cutting import Cutting
from rnnexp.preprocessing.detector import Detector
from rnnexp.preprocessing.input_map import Characters, InputMap, RawSound, SpectralSound, Standardized
from rnnexp.preprocessing.numeric_maps import (
    Change,
    ColumnMap,
    Columns,
    Difference,
    Differences,
    TrainingRange,
    WindowChange,
    WindowRange,
)
from rnnexp.preprocessing.series_columns import SeriesColumns


def of(about: About) -> Iterator[str]:
    """Yield sentences, or names with what they stand for."""
    said = about.to_json()
    named = ["version", "task", "dataset", "structure", "activation", "time_steps", "units"]
    yield from (f"{name.replace('_', ' ')}: {_printable(str(said[name]))}" for name in named if said.get(name))
    if about.activation == "custom":
        yield f"largest value of the activation: {about.max_value:.9g}"
    if about.every_step:
        yield "There is an output after every step."
    if about.answer_steps:
        yield f"There are {about.answer_steps} outputs, one after the other, after a sequence."
    if about.linear_path:
        yield "All inputs also go to the outputs directly: a linear path."
    if about.padding:
        yield "Sequences can be shorter."
    if about.words:
        yield f"Inputs are numbers of words, 0 to {about.words - 1}."
    else:
        yield from _of_map(about.input_map)
    if about.columns is not None:
        yield from _of_columns(about.columns)
    if about.recordings is not None:
        yield from _of_recordings(about.recordings)
    if about.classes:
        yield f"Classes: {_listed(f'{number} {name}' for number, name in enumerate(about.classes))}."
    if about.detector:
        yield from _of_detector(about.detector)


def _of_map(input_map: InputMap) -> Iterator[str]:
    """Yield how inputs are made, and predictions of outputs."""
    if isinstance(input_map, Characters):
        yield f"Inputs are characters, one-hot, in this order from the first on: {_printable(input_map.characters)}"
    elif isinstance(input_map, RawSound | SpectralSound):
        what = "samples" if isinstance(input_map, RawSound) else f"{input_map.kind} features"
        yield f"Inputs are {what} of sound: {_numbers(input_map.to_json())}."
    elif isinstance(input_map, Standardized):
        yield (
            "Inputs are values less their means in the training part, by their deviations there: means "
            f"{_listed(input_map.mean)}; deviations {_listed(input_map.deviation)}."
        )
        if input_map.samples_per_step > 1:
            yield f"The features of a time step are {input_map.samples_per_step} samples, one after the other."
        if input_map.target is not None:
            yield f"A prediction is {input_map.target.offset:.9g} + {input_map.target.scale:.9g} * output."
    elif isinstance(input_map, Columns):
        number = 1
        for text, alike in groupby(map(_of_column, input_map.columns)):
            last = number + len(list(alike)) - 1
            yield f"{f'Feature {number}' if last == number else f'Features {number} to {last}'}: {text}."
            number = last + 1
    else:
        yield f"Inputs: {_of_column(input_map)}."


def _of_column(column: ColumnMap) -> str:
    """Return how a feature is made of its values."""
    if isinstance(column, TrainingRange):
        minimum, width = (
            _listed(numbers if isinstance(numbers, tuple) else [numbers]) for numbers in (column.minimum, column.range)
        )
        return (
            f"(value - minimum) / range * {column.to:.9g}, of the training part's minimum {minimum} and range {width}"
        )
    if isinstance(column, WindowRange):
        return (
            "each window's values less their minimum, by their range, times "
            f"{column.to:.9g}; of a flat window the range is {column.flat_range:.9g}"
        )
    if not isinstance(column, Differences):
        return "the values as they are"
    from_ = (
        "changes from each time step to the next"
        if isinstance(column, Change | WindowChange)
        else ("differences from the window's last value")
    )
    if isinstance(column, Difference | Change):
        by = f"{column.range:.9g}"
    else:
        own = "largest one" if isinstance(column, WindowChange) else "range"
        by = f"the window's own {own}; where that is 0, {column.flat_range:.9g} has its place"
    target = "the last value"
    if column.season is not None:
        target += f", and the change of the season before, of {column.season} time steps, since then"
    return f"{from_}, times {column.to:.9g} by {by}; predicted is the difference from {target}, in the same units"


def _of_columns(columns: SeriesColumns) -> Iterator[str]:
    """Yield what the features of a series are, and what is predicted."""
    names = [*columns.targets, *columns.inputs]
    cycles = [f"{part} of the {cycle}" for cycle in columns.calendar for part in ("sine", "cosine")]
    yield f"The features of a time step are {_listed([*map(repr, names), *cycles])}."
    if cycles:
        yield "Sine and cosine are those of the time step after the one that they stand beside."
    ahead = f" of the next {columns.horizon} time steps, one after the other" if columns.horizon > 1 else " of the next"
    yield f"Outputs are {_listed(map(repr, columns.targets))}{ahead}{'' if columns.horizon > 1 else ' time step'}."
    if columns.step:
        yield f"From one time step to the next it is {columns.step}."


def _of_recordings(cutting: Cutting) -> Iterator[str]:
    """Yield how recordings become sequences."""
    if cutting.columns:
        yield f"The numbers of a sample are {_listed(map(repr, cutting.columns))}."
    if cutting.window:
        yield f"A sequence is a window of {cutting.window} samples, every {cutting.stride or cutting.window}."
    elif cutting.longest:
        yield f"A sequence is a recording; of longer ones, it is the first {cutting.longest} samples."


def _of_detector(detector: Detector) -> Iterator[str]:
    """Yield when a word was heard."""
    but = "" if detector.background is None else f", but {detector.background},"
    yield (
        f"The state is carried for ever. A word was heard where the mean probability of the last {detector.smoothed} "
        f"steps of a class{but} passes {detector.threshold:.9g}: the class of the largest mean from there to "
        f"{detector.waited} steps later; then none for {detector.quiet} steps, "
        "and not the same one before its mean has fallen. The functions of the detector, at the end, do that."
    )
    if detector.others is not None:
        yield f"Class {detector.others} is heard like the others, and stands for no word that is asked for."


def _numbers(said: dict[str, Any]) -> str:
    """Return names and numbers as text."""
    texts = {
        name.replace("_", " "): _listed(value) if isinstance(value, list | tuple) else str(value)
        for name, value in said.items()
        if name != "kind"
    }
    return "; ".join(f"{name} {text}" for name, text in texts.items())


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(_printable(item) if isinstance(item, str) else f"{item:.9g}" for item in items)


def _printable(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode()
