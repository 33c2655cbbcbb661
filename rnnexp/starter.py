"""What a user starts from: the three scripts, and the series that come with the project."""

from pathlib import Path

SCRIPTS = ("run_classification.py", "run_memory.py", "run_regression.py")


def folder() -> Path:
    """Return where the scripts and ``data/`` are: in the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / "share"
    return packaged if packaged.is_dir() else package.parent
