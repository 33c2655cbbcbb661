"""Small recurrent networks, trained in seconds on real data and exported to TensorFlow Lite.

``rnnexp.run(rnnexp.RegressionConfig(epochs=20))`` does what ``run_regression.py`` does, and returns the report;
``read_report`` reads one of an earlier run, ``load`` the network in a ``-weights.npz``. Every name is imported when it
is first asked for, so that ``import rnnexp`` alone loads nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "ClassificationConfig",
    "MemoryConfig",
    "Network",
    "RegressionConfig",
    "__version__",
    "convert",
    "load",
    "read_report",
    "run",
]

# name -> module that has it; a name is one line here, one in ``__all__``, and one for type checkers.
_HOMES = {
    "ClassificationConfig": "rnnexp.config",
    "MemoryConfig": "rnnexp.config",
    "Network": "rnnexp.network.network",
    "RegressionConfig": "rnnexp.config",
    "__version__": "rnnexp.version",
    "convert": "rnnexp.conversion.convert",
    "load": "rnnexp.formats.npz.reader",
    "read_report": "rnnexp.report.file",
    "run": "rnnexp.experiment.run",
}

if TYPE_CHECKING:
    from rnnexp.config import ClassificationConfig, MemoryConfig, RegressionConfig
    from rnnexp.conversion.convert import convert
    from rnnexp.experiment.run import run
    from rnnexp.formats.npz.reader import load
    from rnnexp.network.network import Network
    from rnnexp.report.file import read_report
    from rnnexp.version import __version__
else:
    # Not for type checkers, which would take any name for one that is there.
    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module 'rnnexp' has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
