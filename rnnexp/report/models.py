"""The exported models of a run: their files, and what these came to."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from pydantic import Tag
from typing_extensions import Self

from rnnexp.report.metrics import Metrics
from rnnexp.report.micro import Micro
from rnnexp.report.part import Part, closest

# In the order in which they are shown.
KINDS = ("float32", "int8")
# Of a file; within ``File``, ``bytes`` is how many.
Content = bytes | str


class File(Part):
    """A file that the run has left: its name, size and checksum.

    Attributes:
        micro: of a .tflite file, what it takes in TensorFlow Lite Micro; absent in reports from before this was asked.
    """

    file: str
    bytes: int
    sha256: str
    micro: Micro | None = None

    @classmethod
    def of(cls, name: str, content: Content, **more: Any) -> Self:
        """Return what there is to say of a file.

        Args:
            name: of the file.
            content: of it; text is in UTF-8.
            more: what kinds of files say beside this.
        """
        raw = content.encode() if isinstance(content, str) else content
        return cls(file=name, bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest(), **more)


class ExportedModel(File):
    """A model's file, and what it came to on the evaluation part, run by LiteRT.

    Attributes:
        metrics: of its outputs.
        latency_us: microseconds an inference, median.
        keras_difference: of float32: the largest difference from the trained model, as a share of the outputs' range.
        conversion_seconds: of int8: to quantise and write it, without fine-tuning.
    """

    metrics: Metrics
    latency_us: float
    keras_difference: float | None = None
    conversion_seconds: float | None = None


class AbsentModel(Part):
    """A model that could not be exported, and why."""

    absent: str


Model = Annotated[
    Annotated[ExportedModel, Tag("ExportedModel")] | Annotated[AbsentModel, Tag("AbsentModel")],
    closest(ExportedModel, AbsentModel),
]


class Models(Part):
    """The exported models."""

    float32: Model
    int8: Model

    @property
    def by_kind(self) -> dict[str, ExportedModel | AbsentModel]:
        """Both by name."""
        return {kind: getattr(self, kind) for kind in KINDS}

    @property
    def exported(self) -> dict[str, ExportedModel]:
        """Those that there is a file of, by name."""
        return {kind: model for kind, model in self.by_kind.items() if isinstance(model, ExportedModel)}


class Progress(Part):
    """What the models were after an epoch; 0 is before any training.

    Attributes:
        epoch: which.
        sequences: of the evaluation part, that they were run on, where these are not all.
        float32: metrics of the file exported then.
        int8: the same, in integers.
    """

    epoch: int
    sequences: int | None = None
    float32: Metrics | None = None
    int8: Metrics | None = None
