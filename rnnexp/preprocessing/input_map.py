"""Input maps: how samples in the data's own units become what a network sees, and its outputs units again.

A map goes, as a small JSON object, into every report and exported file, so that whoever runs the model can follow it:

    {"kind": "none"}
    {"kind": "train", "to": 255.0, "minimum": 16.7, "range": 1510.8}       the training part's; one number, one a step,
                                                                           or one a feature, with "axis": "feature"
    {"kind": "window", "to": 255.0, "flat_range": 20.4}                    each sample's own; flat_range where that is 0
    {"kind": "standard", "mean": [0.1, 9.8], "deviation": [1.9, 2.3], ...}   see ``preprocessing.standard``
    {"kind": "columns", "columns": [...], "targets": 1}                    one of the above for each feature
    {"kind": "characters", "characters": "0123456789 +"}                   texts, see ``preprocessing.characters``
    {"kind": "raw", ...}  {"kind": "log-mel", ...}  {"kind": "mfcc", ...}         sound, see ``preprocessing.features``
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
    model_validator,
)
from typing_extensions import override

from rnnexp.preprocessing.map import Count, Map, Number, Numbers, Positive, Positives, Sample, Scaling
from rnnexp.preprocessing.standard import Standardized

# Of samples [n, time, features]: the dimension, and what it has.
AXES = {"step": (1, "time steps"), "feature": (2, "features")}


class AsItIs(Map):
    """Samples are the inputs."""

    kind: Literal["none"] = "none"


class TrainingRange(Map):
    """Samples from the training part's range to 0..``to``.

    Attributes:
        to: where the range ends.
        minimum: of the training part, or of each time step or feature there.
        range: the same.
        axis: what several numbers are of.
    """

    kind: Literal["train"] = "train"
    to: Positive
    minimum: Numbers
    range: Positives
    axis: Literal["step", "feature"] = "step"

    @model_validator(mode="after")
    def _as_many(self) -> TrainingRange:
        counts = {len(values) for values in (self.minimum, self.range) if isinstance(values, tuple)}
        if len(counts) > 1:
            raise ValueError(f"minimum and range are not of as many {AXES[self.axis][1]}")
        return self

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        dimension, what = AXES[self.axis]
        minimum, width = (self._along(values, samples.shape[dimension], what) for values in (self.minimum, self.range))
        return minimum, width / self.to

    def _along(self, values: float | tuple[float, ...], count: int, what: str) -> np.ndarray:
        numbers = np.atleast_1d(np.asarray(values, np.float64))
        if isinstance(values, tuple) and len(values) != count:
            raise ValueError(f"it is for {len(values)} {what}, and there are {count}")
        return numbers.reshape((1, -1, 1) if self.axis == "step" else (1, 1, -1))

    @model_serializer(mode="wrap")
    def _without_the_usual_axis(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = serialize(self)
        return {name: value for name, value in found.items() if (name, value) != ("axis", "step")}


class WindowRange(Map):
    """Each feature of each sample from its own range to 0..``to``.

    Attributes:
        to: where the range ends.
        flat_range: the range of what has none.
    """

    kind: Literal["window"] = "window"
    to: Positive
    flat_range: Positive

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        width = np.ptp(samples, axis=1, keepdims=True)
        return samples.min(axis=1, keepdims=True), np.where(width > 0, width, self.flat_range) / self.to


Column = Annotated[AsItIs | TrainingRange | WindowRange, Field(discriminator="kind")]


class Columns(Map):
    """Each feature by a map of its own.

    Attributes:
        columns: of each feature; one number each, for all time steps.
        targets: so many features, the first ones, are what is predicted: output after output, horizon after horizon.
    """

    kind: Literal["columns"] = "columns"
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    targets: Annotated[int, Field(ge=1, strict=True)] = 1

    @model_validator(mode="after")
    def _targets_are_there(self) -> Columns:
        if self.targets > len(self.columns):
            raise ValueError(f"targets is {self.targets}, and there are {len(self.columns)} columns")
        return self

    @override
    def scaling(self, samples: np.ndarray) -> Scaling:
        if samples.shape[2] != len(self.columns):
            raise ValueError(f"it is for {len(self.columns)} features, and there are {samples.shape[2]}")
        each = [column.scaling(samples[:, :, [number]]) for number, column in enumerate(self.columns)]
        offset, scale = (np.concatenate(np.broadcast_arrays(*parts), axis=2) for parts in zip(*each, strict=True))
        return offset, scale

    @override
    def target_scaling(self, samples: np.ndarray, outputs: int = 1) -> Scaling:
        if outputs % self.targets:
            raise ValueError(f"it is for {self.targets} targets, and there are {outputs} outputs")
        each = [self.columns[number].target_scaling(samples[:, :, [number]]) for number in range(self.targets)]
        offset, scale = (np.concatenate(np.broadcast_arrays(*parts), axis=1) for parts in zip(*each, strict=True))
        times = outputs // self.targets
        return np.tile(offset, times), np.tile(scale, times)


class Characters(Map):
    """Texts, a time step a character, one-hot; see ``preprocessing.characters``."""

    kind: Literal["characters"] = "characters"
    characters: Annotated[str, Field(min_length=1)]


class _Sound(Map):
    """A second of sound, of 16-bit samples."""

    sample_rate: Count
    clip_samples: Count


class RawSound(_Sound):
    """Samples of a clip.

    Attributes:
        segment: which: the ``first``, the ``loudest``, or ``decimate`` the clip.
        samples: how many.
        minimum: below this they are clipped.
        maximum: the same above.
    """

    kind: Literal["raw"] = "raw"
    segment: Literal["first", "loudest", "decimate"]
    samples: Count
    minimum: Sample
    maximum: Sample


class Spectrum(_Sound):
    """Features of the frames of a clip: log-mel bands, or cepstral coefficients; ``features.spectral`` makes them.

    Attributes:
        full_scale: samples are divided by this.
        frames: time steps.
        frame_length: samples.
        frame_step: samples.
        fft_length: samples.
        window: of a frame.
        mel_bands: how many.
        mel_hz: from where to where.
        mel_scale: hertz -> mel.
        log_offset: added before the logarithm.
        coefficients: of ``mfcc``, how many.
        dct: of ``mfcc``, which.
    """

    kind: Literal["log-mel", "mfcc"]
    full_scale: Count
    frames: Count
    frame_length: Count
    frame_step: Count
    fft_length: Count
    window: str
    mel_bands: Count
    mel_hz: tuple[Number, Number]
    mel_scale: str
    log_offset: Positive
    coefficients: Count | None = None
    dct: str | None = None

    @override
    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class SpectralSound(Spectrum):
    """The same, normalised.

    Attributes:
        mean: of each feature in the training part: taken away.
        deviation: the same: what is left is divided by it.
    """

    mean: tuple[Number, ...]
    deviation: tuple[Positive, ...]


InputMap = Annotated[
    AsItIs | TrainingRange | WindowRange | Columns | Standardized | Characters | RawSound | SpectralSound,
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
