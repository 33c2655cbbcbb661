"""Numeric series, those that come along and the user's own: predict the next values from a window of the last ones."""

from __future__ import annotations

from rnnexp.config import RegressionConfig
from rnnexp.datasets.dataset import Dataset
from rnnexp.datasets.series.files import KNOWN, Known, available, find, folders, is_shipped
from rnnexp.datasets.series.reading import LARGEST_VALUE, Series, from_table, read
from rnnexp.datasets.series.selection import Selection
from rnnexp.datasets.series.windows import windows

__all__ = [
    "KNOWN",
    "LARGEST_VALUE",
    "Known",
    "Selection",
    "Series",
    "available",
    "find",
    "folders",
    "from_table",
    "load",
    "read",
    "windows",
]


def load(config: RegressionConfig) -> Dataset:
    """Read the file that ``DATASET_NAME`` names and cut it into windows, split by time.

    Raises:
        UserError: if there is no such file, or it cannot be used; the message says where and what to do.
    """
    path = find(config.dataset_name)
    series = read(path, Selection.of(config))
    known = KNOWN.get(config.dataset_name) if is_shipped(path) else None
    return windows(series, config, known or Known(path.name, "as in the file"))
