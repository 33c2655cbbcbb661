"""NumPy's files: ``.npz`` with many recordings, ``.npy`` with one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rnnexp import numpy_files
from rnnexp.datasets.recordings.recording import LARGEST_VALUE, TEST, TRAIN, Recording, Recordings
from rnnexp.errors import UserError

# Keys of the recordings, of their labels and of their lengths, of each part.
PARTS = {"": ("x", "y", "lengths"), TRAIN: ("x_train", "y_train", "lengths_train"),
         TEST: ("x_test", "y_test", "lengths_test")}  # fmt: skip
CLASSES, FEATURES = ("classes", "class_names"), ("features", "feature_names")


def holds_recordings(path: Path) -> bool:
    """Tell whether an ``.npz`` file has recordings, by the names of its arrays."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return not isinstance(archive, np.ndarray) and bool({"x", "x_train"} & set(archive.files))
    except numpy_files.UNREADABLE:
        return False


def read_npz(path: Path) -> Recordings:
    """Read recordings ``x`` ``[n, time, features]`` or ``[n, time]``, labels ``y`` ``[n]`` and ``lengths`` ``[n]``.

    ``x_test`` and so on are a part for testing, ``classes`` the names of classes that are numbers from 0; any further
    array of a value for each recording says something of it, such as the person.

    Raises:
        UserError: naming the array that cannot be used.
    """
    arrays = _read(path)
    recordings: list[Recording] = []
    classes = _names(path, arrays, CLASSES)
    kinds = set()
    train = "x_train" if "x" not in arrays and "x_train" in arrays else "x"
    if train not in arrays:
        raise UserError(f"{path} has no array x of recordings, [n, time, features] (it has {_listed(arrays)})")
    for part, keys in PARTS.items():
        if keys[0] not in arrays:
            continue
        if part == TRAIN and train == "x":
            raise UserError(f"{path} has both x and x_train: name them x and x_test, or x_train and x_test")
        kinds.add(arrays[keys[1]].dtype.kind if keys[1] in arrays else "")
        own = "test" if part == TEST else "train" if "x_test" in arrays else ""
        recordings += _part(path, arrays, keys, own, classes)
    if not recordings:
        raise UserError(f"{path}: x has no recording")
    features = _names(path, arrays, FEATURES)
    if features and len(features) != recordings[0].values.shape[1]:
        raise UserError(
            f"{path}: there are {len(features)} names of features, and x has {recordings[0].values.shape[1]}"
        )
    return Recordings(path, ".npz file", tuple(recordings), features, classes, kinds == {"f"} or None)


def read_npy(path: Path) -> np.ndarray:
    """Return one recording, ``[time, features]`` or ``[time]`` in the file.

    Raises:
        UserError: if the file holds something else.
    """
    try:
        values = numpy_files.load(path)
    except (numpy_files.UnreadableError, OSError) as error:
        raise UserError(f"{path} cannot be read as .npy: {error}") from None
    if not isinstance(values, np.ndarray):
        raise UserError(f"{path} is an archive of arrays: name it .npz")
    if values.ndim not in (1, 2) or not values.size:
        raise UserError(f"{path} has the shape {list(values.shape)}; a recording is [time, features], or [time]")
    return _numbers(values if values.ndim == 2 else values[:, None], str(path))


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        found = numpy_files.load(path)
    except (numpy_files.UnreadableError, OSError) as error:
        raise UserError(f"{path} cannot be read as .npz: {error}") from None
    if isinstance(found, np.ndarray):
        raise UserError(f"{path} is one array: name it .npy")
    return found


def _part(
    path: Path, arrays: dict[str, np.ndarray], keys: tuple[str, str, str], part: str, classes: tuple[str, ...]
) -> list[Recording]:
    x_key, y_key, lengths_key = keys
    x = arrays[x_key]
    if x.ndim not in (2, 3) or 0 in x.shape[1:]:
        raise UserError(
            f"{path}: {x_key} has the shape {list(x.shape)}; recordings are [n, time, features] or [n, time]"
        )
    x = _numbers(x if x.ndim == 3 else x[:, :, None], f"{path}: {x_key}")
    y = _labels(path, arrays, y_key, len(x), classes)
    steps = x.shape[1]
    lengths = arrays.get(lengths_key, np.full(len(x), steps))
    if lengths.shape != (len(x),) or lengths.dtype.kind not in "iu":
        raise UserError(
            f"{path}: {lengths_key} is {lengths.dtype} of the shape {list(lengths.shape)}; it must be whole numbers, "
            f"one for each of the {len(x)} recordings"
        )
    bad = np.flatnonzero((lengths < 1) | (lengths > steps))
    if len(bad):
        raise UserError(
            f"{path}: {lengths_key}[{bad[0]}] is {lengths[bad[0]]}; it must be from 1 to {steps}, the time "
            f"steps of {x_key}"
        )
    others = {
        key: values
        for key, values in arrays.items()
        if key not in {name for names in PARTS.values() for name in names} | {*CLASSES, *FEATURES}
        and values.shape == (len(x),)
        and values.dtype.kind in "iufUSb"
    }
    return [
        Recording(
            x[row, : lengths[row]],
            f"{x_key}[{row}]",
            y[row],
            {key: _text(values[row]) for key, values in others.items()},
            part,
        )
        for row in range(len(x))
    ]


def _labels(path: Path, arrays: dict[str, np.ndarray], key: str, rows: int, classes: tuple[str, ...]) -> list[str]:
    if key not in arrays:
        return [""] * rows
    y = arrays[key]
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (rows,) or y.dtype.kind not in "iufUSb":
        raise UserError(
            f"{path}: {key} is {y.dtype} of the shape {list(y.shape)}; it must be a class or a number for each of the "
            f"{rows} recordings"
        )
    if classes and y.dtype.kind in "iu":
        bad = np.flatnonzero((y < 0) | (y >= len(classes)))
        if len(bad):
            raise UserError(f"{path}: {key}[{bad[0]}] is {y[bad[0]]}, and there are {len(classes)} classes, from 0 on")
        return [classes[number] for number in y]
    return [_text(value) for value in y]


def _text(value: np.generic) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value.item())


def _names(path: Path, arrays: dict[str, np.ndarray], keys: tuple[str, ...]) -> tuple[str, ...]:
    for key in keys:
        if key in arrays:
            names = arrays[key]
            if names.ndim != 1 or len({*map(_text, names)}) != len(names):
                raise UserError(f"{path}: {key} must be a list of names, each once")
            return tuple(map(_text, names))
    return ()


def _numbers(values: np.ndarray, where: str) -> np.ndarray:
    if values.dtype.kind not in "iufb":
        raise UserError(f"{where} is {values.dtype}, not numbers")
    values = values.astype(np.float64)
    bad = np.argwhere(~(np.abs(values) <= LARGEST_VALUE) & ~np.isnan(values))
    if len(bad):
        place = bad[0].tolist()
        raise UserError(f"{where}{place} is {values[tuple(place)]:g}, infinite or too large to be used")
    return values


def _listed(arrays: dict[str, np.ndarray]) -> str:
    return ", ".join(list(arrays)[:8]) or "none"
