"""The zip archives that Keras 3 writes, ``.keras``, of any origin: three members, read in memory, never unpacked."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from rnnexp.errors import UserError
from rnnexp.formats.keras.hdf5_child import BYTES, TEXT

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# An HDF5 file is a little larger than the numbers in it; with an optimiser's state it is three times as large.
LIMITS = {CONFIG: TEXT, METADATA: 2**16, WEIGHTS: 2 * BYTES}
MEMBERS = 1000


@dataclass(frozen=True)
class Archive:
    """The members of a ``.keras`` file: the model's JSON, the version of Keras that wrote it, its HDF5 file."""

    config: str
    version: str
    weights: bytes


def read(file: BinaryIO, name: str) -> Archive:
    """Return what is in a ``.keras`` file.

    Args:
        file: the file.
        name: what messages call it.

    Raises:
        UserError: if it is damaged, no Keras file, or larger than a small network can be.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _check(archive, name)
            config, metadata, weights = (_member(archive, member, name) for member in (CONFIG, METADATA, WEIGHTS))
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as problem:
        raise UserError(f"{name} is a damaged zip archive: {problem}") from None
    try:
        about = json.loads(metadata)
        version = about["keras_version"]
        text = config.decode()
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UserError(f"{name}: {METADATA} or {CONFIG} in it is damaged") from None
    if not isinstance(version, str):
        raise UserError(f"{name}: the version in {METADATA} is no text")
    return Archive(text, version, weights)


def _check(archive: zipfile.ZipFile, name: str) -> None:
    names = [member.filename for member in archive.infolist()]
    if len(names) > MEMBERS:
        raise UserError(f"{name} is no Keras file: it has {len(names)} members")
    twice = sorted({member for member in names if names.count(member) > 1})
    if twice:
        raise UserError(f"{name} is no Keras file: it has {twice[0]} twice")
    for member in names:
        if member.startswith(("/", "\\")) or ":" in member or ".." in member.replace("\\", "/").split("/"):
            raise UserError(f"{name} is no Keras file: the name {member!r} in it leads out of a folder")
    missing = [member for member in LIMITS if member not in names]
    if missing:
        raise UserError(f"{name} is no file of Keras 3: it has no {missing[0]}")


def _member(archive: zipfile.ZipFile, member: str, name: str) -> bytes:
    most, info = LIMITS[member], archive.getinfo(member)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UserError(f"{name}: {member} in it is packed in a way that Keras does not use")
    if info.flag_bits & 1:
        raise UserError(f"{name}: {member} in it is encrypted")
    if info.file_size > most:
        raise UserError(f"{name}: {member} in it has {info.file_size >> 20} MB; at most {most >> 20} are read")
    with archive.open(info) as opened:
        # Not all that a member's header says need be true.
        content = opened.read(most + 1)
    if len(content) > most:
        raise UserError(f"{name}: {member} in it has more than {most >> 20} MB")
    return content
