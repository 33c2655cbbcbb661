"""Recordings of one's own: files and folders of sequences with a class or a number each."""

from __future__ import annotations

from rnnexp.datasets.recordings.read import find, is_recordings, read
from rnnexp.datasets.recordings.recording import Columns, Recording, Recordings

__all__ = ["Columns", "Recording", "Recordings", "find", "is_recordings", "read"]
