"""The version, which stands in pyproject.toml alone."""

import re
from importlib import metadata
from pathlib import Path


def version(package: Path) -> str:
    """Return the version of the code in the folder ``package``: its checkout's, or else the installed one's."""
    project = package.parent / "pyproject.toml"
    # First, since what was once installed from a checkout may be older.
    text = project.read_text("utf-8") if project.is_file() else ""
    found = re.search(r'^\[project\]\nname = "rnnexp"\nversion = "(.+)"$', text, re.MULTILINE)
    return found[1] if found else metadata.version("rnnexp")


__version__ = version(Path(__file__).resolve().parent)
