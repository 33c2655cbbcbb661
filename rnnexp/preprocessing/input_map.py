"""Input maps: how samples in the data's own units become what a network sees, and its outputs units again.

A map goes, as a small JSON object, into every report and exported file, so that whoever runs the model can follow it:

    {"kind": "none"}
    {"kind": "train", "to": 255.0, "minimum": 16.7, "range": 1510.8}       the training part's; one number or one a step
    {"kind": "window", "to": 255.0, "flat_range": 20.4}                    each sample's own; flat_range where that is 0
    {"kind": "characters", "characters": "0123456789 +"}                   texts, see ``preprocessing.characters``
    {"kind": "raw", ...}  {"kind": "log-mel", ...}  {"kind": "mfcc", ...}         sound, see ``preprocessing.features``
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from typing_extensions import override

Number = Annotated[float, Field(allow_inf_nan=False)]
Numbers = Number | Annotated[tuple[Number, ...], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Positives = Positive | Annotated[tuple[Positive, ...], Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=32768, strict=True)]
Sample = Annotated[int, Field(ge=-32768, le=32767, strict=True)]


class _Map(BaseModel):
    """What all maps can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def scaling(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what to take away from samples ``[n, time]``, and what to divide them by then.

        Both are ``[n or 1, time or 1]``. Predictions of a series go back by the same: ``offset + scale * output``.
        """
        del samples  # they are the network's inputs as they are
        return np.zeros((1, 1)), np.ones((1, 1))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self.model_dump(mode="json")


class AsItIs(_Map):
    """Samples are the inputs."""

    kind: Literal["none"] = "none"


class TrainingRange(_Map):
    """Samples from the training part's range to 0..``to``.

    Attributes:
        to: where the range ends.
        minimum: of the training part, or of each time step there.
        range: the same.
    """

    kind: Literal["train"] = "train"
    to: Positive
    minimum: Numbers
    range: Positives

    @model_validator(mode="after")
    def _as_many(self) -> TrainingRange:
        counts = {len(values) for values in (self.minimum, self.range) if isinstance(values, tuple)}
        if len(counts) > 1:
            raise ValueError("minimum and range are not of as many time steps")
        return self

    @override
    def scaling(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        del samples
        minimum, width = (np.atleast_2d(np.asarray(values, np.float64)) for values in (self.minimum, self.range))
        return minimum, width / self.to


class WindowRange(_Map):
    """Each sample from its own range to 0..``to``.

    Attributes:
        to: where the range ends.
        flat_range: the range of a sample that has none.
    """

    kind: Literal["window"] = "window"
    to: Positive
    flat_range: Positive

    @override
    def scaling(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        width = np.ptp(samples, axis=1, keepdims=True)
        return samples.min(axis=1, keepdims=True), np.where(width > 0, width, self.flat_range) / self.to


class Characters(_Map):
    """Texts, a time step a character, one-hot; see ``preprocessing.characters``."""

    kind: Literal["characters"] = "characters"
    characters: Annotated[str, Field(min_length=1)]


class _Sound(_Map):
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
    AsItIs | TrainingRange | WindowRange | Characters | RawSound | SpectralSound, Field(discriminator="kind")
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
