"""What is understood of a file or a folder of one's own, to be looked at before anything is trained on it."""

from __future__ import annotations

from rnnexp.datasets.overview.column import ColumnOverview
from rnnexp.datasets.overview.series import Gap, SeriesOverview

__all__ = ["ColumnOverview", "Gap", "SeriesOverview"]
