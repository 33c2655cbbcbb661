"""NumPy's files from anywhere: plain arrays, or why there are none."""

from __future__ import annotations

import lzma
import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np

# What NumPy, which takes headers for Python, zipfile and the decompressors raise for files that are damaged, or of
# another kind.
UNREADABLE = (
    ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, MemoryError, KeyError,
    TypeError, SyntaxError, OverflowError, tokenize.TokenError, struct.error,
)  # fmt: skip
PICKLED = "it holds Python objects (a pickle), which may run any code and are not loaded; save plain arrays"
# How many bytes arrays can have where it is not known how many the machine has.
MOST_BYTES = 2**33


class UnreadableError(ValueError):
    """A file that holds something else than plain arrays; the message says why, in one line."""


def load(path: Path) -> np.ndarray | dict[str, np.ndarray]:
    """Return the array of a .npy file, or those of a .npz file, by key.

    Raises:
        UnreadableError: if it holds something else, or is damaged.
        FileNotFoundError: if there is none.
    """
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            check_size(found.zip)
            return {key: plain(found[key], key) for key in found.files}
    except (FileNotFoundError, UnreadableError):
        raise
    except UNREADABLE as error:
        raise UnreadableError(PICKLED if _is_pickle(path) else reason(error)) from None


def _is_pickle(path: Path) -> bool:
    """Tell whether a file begins as pickles of any version since Python 3.0 do."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"\x80"
    except OSError:
        return False


def plain(values: object, key: str) -> np.ndarray:
    """Return what an archive has under a key, if it is an array: all else NumPy gives as bytes.

    Raises:
        UnreadableError: if it is none.
    """
    if not isinstance(values, np.ndarray):
        raise UnreadableError(f"{key} is not an array")
    return values


def reason(error: Exception) -> str:
    """Return in one line why NumPy cannot read a file."""
    if "Object arrays" in str(error):
        return PICKLED
    # It takes whatever it does not know for a pickle, and says how to load that.
    if "pickle" in str(error):
        return "it is none"
    return " ".join(str(error).split()) or "it is damaged"


def check_size(archive: zipfile.ZipFile) -> None:
    """Refuse what does not fit into memory: zeros without end take next to nothing in a file.

    Raises:
        UnreadableError: if it does not.
    """
    # No more than an archive says is taken out of it.
    size = sum(member.file_size for member in archive.infolist())
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        most = MOST_BYTES
    if size > most:
        there, half = f"{size / 2**30:.1f} GB of arrays", f"{most / 2**30:.1f} GB are half of the memory"
        raise UnreadableError(f"it has {there}, and {half}")
