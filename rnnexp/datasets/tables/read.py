"""A table from a file: text in any common dialect, Parquet, Excel, or NumPy's files."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnexp import files, numpy_files
from rnnexp.datasets.tables import dialect, numbers, times
from rnnexp.datasets.tables.encoding import decode
from rnnexp.datasets.tables.table import Column, Table, listed
from rnnexp.errors import UserError


def suffix(path: Path) -> str:
    """Return what a file's name ends with, in lower case: ``.csv.gz`` is one."""
    name = path.name.lower()
    return max((known for known in files.TABLES if name.endswith(known)), key=len, default=path.suffix.lower())


def is_table(path: Path) -> bool:
    """Tell from a file's name whether it can be read."""
    return suffix(path) in files.TABLES


def read(path: Path) -> Table:
    """Read a file as a table.

    Raises:
        UserError: if there is none, or it cannot be read; the message says where and what to do.
    """
    if not is_table(path):
        raise UserError(f"{path} is no file that can be read: its name must end with {', '.join(files.TABLES)}")
    try:
        return _READERS.get(suffix(path), _read_text)(path)
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read, as if it were cut off or no gzip: {error}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise UserError(f"{path} is larger than the memory") from None


def _read_text(path: Path) -> Table:
    content = gzip.decompress(path.read_bytes()) if path.name.lower().endswith(".gz") else path.read_bytes()
    try:
        text, encoding = decode(content)
    except ValueError as error:
        raise UserError(f"{path} is no text: {error}") from None
    found = dialect.split(text, path)
    cells = {name: np.array([row[place] for row in found.rows], dtype=object) for place, name in enumerate(found.names)}
    notes = [] if encoding == "UTF-8" else [f"the file is in {encoding}"]
    if found.separator not in ("", ","):
        named = dialect.SEPARATOR_NAMES.get(found.separator, repr(found.separator))
        notes.append(f"fields are separated by {named}")
    return Table(
        path=path,
        columns=_columns(cells, found.separator),
        rows=len(found.rows),
        lines=np.array(found.lines, np.int64),
        encoding=encoding,
        separator=found.separator,
        header=found.header,
        notes=(*notes, *found.notes),
    )


def _columns(cells: dict[str, np.ndarray], separator: str) -> tuple[Column, ...]:
    """Return columns of texts by what they hold."""
    as_numbers = numbers.parse(cells, separator)
    columns = []
    for name, texts in cells.items():
        number = as_numbers.get(name)
        if number is not None and not len(number.bad):
            columns.append(Column(name, "numbers", texts, numbers=number.values, notes=number.notes))
            continue
        time = times.parse(texts)
        if time is not None and (number is None or len(time.bad) < len(number.bad)):
            columns.append(Column(name, "times", texts, times=time.values, bad=time.bad, notes=time.notes))
        elif number is not None:
            columns.append(Column(name, "numbers", texts, numbers=number.values, bad=number.bad, notes=number.notes))
        else:
            empty = all(text.lower() in numbers.MISSING_MARKS for text in texts)
            columns.append(Column(name, "nothing" if empty else "texts", texts))
    return tuple(columns)


