"""The programs in ``benchmarks/``, and what they are made of, as modules."""

import importlib
import sys

from helpers.runs import PROJECT

FOLDER = str(PROJECT / "benchmarks")


def load(name):
    if FOLDER not in sys.path:
        # At the end, so that none of them stands before a module of another name.
        sys.path.append(FOLDER)
    return importlib.import_module(name)
