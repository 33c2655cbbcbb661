"""A field of a data set that does not fit, as the checks raise it."""

from __future__ import annotations

from typing import Any

import numpy as np


class UnfitError(Exception):
    """A message that begins with the field's name; the name of the data set comes before it."""


def array(field: str, values: Any, *, kinds: str = "f", expected: str = "float32") -> None:
    """See that a field is an array of numbers of some kinds.

    Args:
        field: its name.
        values: what is there.
        kinds: of its dtype, as NumPy abbreviates them.
        expected: dtypes that it may have, for the message.

    Raises:
        UnfitError: if not.
    """
    if not isinstance(values, np.ndarray):
        raise UnfitError(f"{field} is {a(values)}, expected an array of {expected}: np.asarray makes one")
    if values.dtype.kind not in kinds:
        raise UnfitError(f"{field} is an array of {values.dtype}, expected {expected}")


def shape(field: str, values: np.ndarray, *allowed: tuple[int, ...], meaning: str) -> None:
    """See that an array has one of some shapes.

    Args:
        field: its name.
        values: the array.
        allowed: the shapes.
        meaning: of the dimensions, for the message.

    Raises:
        UnfitError: if not.
    """
    if values.shape not in allowed:
        shapes = " or ".join(dict.fromkeys(str(list(sizes)) for sizes in allowed))
        raise UnfitError(f"{field} has the shape {list(values.shape)}, expected {shapes}: {meaning}")


def a(value: Any) -> str:
    """Return what kind of thing a value is, with its article."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