def _of_frame(path: Path, frame: pd.DataFrame, *, header: bool = True) -> Table:
    """Return a table whose cells have types already, as far as they have."""
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    names = [str(name).strip() for name in frame.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise UserError(f"{path} has several columns of the same name: {listed(doubled)}; give each its own")
    columns: list[Column] = []
    for place, name in enumerate(names):
        values = frame.iloc[:, place]
        if pd.api.types.is_datetime64_any_dtype(values):
            # By its own clock; where that is one with summer time, an hour comes twice and another is missing.
            notes = () if getattr(values.dt, "tz", None) is None else ("times with a zone are taken in UTC",)
            plain = values.dt.tz_convert("UTC").dt.tz_localize(None) if notes else values
            columns.append(Column(name, "times", times=plain.to_numpy().astype("datetime64[ns]"), notes=notes))
        elif isinstance(values.dtype, pd.PeriodDtype):
            columns.append(Column(name, "times", times=values.dt.to_timestamp().to_numpy().astype("datetime64[ns]")))
        elif pd.api.types.is_numeric_dtype(values):
            if pd.api.types.is_complex_dtype(values):
                raise UserError(f"{path}: the column {name!r} holds complex numbers; keep a real column of them")
            columns.append(Column(name, "numbers", numbers=values.to_numpy(np.float64, na_value=np.nan)))
        else:
            texts = np.array(["" if _is_nothing(value) else str(value).strip() for value in values], dtype=object)
            columns += _columns({name: texts}, ",")
    return Table(path=path, columns=tuple(columns), rows=len(frame), header=header)


def _is_nothing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _read_parquet(path: Path) -> Table:
    _needs("pyarrow", path)
    from pyarrow.lib import ArrowException

    try:
        return _of_frame(path, pd.read_parquet(path, engine="pyarrow"))
    except (ArrowException, ValueError) as error:
        raise UserError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def _read_excel(path: Path) -> Table:
    _needs("openpyxl", path)
    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            sheets = [str(name) for name in book.sheet_names]
            frame = pd.read_excel(book, header=None, dtype=object)
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} cannot be read as an Excel workbook: {str(error).splitlines()[0]}") from None
    frame = frame.dropna(how="all").dropna(how="all", axis=1)
    if frame.empty:
        raise UserError(f"{path}: its first sheet {sheets[0]!r} is empty: the table must be on the first sheet")
    head = frame.iloc[0]
    header = all(isinstance(value, str) or _is_nothing(value) for value in head)
    body = frame.iloc[1:] if header else frame
    names = [
        str(value).strip() if header and not _is_nothing(value) else f"column {place}"
        for place, value in enumerate(head, 1)
    ]
    body = body.reset_index(drop=True).infer_objects()
    body.columns = pd.Index(names)
    table = _of_frame(path, body, header=header)
    others = (f"of its sheets, {sheets[0]!r} is read, not {listed(sheets[1:])}",) if len(sheets) > 1 else ()
    return Table(path=path, columns=table.columns, rows=table.rows, header=header, notes=others)


def _needs(package: str, path: Path) -> None:
    """Raise an error that says what to install, if a package is not there."""
    import importlib.util

    if importlib.util.find_spec(package) is None:
        raise UserError(f"{path} needs the package {package}, which is not installed: pip install {package}")


def _read_npy(path: Path) -> Table:
    try:
        values = numpy_files.load(path)
    except numpy_files.UnreadableError as error:
        raise UserError(f"{path} cannot be read as .npy: {error}") from None
    if not isinstance(values, np.ndarray):
        raise UserError(f"{path} is an archive of arrays: name it .npz")
    return _of_arrays(path, {"": values})


def _read_npz(path: Path) -> Table:
    try:
        arrays = numpy_files.load(path)
    except numpy_files.UnreadableError as error:
        raise UserError(f"{path} cannot be read as .npz: {error}") from None
    if isinstance(arrays, np.ndarray):
        raise UserError(f"{path} is one array: name it .npy")
    return _of_arrays(path, arrays)


def _of_arrays(path: Path, arrays: dict[str, np.ndarray]) -> Table:
    """Return arrays of one length as columns: ``[n]`` is one, ``[n, columns]`` are several."""
    columns: dict[str, np.ndarray] = {}
    for name, values in arrays.items():
        where = f"its array {name!r}" if name else "its array"
        if values.dtype.kind not in "iufbMUS" or values.ndim not in (1, 2):
            raise UserError(
                f"{path}: {where} is {values.dtype} of the shape {list(values.shape)}; a series is numbers, [n] or "
                "[n, columns]"
            )
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8", "replace")
        if values.ndim == 1:
            columns[name or "column 1"] = values
        else:
            columns |= {
                f"{name} {place + 1}" if name else f"column {place + 1}": values[:, place]
                for place in range(values.shape[1])
            }
    counts = {name: len(values) for name, values in columns.items()}
    if len(set(counts.values())) != 1:
        each = ", ".join(f"{name!r} {count}" for name, count in counts.items()) or "there is none"
        raise UserError(f"{path}: its arrays must have one length ({each})")
    frame = pd.DataFrame(
        {name: values.astype(object) if values.dtype.kind == "U" else values for name, values in columns.items()}
    )
    return _of_frame(path, frame, header=any(arrays))


# What reads a file whose name ends so.
_READERS: dict[str, Callable[[Path], Table]] = {
    ".parquet": _read_parquet,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".xlsx": _read_excel,
}
