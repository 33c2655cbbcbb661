"""Samples of the user's own, read from a file to be run through an exported model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from rnnexp import files
from rnnexp.commands import array_samples, padding, word_samples
from rnnexp.commands.windows import Samples, read_windows
from rnnexp.datasets import series, tables
from rnnexp.datasets.recordings.arrays import holds_recordings
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.network.words import MOST_WORDS, check_known
from rnnexp.preprocessing import characters, features
from rnnexp.preprocessing import wav as audio
from rnnexp.preprocessing.input_map import Characters, InputMap, RawSound, Sound, SpectralSound
from rnnexp.preprocessing.series_columns import COLUMN, SeriesColumns

# What reads a file, for a model of so many time steps and features.
Reader = Callable[[Path, int, int], Samples]
# What makes a model's inputs ``[n, time, features]`` of clips, int16 ``[n, samples]``, by its input map.
ClipInputs = Callable[[np.ndarray, Sound], np.ndarray]


def read(path: Path, shape: Sequence[int], about: About | None = None) -> Samples:
    """Read samples from a file.

    A .csv or another table is a series, as ``rnnexp.datasets.series`` has it, of which every window is a sample; or a
    .csv has a sample in each row, all numbers of a time step together. A .npy is ``[n, time, features]``, or without
    the dimension of features where there is one, or a series. A .npz has samples of different lengths: ``x``, of any
    number of time steps up to the model's, and ``lengths`` ``[n]``; or it is a series. A .txt is for models of texts,
    and has one in each line. Words are whole numbers, in a .csv with a sequence in each row, or in a .npy or .npz
    ``[n, time]``. Lengths that nobody says are those of the model's mask, if it has one.

    Args:
        path: the file.
        shape: of the model's input without the batch, ``(time, features)``; of words there are no features, 0.
        about: what the model's file says of itself.

    Raises:
        UserError: if the file cannot be read, or does not fit the model.
    """
    about = about or About()
    steps, features = shape
    readers = _readers_of_numbers(path, about, features) if features else _readers_of_words(about)
    if (kind := tables.suffix(path)) not in readers:
        sound = ", or, if of sound, .wav" if features else ""
        raise UserError(f"{path} is not a file that this model can be run on: {', '.join(readers)}{sound}")
    _check_file(path)
    try:
        samples = readers[kind](path, steps, features)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise UserError(f"{path} is larger than the memory") from None
    if not len(samples.values):
        raise UserError(f"{path} holds no sample")
    if about.masking is None:
        samples = padding.filled(samples, steps, path)
    _check_numbers(samples, path, about)
    return samples if about.masking is None else padding.masked(samples, about.masking, steps, path)


def _readers_of_numbers(path: Path, about: About, features: int) -> dict[str, Reader]:
    """Return what reads files, by how their names end, for models of numbers."""
    columns, known = about.columns, alphabet(about, features)
    readers: dict[str, Reader] = dict.fromkeys(files.TABLES, partial(read_windows, columns=columns))
    readers |= {".csv": partial(_read_csv, columns=columns), ".npy": partial(array_samples.read_npy, columns=columns)}
    if tables.suffix(path) == ".npz" and holds_recordings(path):
        readers[".npz"] = array_samples.read_npz
    if known:
        readers[".txt"] = partial(_read_txt, alphabet=known)
    return readers


def _readers_of_words(about: About) -> dict[str, Reader]:
    """Return the same for models of words."""
    csv = partial(word_samples.read_csv, padding=about.padding, masking=about.masking)
    return {".csv": csv, ".npy": array_samples.read_npy, ".npz": array_samples.read_npz}


def _check_numbers(samples: Samples, path: Path, about: About) -> None:
    """Refuse numbers that a model does not take."""
    if samples.values.ndim == 2:
        check_known(samples.values, min(about.words or MOST_WORDS, MOST_WORDS), str(path))
        return
    bad = np.argwhere(~(np.abs(samples.values) <= series.LARGEST_VALUE))
    if len(bad):
        where, value = f"{path}, {samples.heading} {bad[0][0] + samples.first}", samples.values[tuple(bad[0])]
        raise UserError(f"{where}, time step {bad[0][1] + 1}: {value:g} is not a number that can be used")


def alphabet(about: About, features: int) -> str:
    """Return the characters that a model of texts knows, one for each feature; none of another model."""
    known = about.input_map.characters if isinstance(about.input_map, Characters) else ""
    return known if len(known) == features else ""


def is_sound(path: Path) -> bool:
    """Return whether a file is one of sound, by its name."""
    return path.suffix.lower() == ".wav"


def read_wav(path: Path, input_map: InputMap, model: str, *, convert: bool = False) -> tuple[np.ndarray, Sound]:
    """Read sound from a .wav file: int16 ``[n]``, and how inputs are made of it.

    Args:
        path: the file: 16-bit PCM, one channel, 16,000 samples a second.
        input_map: how the model's inputs are made.
        model: its name, for messages.
        convert: whether another form, rate, or number of channels is converted.

    Raises:
        UserError: if the file cannot be used, or the model is not one of sound.
    """
    _check_file(path)
    if not isinstance(input_map, RawSound | SpectralSound):
        raise UserError(
            f"{model} is no model of sound, and {path} is for one: rnnexp run --help lists what others take"
        )
    try:
        return audio.read_wav(path, convert=convert), input_map
    except audio.UnusableClipError as error:
        way_out = "" if convert else "; --resample converts what can be"
        raise UserError(f"{path} cannot be used: {error}. It must be {audio.WANTED}{way_out}") from None


def of_sound(
    samples: np.ndarray, sound: Sound, shape: Sequence[int], model: str, inputs_of: ClipInputs = features.from_map
) -> Samples:
    """Return a second of sound, int16 ``[n]``, as a sample: cut, or padded with zeros, as in training.

    Args:
        samples: of the recording.
        sound: how inputs are made.
        shape: of the model's input without the batch, ``(time, features)``.
        model: its name, for messages.
        inputs_of: what makes the model's inputs of clips.

    Raises:
        UserError: if the model is not one of this.
    """
    try:
        values = inputs_of(audio.one_second(samples)[None], sound)
    except ValueError as error:
        raise UserError(f"{model} says nothing usable about how its inputs are made of sound ({error})") from None
    if values.shape[1:] != tuple(shape):
        raise UserError(f"{model} takes inputs {list(shape)}, but says that sound becomes {list(values.shape[1:])}")
    return Samples(values)


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise UserError(f"there is no file {path}")


def _read_csv(path: Path, steps: int, features: int, *, columns: SeriesColumns | None) -> Samples:
    table = _table(path)
    names = [] if table is None else [str(name).strip() for name in table.iloc[0]]
    if table is None or len(names) == 1 or (columns or SeriesColumns()).targets[0] in names:
        return read_windows(path, steps, features, columns=columns)
    if len(names) != steps * features:
        if not pd.to_numeric(table.iloc[0], errors="coerce").notna().all():
            return read_windows(path, steps, features, columns=columns)
        instead = "" if features > 1 else f", or the file a column {COLUMN!r}"
        raise UserError(
            f"{path} does not fit: its rows have {len(names)} numbers, and a sample has {steps * features} "
            f"({steps} time steps of {features}): a row must have as many{instead}"
        )
    numbers = table.apply(pd.to_numeric, errors="coerce")
    # A first line without any number has the columns' names.
    named = int(numbers.iloc[0].isna().all())
    body = numbers.iloc[named:].to_numpy(np.float64)
    bad = np.argwhere(np.isnan(body))
    if len(bad):
        row, column = bad[0]
        given = table.iloc[row + named, column]
        what = "is empty" if pd.isna(given) else f"is not a number: {given!r}"
        raise UserError(f"{path}, row {row + 1}, column {column + 1}: the value {what}")
    return Samples(body.reshape(-1, steps, features))


def _read_txt(path: Path, steps: int, features: int, *, alphabet: str) -> Samples:  # noqa: ARG001
    try:
        # Blanks around a text mean nothing: it is filled up with them, and on Windows `echo 1+1 > s.txt` leaves one.
        texts = [line.strip(characters.BLANK) for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise UserError(f"{path} is not text in UTF-8") from None
    for line, text in enumerate(texts, 1):
        if not text or len(text) > steps or not set(text) <= set(alphabet):
            raise UserError(f"{path}, line {line}: {text!r} is not 1 to {steps} characters of {alphabet!r}")
    return Samples(characters.one_hot(texts, alphabet, steps), texts=texts)


def _table(path: Path) -> pd.DataFrame | None:
    """Return all fields of a CSV as text, or None for what is none."""
    try:
        return pd.read_csv(path, header=None, dtype=str, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        return None
