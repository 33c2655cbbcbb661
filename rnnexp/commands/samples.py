"""Samples of the user's own, read from a file to be run through an exported model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from rnnexp import files
from rnnexp.commands.windows import Samples, read_windows
from rnnexp.datasets import series, tables
from rnnexp.datasets.recordings.arrays import holds_recordings
from rnnexp.errors import UserError
from rnnexp.formats.npz import arrays
from rnnexp.preprocessing import characters, features
from rnnexp.preprocessing import wav as audio
from rnnexp.preprocessing.input_map import InputMap, RawSound, SpectralSound
from rnnexp.preprocessing.series_columns import COLUMN, SeriesColumns


def read(path: Path, shape: Sequence[int], alphabet: str = "", columns: SeriesColumns | None = None) -> Samples:
    """Read samples from a file.

    A .csv or another table is a series, as ``rnnexp.datasets.series`` has it, of which every window is a sample; or a
    .csv has a sample in each row, all numbers of a time step together. A .npy is ``[n, time, features]``, or without
    the dimension of features where there is one, or a series. A .npz has samples of different lengths: ``x``, of any
    number of time steps up to the model's, and ``lengths`` ``[n]``; or it is a series. A .txt is for models of texts,
    and has one in each line.

    Args:
        path: the file.
        shape: of the model's input without the batch, ``(time, features)``.
        alphabet: the characters that a model of texts knows.
        columns: that a model of series takes, where it says so.

    Raises:
        UserError: if the file cannot be read, or does not fit the model.
    """
    readers: dict[str, Callable[[Path, int, int], Samples]] = dict.fromkeys(
        files.TABLES, partial(read_windows, columns=columns)
    )
    readers |= {".csv": partial(_read_csv, columns=columns), ".npy": partial(_read_npy, columns=columns)}
    if tables.suffix(path) == ".npz" and holds_recordings(path):
        readers[".npz"] = _read_npz
    if alphabet:
        readers[".txt"] = partial(_read_txt, alphabet=alphabet)
    if (kind := tables.suffix(path)) not in readers:
        raise UserError(
            f"{path} is not a file that this model can be run on: {', '.join(readers)}, or, if of sound, .wav"
        )
    _check_file(path)
    steps, features = shape
    try:
        samples = readers[kind](path, steps, features)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise UserError(f"{path} is larger than the memory") from None
    if not len(samples.values):
        raise UserError(f"{path} holds no sample")
    bad = np.argwhere(~(np.abs(samples.values) <= series.LARGEST_VALUE))
    if len(bad):
        where, value = f"{path}, {samples.heading} {bad[0][0] + samples.first}", samples.values[tuple(bad[0])]
        raise UserError(f"{where}, time step {bad[0][1] + 1}: {value:g} is not a number that can be used")
    return samples


def is_sound(path: Path) -> bool:
    """Return whether a file is one for ``read_sound``, by its name."""
    return path.suffix.lower() == ".wav"


def read_sound(path: Path, shape: Sequence[int], about: InputMap, model: str) -> Samples:
    """Read a second of sound from a .wav file: cut, or padded with zeros, as in training.

    Args:
        path: the file: 16-bit PCM, one channel, 16,000 samples a second.
        shape: of the model's input without the batch, ``(time, features)``.
        about: how the model's inputs are made.
        model: its name, for messages.

    Raises:
        UserError: if the file cannot be used, or the model is not one of sound.
    """
    _check_file(path)
    if not isinstance(about, RawSound | SpectralSound):
        raise UserError(
            f"{model} is no model of sound, and {path} is for one: rnnexp run --help lists what others take"
        )
    try:
        clip = audio.one_second(audio.read_wav(path))
    except audio.UnusableClipError as error:
        raise UserError(
            f"{path} cannot be used: {error}. It must be a wav file of 16-bit PCM, one channel, {audio.SAMPLE_RATE} "
            "samples a second"
        ) from None
    try:
        values = features.from_map(clip[None], about)
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


def read_array(path: Path) -> np.ndarray:
    """Return the numbers in a .npy file as float64.

    Raises:
        UserError: if it holds something else.
    """
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UserError(f"{path} cannot be read as .npy: {error}") from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iufb":
        raise UserError(f"{path} does not hold an array of numbers")
    return values.astype(np.float64)


def _read_npy(path: Path, steps: int, features: int, *, columns: SeriesColumns | None) -> Samples:
    values = read_array(path)
    if values.ndim == 1 and features == 1:
        return read_windows(path, steps, features, columns=columns)
    given = list(values.shape)
    if values.ndim == 2 and features == 1:
        values = values[..., None]
    if values.shape[1:] != (steps, features):
        without = f", or [n, {steps}], or a series" if features == 1 else ""
        raise UserError(f"{path} has the shape {given}; the model takes [n, {steps}, {features}]{without}")
    return Samples(values)


def _read_npz(path: Path, steps: int, features: int) -> Samples:
    found = arrays.read(path)
    if set(found) != {"x", "lengths"}:
        raise UserError(f"{path} holds {arrays.listed(found)}; expected x, the samples, and lengths, their real steps")
    x, lengths = found["x"], found["lengths"]
    if x.dtype.kind not in "iufb" or x.ndim != 3 or x.shape[2] != features or not 0 < x.shape[1] <= steps:
        raise UserError(
            f"{path}: x is {x.dtype} of shape {list(x.shape)}; the model takes numbers [n, up to {steps}, {features}]"
        )
    if lengths.shape != x.shape[:1] or lengths.dtype.kind not in "iu":
        raise UserError(f"{path}: lengths is {lengths.dtype} of shape {list(lengths.shape)}, not {len(x)} integers")
    bad = np.flatnonzero((lengths < 1) | (lengths > x.shape[1]))
    if len(bad):
        raise UserError(f"{path}: lengths[{bad[0]}] is {lengths[bad[0]]}; expected 1 to {x.shape[1]}, the steps of x")
    # Whatever is in the padding, the last real step is as good as any for whoever scales a sample by its values.
    places = np.minimum(np.arange(steps), lengths[:, None].astype(np.int64) - 1)
    return Samples(np.take_along_axis(x.astype(np.float64), places[..., None], axis=1), lengths=lengths)


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
