"""Input maps of sound: which samples of a clip, or which features of its frames, a network sees."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import override

from rnnexp.preprocessing.map import Count, Map, Number, Positive, Sample

# Samples of a clip.
LONGEST_CLIP = 1 << 20


class ClipMap(Map):
    """A second of sound, of 16-bit samples; or, of a network that listens without a break, what it was trained on."""

    sample_rate: Count
    clip_samples: Annotated[int, Field(ge=1, le=LONGEST_CLIP, strict=True)]


class RawSound(ClipMap):
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


class Spectrum(ClipMap):
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
