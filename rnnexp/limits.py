"""Kinds of values that settings take, with their limits; and settings that there are none of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0.01, le=0.9)]
DropoutShare = Annotated[float, Field(ge=0, le=0.9)]


def several(value: Any) -> Any:
    """Return what a constant may name one of, or several, or none, as several."""
    return () if value is None else tuple(value) if isinstance(value, list | tuple) else (value,)


Names = Annotated[tuple[str, ...], BeforeValidator(several)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Numbers = Annotated[tuple[Finite, ...], BeforeValidator(several)]

# Settings that people may look for, and why there is none of that name.
NO_SETTINGS = {
    "stateful": "every sequence starts from a state of 0, in training as in the exported model, because windows "
    "overlap and are in no order; to carry a state from one inference to the next, use the model of one time step",
}
