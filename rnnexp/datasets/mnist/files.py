"""MNIST from files of one's own: the four official idx files, or tables of pixels; packed with gzip, or not."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from rnnexp.datasets.support.splits import Labelled
from rnnexp.errors import UserError

SIDE = 28
PIXELS = SIDE * SIDE
CLASSES = 10
TRAIN, TEST = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
LAYOUT = f"a folder with the four official idx files, or a .csv of {PIXELS} pixels and a label a row, each also as .gz"


def read(path: Path) -> tuple[Labelled, Labelled | None]:
    """Read the training part and, where the files have it, the test part, from a folder, or from one CSV file.

    Returns:
        Images ``[n, 28, 28]`` uint8 and labels ``[n]`` int32 of each part.

    Raises:
        UserError: if there are no such files, or they cannot be used.
    """
    if path.is_file():
        return _read_csv(path), None
    if not path.is_dir():
        raise UserError(f"DATA_DIR: there is no {path}; set it to {LAYOUT}")
    try:
        files = sorted(path.iterdir())
    except OSError as error:
        raise UserError(f"DATA_DIR: {path} cannot be read: {error.strerror}") from None
    # Some unpacked copies have a dot before the idx.
    idx = {file.name.removesuffix(".gz").replace(".idx", "-idx"): file for file in files}
    missing = [name for name in (*TRAIN, *TEST) if name not in idx]
    if not missing:
        return _read_idx(*(idx[name] for name in TRAIN)), _read_idx(*(idx[name] for name in TEST))
    if len(missing) < len((*TRAIN, *TEST)):
        raise UserError(f"DATA_DIR: {path} lacks {', '.join(missing)}")
    tables = [file for file in files if file.name.lower().endswith((".csv", ".csv.gz"))]
    if len(tables) == 1:
        return _read_csv(tables[0]), None
    train, test = ([file for file in tables if part in file.name.lower()] for part in ("train", "test"))
    if len(tables) == 2 and len(train) == len(test) == 1:
        return _read_csv(train[0]), _read_csv(test[0])
    found = f"{len(tables)} .csv files, not a 'train' and a 'test' one" if tables else "neither"
    raise UserError(f"DATA_DIR: {path} has {found}; set it to {LAYOUT}")


def _read_idx(images_path: Path, labels_path: Path) -> Labelled:
    images, labels = _idx_array(images_path), _idx_array(labels_path)
    if images.shape[1:] != (SIDE, SIDE):
        raise UserError(f"DATA_DIR: {images_path} has the shape {list(images.shape)}, not [images, {SIDE}, {SIDE}]")
    if labels.shape != images.shape[:1]:
        raise UserError(
            f"DATA_DIR: {labels_path} has the shape {list(labels.shape)}, not [{len(images)}], as the images"
        )
    return images, _checked(labels, labels_path)


def _idx_array(path: Path) -> np.ndarray:
    """Return the array of bytes that an idx file holds: two zeros, type, number of dimensions, these, and the bytes."""
    content = _unpacked(path)
    unsigned_bytes = 8
    if len(content) < 4 or content[:3] != bytes((0, 0, unsigned_bytes)):
        raise UserError(f"DATA_DIR: {path} is no idx file of bytes")
    start = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:start].ljust(start - 4, b"\0"), ">u4").astype(int)
    if len(content) - start != shape.prod():
        raise UserError(f"DATA_DIR: {path} is not whole: it should hold {shape.prod():,} bytes after its head")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"DATA_DIR: {path} cannot be read: {error}") from None


def _read_csv(path: Path) -> Labelled:
    try:
        first = pd.read_csv(path, header=None, nrows=1, dtype=str)
        # A first line without any number has the columns' names.
        named = first.apply(pd.to_numeric, errors="coerce").isna().all(axis=None)
        table = pd.read_csv(path, header=None, skiprows=int(named))
    except (
        OSError,
        EOFError,
        zlib.error,
        UnicodeDecodeError,
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
    ) as error:
        raise UserError(f"DATA_DIR: {path} cannot be read as a table of numbers: {error}") from None
    if table.shape[1] != PIXELS + 1:
        raise UserError(f"DATA_DIR: the rows of {path} have {table.shape[1]} columns, not {PIXELS} pixels and a label")
    numbers = table.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    bad = np.argwhere(~((numbers >= 0) & (numbers <= 255) & (numbers == np.rint(numbers))))
    if len(bad):
        row, column = bad[0]
        given = str(table.iat[row, column])
        raise UserError(
            f"DATA_DIR: {path}, row {row + 1}, column {column + 1}: {given} is no whole number from 0 to 255"
        )
    names = [str(name).strip().lower() for name in first.iloc[0]] if named else []
    column = names.index("label") if "label" in names else _label_column(numbers, path)
    images = np.delete(numbers, column, axis=1).astype(np.uint8).reshape(-1, SIDE, SIDE)
    return images, _checked(numbers[:, column], path)


def _label_column(numbers: np.ndarray, path: Path) -> int:
    """Return which column has the labels: the first or the last, of which the other is a pixel of a corner."""
    ends = [column for column in (0, PIXELS) if numbers[:, column].max() < CLASSES and np.ptp(numbers[:, column]) > 0]
    if len(ends) != 1:
        raise UserError(
            f"DATA_DIR: whether the first or the last column of {path} has the labels cannot be told: give the columns "
            "names in a first line, and that one the name 'label'"
        )
    return ends[0]


def _checked(labels: np.ndarray, path: Path) -> np.ndarray:
    if len(labels) == 0 or labels.max() >= CLASSES:
        raise UserError(f"DATA_DIR: the labels in {path} are not digits from 0 to {CLASSES - 1}")
    return labels.astype(np.int32)
