"""Reading npz files from anywhere: plain arrays of finite numbers, or one clear message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from rnnexp import numpy_files
from rnnexp.errors import UserError

SHOWN_KEYS = 8


def read(path: Path) -> dict[str, np.ndarray]:
    """Return every array of an npz file, by key.

    Raises:
        UserError: if there is no such file, or it is anything but an npz of plain arrays.
    """
    if not path.exists():
        raise UserError(f"there is no file {path}")
    if path.is_dir():
        raise UserError(f"{path} is a folder, not an npz file")
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise UserError(f"{path} is a single array; save all of them in one file with np.savez")
        with file:
            if any(key.endswith("data.pkl") for key in file.files):
                raise UserError(
                    f"{path} was written by torch.save; save the state dict as npz: "
                    "np.savez(path, **{key: values.numpy() for key, values in model.state_dict().items()})"
                )
            numpy_files.check_size(file.zip)
            arrays = {key: _array(path, file, key) for key in file.files}
    except PermissionError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except numpy_files.UNREADABLE as error:
        raise UserError(f"{path} cannot be read as an npz file of plain arrays: {numpy_files.reason(error)}") from None
    return arrays


def numbers(path: Path, arrays: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    """Return an array of floating-point numbers as float64.

    Raises:
        UserError: if it is empty, holds something else, or a value that is not finite in float32, in which networks
            run.
    """
    values = arrays[key]
    if not np.issubdtype(values.dtype, np.floating):
        raise UserError(f"{path}: {key} is of type {values.dtype}, not of floating-point numbers")
    if not values.size:
        raise UserError(f"{path}: {key} is empty, of shape {values.shape}")
    with np.errstate(over="ignore"):
        bad = np.argwhere(~np.isfinite(values.astype(np.float32)))
    if len(bad):
        place = tuple(bad[0].tolist())
        raise UserError(
            f"{path}: {key}{list(place)} is {values[place]:g}, not a finite float32 number "
            f"({len(bad)} of {values.size} values are not)"
        )
    return values.astype(np.float64)


def listed(keys: Iterable[str]) -> str:
    """Return keys for a message, the first few of many."""
    keys = list(keys)
    more = f" and {len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else ""
    return (", ".join(keys[:SHOWN_KEYS]) or "none") + more


def _array(path: Path, file: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    try:
        values = file[key]
    except ValueError as error:
        if "pickle" in str(error):
            raise UserError(f"{path}: {key} holds pickled Python objects, not plain numbers") from None
        raise
    return numpy_files.plain(values, key)
