"""What is understood of a file or a folder of one's own, to be looked at before anything is trained on it."""

from __future__ import annotations

from rnnexp.datasets.overview.column import ColumnOverview
from rnnexp.datasets.overview.recordings import ClassOverview, RecordingsOverview
from rnnexp.datasets.overview.series import Gap, SeriesOverview

__all__ = ["ClassOverview", "ColumnOverview", "Gap", "RecordingsOverview", "SeriesOverview"]
