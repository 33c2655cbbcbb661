"""The versions that a result depends on."""

from __future__ import annotations

import platform
from importlib.metadata import version

from rnnexp.version import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "ai-edge-litert")


def versions() -> dict[str, str]:
    """Return the versions of this project, of Python and of what computes."""
    return {
        "rnnexp": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
