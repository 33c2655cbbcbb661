"""Input maps: how samples in the data's own units become what a network sees, and its outputs units again.

A map goes, as a small JSON object, into every report and exported file, so that whoever runs the model can follow it:

    {"kind": "none"}
    {"kind": "train", "to": 255.0, "minimum": 16.7, "range": 1510.8}       the training part's; one number, one a step,
                                                                           or one a feature, with "axis": "feature"
    {"kind": "window", "to": 255.0, "flat_range": 20.4}                    each sample's own; flat_range where that is 0
    {"kind": "difference", "to": 255.0, "range": 90.5}                     differences from each sample's last value
    {"kind": "window-difference", "to": 255.0, "flat_range": 20.4}         the same, in units of the sample's own range
    {"kind": "change", "to": 255.0, "range": 9.5}                          changes from each time step to the next
    {"kind": "window-change", "to": 255.0, "flat_range": 2.4}              the same, in units of the sample's largest
    {"kind": "standard", "mean": [0.1, 9.8], "deviation": [1.9, 2.3], ...}   see ``preprocessing.standard``
    {"kind": "columns", "columns": [...], "targets": 1}                    one of the above for each feature
    {"kind": "characters", "characters": "0123456789 +"}                   texts, see ``preprocessing.characters``
    {"kind": "raw", ...}  {"kind": "log-mel", ...}  {"kind": "mfcc", ...}         sound, see ``preprocessing.features``
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from rnnexp.preprocessing.map import Map
from rnnexp.preprocessing.numeric_maps import (
    AsItIs,
    Change,
    Columns,
    Difference,
    TrainingRange,
    WindowChange,
    WindowDifference,
    WindowRange,
)
from rnnexp.preprocessing.sound_maps import RawSound, SpectralSound, Spectrum
from rnnexp.preprocessing.standard import Standardized

__all__ = [
    "AS_IT_IS",
    "AsItIs",
    "Change",
    "Characters",
    "Columns",
    "Difference",
    "InputMap",
    "RawSound",
    "Sound",
    "SpectralSound",
    "Spectrum",
    "Standardized",
    "TrainingRange",
    "WindowChange",
    "WindowDifference",
    "WindowRange",
    "parse",
]


class Characters(Map):
    """Texts, a time step a character, one-hot; see ``preprocessing.characters``."""

    kind: Literal["characters"] = "characters"
    characters: Annotated[str, Field(min_length=1)]


InputMap = Annotated[
    AsItIs
    | TrainingRange
    | WindowRange
    | Difference
    | WindowDifference
    | Change
    | WindowChange
    | Columns
    | Standardized
    | Characters
    | RawSound
    | SpectralSound,
    Field(discriminator="kind"),
]
AS_IT_IS = AsItIs()
# Those whose samples are sound.
Sound = RawSound | SpectralSound

_ANY: TypeAdapter[InputMap] = TypeAdapter(InputMap)


def parse(found: Any) -> InputMap:
    """Return the map that a JSON value is.

    Raises:
        ValueError: if it is none, saying what is wrong with which of its numbers.
    """
    try:
        return _ANY.validate_python(found)
    except ValidationError as error:
        problem = error.errors()[0]
        # The place begins with the kind, then comes the field, and what pydantic calls its type may follow.
        where, message = problem["loc"][1:2], problem["msg"].removeprefix("Value error, ")
        text = f"{where[0]}: {message}" if where else message
        # A kind, or the name of a field, from anywhere: a terminal must not follow what is in it.
        raise ValueError(text if text.isprintable() else text.encode("unicode_escape").decode()) from None
