"""The module of a data set, found and called; what is wrong with it as such is said without a traceback."""

from __future__ import annotations

import importlib
import inspect
import traceback
from pathlib import Path

from rnnexp.config import Settings
from rnnexp.datasets.dataset import Dataset
from rnnexp.errors import UserError

# As Python's own messages begin where one of these is made without a field, or with one that there is not.
CONSTRUCTORS = ("Dataset.__init__()", "Split.__init__()", "Continuation.__init__()")


def load(module: str, config: Settings, *more: Path) -> Dataset:
    """Return what the function ``load`` of a module makes of the settings.

    What goes wrong inside that function keeps its traceback, which whoever writes it needs.

    Args:
        module: as ``LOADERS`` has it.
        config: the settings.
        more: what else it takes: the path of recordings.

    Raises:
        UserError: if the module cannot be imported, has no such function, or makes something else.
    """
    where = f"data set {config.dataset_name!r}"
    try:
        imported = importlib.import_module(module)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        # Python says itself where it stopped reading a file that is not Python.
        place = "" if isinstance(error, SyntaxError) else f" ({frames[-1].filename}, line {frames[-1].lineno})"
        raise UserError(
            f"{where}: LOADERS in rnnexp/datasets/__init__.py names the module {module}, which cannot be imported: "
            f"{type(error).__name__}: {error}{place if not _is_missing(error, module) else ''}"
        ) from error
    function = getattr(imported, "load", None)
    if not callable(function):
        functions = [name for name, _ in inspect.getmembers(imported, inspect.isfunction) if not name.startswith("_")]
        there = f"; its functions are: {', '.join(functions)}" if functions else ""
        raise UserError(f"{where}: the module {module} has no function load(config){there}")
    try:
        inspect.signature(function).bind(config, *more)
    except TypeError as error:
        raise UserError(f"{where}: load() in {module} must take the settings, load(config): {error}") from None
    try:
        dataset = function(config, *more)
    except TypeError as error:
        if not str(error).startswith(CONSTRUCTORS):
            raise
        raise UserError(f"{where}: load() in {module}: {error}; rnnexp/datasets/dataset.py has the fields") from error
    if not isinstance(dataset, Dataset):
        kind = type(dataset).__name__
        raise UserError(f"{where}: load() in {module} returned {kind}, expected a Dataset (rnnexp/datasets/dataset.py)")
    return dataset


def _is_missing(error: Exception, module: str) -> bool:
    """Tell whether it is the module itself that is not there, and nothing that it imports."""
    return isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
