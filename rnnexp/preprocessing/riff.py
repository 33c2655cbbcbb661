"""What a wav file holds: its form, and its samples as they are stored, whoever wrote it.

Python's own reader takes ``WAVE_FORMAT_EXTENSIBLE``, which sox and ffmpeg write, from 3.12 on only.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
CODECS = {PCM: "PCM", 2: "ADPCM", FLOAT: "float", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 85: "MP3"}
# How the sub-format of an extensible file ends, whose first two bytes are the format.
SUB_FORMAT_END = bytes.fromhex("000000001000800000aa00389b71")
FORM_BYTES, EXTENSIBLE_BYTES = 16, 40
# Bytes of a sample -> how it is stored; three are the upper ones of four.
INTEGERS = {1: "u1", 2: "<i2", 3: "<i4", 4: "<i4", 8: "<i8"}
FLOATS = {4: "<f4", 8: "<f8"}
# Who writes into a pipe cannot know how much there will be, and gives one of the largest numbers there are.
UNKNOWN_SIZE = 0x7FFFF000


class UnusableClipError(Exception):
    """Why a file cannot be used as a clip."""


@dataclass(frozen=True)
class Wave:
    """A wav file.

    Attributes:
        codec: number of how samples are stored: ``PCM``, ``FLOAT``, or another.
        channels: how many.
        rate: samples a second.
        bits: of a sample, at most all of its bytes.
        data: all samples, those of a time one after the other, little-endian.
        missing: bytes of samples that the header promises, and that are not there.
    """

    codec: int
    channels: int
    rate: int
    bits: int
    data: bytes
    missing: int

    @property
    def width(self) -> int:
        """The bytes that a sample takes."""
        return (self.bits + 7) // 8

    def check_whole(self) -> None:
        """See that there are samples, and that all of them are there.

        Raises:
            UnusableClipError: if not.
        """
        size = self.width * self.channels
        there, missing = len(self.data) // size, -(-self.missing // size)
        if missing:
            raise UnusableClipError(f"cut off: {there} of {there + missing} samples are there")
        if not there:
            raise UnusableClipError("no samples")

    def values(self) -> np.ndarray:
        """Return the samples ``[n, channels]`` as they are stored; three bytes are the upper ones of four.

        Raises:
            UnusableClipError: if they are of another codec, or another number of bytes.
        """
        known = {PCM: INTEGERS, FLOAT: FLOATS}.get(self.codec)
        if known is None:
            raise UnusableClipError(f"not a PCM wav file ({self.codec_name})")
        if self.width not in known:
            raise UnusableClipError(f"{self.codec_name} of {self.bits} bits a sample")
        size = self.width * self.channels
        # Of the last sample there may be a part.
        data = self.data[: len(self.data) // size * size]
        if self.width == 3:
            wide = np.zeros((len(data) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            return wide.view(known[3]).reshape(-1, self.channels)
        return np.frombuffer(data, known[self.width]).reshape(-1, self.channels)

    @property
    def codec_name(self) -> str:
        """How samples are stored, for people."""
        return CODECS.get(self.codec, f"unknown format {self.codec}")


def read(path: Path) -> Wave:
    """Read a wav file.

    Raises:
        UnusableClipError: if it is none, or its header is not whole.
    """
    try:
        with path.open("rb") as file:
            return _wave(file)
    except OSError as error:
        raise UnusableClipError(f"cannot be read ({error.strerror})") from None
    except MemoryError:
        raise UnusableClipError("larger than the memory") from None


def _wave(file: BinaryIO) -> Wave:
    form, place = b"", None
    for name, start, size in _chunks(file):
        if name == b"fmt " and not form:
            file.seek(start)
            form = file.read(min(size, EXTENSIBLE_BYTES))
        elif name == b"data" and place is None:
            place = start, size
    if len(form) < FORM_BYTES or place is None:
        raise UnusableClipError("not a wav file, or cut off in its header")
    codec, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:FORM_BYTES])
    if codec == EXTENSIBLE:
        if len(form) < EXTENSIBLE_BYTES or form[26:] != SUB_FORMAT_END:
            raise UnusableClipError("not a PCM wav file (extensible, of an unknown sub-format)")
        (codec,) = struct.unpack("<H", form[24:26])
    if not (channels and rate and bits):
        raise UnusableClipError(f"not a wav file: {channels} channels of {bits} bits, {rate} samples a second")
    start, size = place
    there = file.seek(0, os.SEEK_END) - start
    promised = there if size >= UNKNOWN_SIZE > there else size
    file.seek(start)
    return Wave(codec, channels, rate, bits, file.read(promised), max(promised - there, 0))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and bytes of the chunks, as far as their headers are there."""
    head = file.read(12)
    if head[:4] != b"RIFF"[: len(head[:4])]:
        raise UnusableClipError("not a PCM wav file (it does not begin with RIFF)")
    if len(head) == 12 and head[8:] != b"WAVE":
        raise UnusableClipError("not a PCM wav file (RIFF, but of something else)")
    start = 12
    while len(header := _at(file, start, 8)) == 8:
        name, size = header[:4], int.from_bytes(header[4:], "little")
        yield name, start + 8, size
        start += 8 + size
        # After an odd number of bytes there is a zero; some leave it out.
        if size % 2 and _at(file, start, 1) == b"\0":
            start += 1


def _at(file: BinaryIO, place: int, count: int) -> bytes:
    file.seek(place)
    return file.read(count)
