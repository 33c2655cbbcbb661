"""Regression without what is automatic for series: the recurrent layers alone, on windows in their own range."""

from rnnexp.config import RegressionConfig


def classic(**settings):
    """Return settings that differ from the defaults by that, and by what is given."""
    return RegressionConfig(**{"normalization": "window", "linear_path": False} | settings)
