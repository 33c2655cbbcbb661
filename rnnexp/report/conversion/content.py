"""What the report of a conversion holds: the content of its ``report.json``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rnnexp.report.bits import Bits
from rnnexp.report.content import Exports
from rnnexp.report.fine_tuning import FineTuning, Way
from rnnexp.report.int8 import Tensor
from rnnexp.report.interpolation import Interpolation
from rnnexp.report.models import File
from rnnexp.report.part import Part


class Source(Part):
    """The network that was converted.

    Attributes:
        file: its name.
        framework: what wrote it.
        layers: each in a line, as it was read.
        begin: the layer it was cut at, if that was asked for; its outputs are the inputs.
        until: the last layer that was converted, the same.
    """

    file: str
    framework: str
    layers: list[str]
    begin: str | None = None
    until: str | None = None


class Data(Part):
    """What was calibrated and evaluated on.

    Attributes:
        calibration: sequences that ranges are of.
        evaluation: sequences that the figures are of.
        evaluated_on: the file or flag that these are from.
        held_out: whether they are others than those of the calibration.
        time_steps: of a sequence.
        features: of a time step; 0 where the input is words.
        real_steps: the share of steps that is no padding, where lengths differ.
        outside: the share of the evaluation's inputs outside of what the calibration data showed.
    """

    calibration: int
    evaluation: int
    evaluated_on: str
    held_out: bool
    time_steps: int
    features: int
    real_steps: float | None = None
    outside: float


class FloatCheck(Part):
    """How the network that was read differs from its framework's own outputs.

    Attributes:
        against: what computed these; absent where nothing could.
        difference: the largest, as a share of the outputs' range.
        limit: more than this is an error.
        sequences: that were compared.
        absent: why there was no comparison.
    """

    against: str | None = None
    difference: float | None = None
    limit: float
    sequences: int
    absent: str | None = None


class Fidelity(Part):
    """What int8 loses, on the evaluation data, before any softmax.

    Attributes:
        error: root mean squared difference of the outputs from those of real numbers.
        rounding: the same of rounding the outputs to their codes alone, which nothing can avoid: step / sqrt(12).
        ratio: one over the other: 1 is as good as it gets.
        largest: the largest difference of an output.
        largest_probability: the same after the softmax.
        same_class: the share of answers whose class is the same.
        accuracy: of ``float`` and ``int8``, where right classes are known.
        gap: the mean squared error added, over the target's variance, where right values are known.
        robust_gap: the same of medians.
    """

    error: float
    rounding: float
    ratio: float
    largest: float
    largest_probability: float | None = None
    same_class: float | None = None
    accuracy: dict[str, float] | None = None
    gap: float | None = None
    robust_gap: float | None = None


class Model(File):
    """An exported model.

    Attributes:
        latency_us: microseconds a sequence in LiteRT, median.
    """

    latency_us: float | None = None


class Absent(Part):
    """A model that there is not, and why."""

    absent: str


class ConversionReport(Part):
    """Everything that a conversion came to.

    Attributes:
        schema_version: of the JSON; ``schema`` there.
        kind: that this is no run.
        name: what the files' names begin with.
        versions: package -> version.
        source: the network.
        data: what it was converted with.
        float_check: of what was read.
        tried: ways of choosing scales, in order, and their errors on the calibration data.
        chosen: the one that was kept, in words.
        fine_tuning: of the weights; None in reports of before there was any.
        tables: what interpolated ones cost; None where they are full.
        fidelity: what int8 loses.
        bits: of each runtime at hand: equal on all of the sequences, or else nothing is exported.
        models: ``float32`` and ``int8``.
        exports: the other files, and what the network takes on a microcontroller.
        quantization: the tensors.
        warnings: what a user must know.
        seconds: that it took.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    kind: Literal["conversion"] = "conversion"
    name: str
    versions: dict[str, str]
    source: Source
    data: Data
    float_check: FloatCheck
    tried: list[Way]
    chosen: str
    fine_tuning: FineTuning | None = None
    tables: Interpolation | None = None
    fidelity: Fidelity
    bits: list[Bits]
    models: dict[str, Model | Absent]
    exports: Exports
    quantization: list[Tensor]
    warnings: list[str]
    seconds: float
