"""Tables as they come: text in any common dialect, Parquet, Excel and NumPy's files, read into typed columns."""

from __future__ import annotations

from rnnexp.datasets.tables.read import is_table, read, suffix
from rnnexp.datasets.tables.table import Column, Table

__all__ = ["Column", "Table", "is_table", "read", "suffix"]
