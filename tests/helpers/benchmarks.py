"""The programs in ``benchmarks/`` as modules."""

import importlib.util
import sys

from helpers.runs import PROJECT


def load(name):
    spec = importlib.util.spec_from_file_location(name, PROJECT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    # Where dataclasses look for it.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
