"""Files that are written whole or not at all, and folders that can be written to before anything is computed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from rnnexp.errors import UserError

# What a run may need: models, plots and history come to about 1 MB; the rest is reserve.
NEEDED_BYTES = 16 * 2**20
# What names of files with tables end with.
TABLES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".parquet", ".npy", ".npz", ".xlsx")
# Of those with recordings as well, and what says there which part of a set they are.
DATA = (*TABLES, ".ts", ".arff")
PARTS = ("_TRAIN", "_TEST")
# Names of files are cut to this: with what is added they stay within what file systems take.
LONGEST_STEM = 60
# What a message quotes of a name that is too long, in characters.
LONGEST_SHOWN = 200
_TEMPORARY = ".rnnexp-"


def is_path(name: str) -> bool:
    """Tell whether a data set's name is a file's path, and not the name of a set."""
    return "/" in name or "\\" in name or name.lower().endswith(DATA)


def stem(name: str) -> str:
    """Return a data set's name as names of files have it: of a path the file's, in letters of any script.

    What is neither letter, digit, ``.``, ``_`` nor ``-`` becomes ``_``.
    """
    if not is_path(name):
        return name
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    suffix = max((suffix for suffix in DATA if last.lower().endswith(suffix)), key=len, default="")
    plain = last.removesuffix(last[len(last) - len(suffix) :])
    for part in PARTS:
        plain = plain[: -len(part)] if plain.upper().endswith(part) else plain
    plain = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFC", plain))
    return plain[:LONGEST_STEM].strip("._-") or "data"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says about ``path`` into a message for the user.

    Raises:
        UserError: instead of an ``OSError`` that says that the disk is full or broken, must not be written to, that
            what was there has gone, or that a name is too long.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or path
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(f"the disk is full: cannot write {where}; free some space and run again") from error
        if error.errno == errno.EROFS:
            raise UserError(f"cannot write {where}: {error.strerror}; choose another folder") from error
        if error.errno in (errno.EACCES, errno.EPERM):
            # The system does not say what it was asked for.
            raise UserError(f"cannot read or write {where}: {error.strerror}; choose another folder") from error
        if error.errno in (errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO):
            raise UserError(f"the disk fails at {where}: {error.strerror}; choose a folder on another one") from error
        if error.errno == errno.ENAMETOOLONG:
            name = str(where)
            shown = name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}..."
            raise UserError(f"{shown}: a name of {len(name)} characters is too long") from error
        if "usable temporary directory" in str(error.strerror):
            raise UserError("there is no folder for temporary files; name one in the variable TMPDIR") from error
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise UserError(f"{where} is not there any more: it was moved or removed; run again") from error
        raise


def check_folder(folder: Path, setting: str) -> None:
    """Create ``folder`` if need be, and see that files can be written there.

    Raises:
        UserError: naming the setting, if not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
            probe.flush()
        free = shutil.disk_usage(folder).free
    except FileExistsError:
        raise UserError(f"{setting} is {str(folder)!r}, which is a file, not a folder") from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else f"cannot write there: {error.strerror}"
        raise UserError(f"{setting} is {str(folder)!r}: {what}") from None
    if free < NEEDED_BYTES:
        raise UserError(
            f"{setting} is {str(folder)!r}: the disk is full, {free / 2**20:.1f} MB are left and a run needs "
            f"{NEEDED_BYTES / 2**20:.0f} MB"
        )


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write a file so that ``path`` holds either what it held before or all of ``data``."""
    temporary = _write_temporary(path, data)
    try:
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_output(path: Path, data: bytes | str) -> None:
    """Write a file that the user has named: atomically, through links, and into devices and pipes as they are.

    Raises:
        UserError: if it cannot be written.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data.encode("utf-8") if isinstance(data, str) else data)
        else:
            write_atomically(target, data)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None


def write_through(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` make a file under a temporary name with the same suffix, then move it to ``path``."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=_TEMPORARY) as folder:
        temporary = Path(folder) / path.name
        write(temporary)
        temporary.replace(path)


def publish(folder: Path, contents: Mapping[str, bytes | str | None]) -> None:
    """Put a set of files into ``folder``: each whole, and the set from one run, also with two runs at once.

    All are written under temporary names first, so that a full disk leaves the previous set; then they are renamed
    under a lock. A run killed between two renames leaves whole files of both runs, and every report names the
    checksums of its own.

    Args:
        folder: where they go.
        contents: name -> content, or None for a file that must not be left from an earlier run.

    Raises:
        OSError: if one could not be written; then none was replaced.
    """
    # It may have gone since it was looked at, and what there is to publish may have taken hours.
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        remove_stale(folder)
        staged: list[tuple[Path, Path]] = []
        try:
            for name, data in contents.items():
                if data is not None:
                    staged.append((_write_temporary(folder / name, data), folder / name))
            for temporary, path in staged:
                temporary.replace(path)
            for name, data in contents.items():
                if data is None:
                    (folder / name).unlink(missing_ok=True)
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)


def remove_stale(folder: Path) -> None:
    """Remove what processes that were killed while writing have left; none may be writing there."""
    for stale in folder.glob(f"{_TEMPORARY}*"):
        stale.unlink(missing_ok=True)


def new_folder(parent: Path, name: str) -> Path:
    """Create and return a folder ``name`` in ``parent``, or ``name-2`` and so on where that is taken."""
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
            return path
        except FileExistsError:
            number += 1


def _write_temporary(path: Path, data: bytes | str) -> Path:
    """Write ``data``, down to the disk, to a new file beside ``path`` and return that file."""
    raw = data.encode("utf-8") if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY, suffix=f"-{path.name}")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files that only their owner may read; these are meant to be shared.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
