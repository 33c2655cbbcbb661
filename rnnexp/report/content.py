"""What the report of a run holds: the content of ``report.json``.

A key of the JSON is an attribute here, with the same name (only ``schema`` is ``schema_version``). A key whose value
would be None is not there, settings and the losses of a training of no epochs aside. No number is NaN or infinite: what
cannot be said is absent, with a reason.

Schema 2 is schema 1 and ``task``, since it decides what is compared between runs. Later versions may add keys to it,
which earlier ones pass over when they read; a key that goes or changes its meaning makes a new schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, JsonValue, field_serializer

from rnnexp.preprocessing.input_map import InputMap
from rnnexp.report import figures
from rnnexp.report.bits import Bits
from rnnexp.report.gates import EXIT_CODE, Outcome, failures
from rnnexp.report.int8 import Degradation, Tensor
from rnnexp.report.listening import Listening
from rnnexp.report.metrics import ClassificationMetrics, Metrics, RegressionMetrics
from rnnexp.report.micro import Micro
from rnnexp.report.models import KINDS, File, Models, Progress
from rnnexp.report.part import Part
from rnnexp.report.run_warning import RunWarning
from rnnexp.report.verdict import Verdict


class Data(Part):
    """The data set as the network saw it.

    Attributes:
        source: where it is from.
        units: of the targets.
        normalization: of inputs and targets, in words.
        input_map: of inputs, for programs.
        train: sequences to learn from.
        validation: sequences to watch while learning.
        evaluation: sequences that the metrics are of.
        evaluation_part: the name of the part that those are.
        time_steps: of a sequence.
        features: of a time step.
        real_steps: of sequences of different lengths: the share of the evaluated ones' steps that is no padding.
        every_step: whether an answer has several steps.
        answer_steps: in which a decoder answers after the sequence; 0 where the answer comes with it.
        classes: their names; none where values are predicted.
        outputs: of a series with several, their names: the step ahead, the column.
        notes: what a reader of the results must know.
    """

    source: str
    units: str
    normalization: str
    input_map: InputMap
    train: int
    validation: int
    evaluation: int
    evaluation_part: str
    time_steps: int
    features: int
    real_steps: float | None = None
    every_step: bool
    answer_steps: int
    classes: list[str]
    notes: list[str]
    outputs: list[str] | None = None

    @field_serializer("input_map")
    def _without_absent_numbers(self, input_map: InputMap) -> dict[str, JsonValue]:
        return input_map.to_json()


class Training(Part):
    """How the training went.

    Attributes:
        epochs_run: how many.
        best_epoch: the one whose weights were exported.
        ended: ``complete``, ``interrupted``, or ``early`` by early stopping.
        seconds: with compilation.
        compile_seconds: of these.
        steps_per_second: training steps from the second epoch on; 0 if there was none.
        loss: of the training part after the best epoch, at unit scale; None if no epoch was run.
        val_loss: the same of the validation part, or of the sequences that chose the epoch.
        total_seconds: of the whole run.
        inner: so many sequences, the last ones of the training part, were not trained on, but chose the epoch; absent
            if the validation part did, or none was chosen.
        least_val_loss: the least of all epochs.
        least_val_loss_epoch: the one that it is of.
    """

    epochs_run: int
    best_epoch: int
    ended: str
    seconds: float
    compile_seconds: float
    steps_per_second: float
    loss: float | None
    val_loss: float | None
    total_seconds: float
    inner: int | None = None
    least_val_loss: float | None = None
    least_val_loss_epoch: int | None = None


class GenerationErrors(Part):
    """Errors over the first steps up to each horizon that was reached, in the data's own units.

    Attributes:
        rmse: root mean squared errors.
        largest: largest absolute errors.
        absent: why the later horizons were not reached.
    """

    rmse: list[float]
    largest: list[float]
    absent: str | None = None


class GenerationFromOrigins(Part):
    """How the models went on with the series from many places of it, next to what takes no model.

    Attributes:
        origins: how many, spread evenly over the evaluation part.
        steps: from each.
        horizons: numbers of steps that the errors are over.
        errors: name -> errors over all origins.
    """

    origins: int
    steps: int
    horizons: list[int]
    errors: dict[str, GenerationErrors]


class Generation(Part):
    """How the models went on with the series in closed loop.

    Attributes:
        steps: how many were asked for.
        horizons: numbers of steps that the errors are over.
        truth: the series' own values.
        errors: name -> errors, of persistence too.
        values: name of the model -> what it generated.
        from_origins: the same from many places.
    """

    steps: int
    horizons: list[int]
    truth: list[float]
    errors: dict[str, GenerationErrors]
    values: dict[str, list[float]]
    from_origins: GenerationFromOrigins | None = None


class Example(Part):
    """A question, its true answer, and those of the models, as text."""

    question: str
    truth: str
    float32: str | None = None
    int8: str | None = None


class Exports(Part):
    """What the run leaves besides the models, and what the network takes in C.

    Attributes:
        files: the network as weights, as C, and in models of one time step.
        constant_bytes: of flash, for its numbers.
        state_bytes: of memory, for each stream or sequence.
        stack_bytes: on the stack, for the codes of a time step.
        instructions: chip -> about how many a time step takes; absent for networks of more than was counted.
    """

    files: list[File]
    constant_bytes: int | None = None
    state_bytes: int | None = None
    stack_bytes: int | None = None
    instructions: dict[str, int] | None = None

    @property
    def speed(self) -> list[tuple[str, str]]:
        """Chips, and instructions of a time step, for people to read."""
        return [(chip, f"{count:,}") for chip, count in (self.instructions or {}).items()]

    @classmethod
    def of(
        cls,
        name: str,
        contents: Mapping[str, bytes | str],
        sizes: Mapping[str, Any],
        micro: Mapping[str, Micro] | None = None,
    ) -> Exports:
        """Return what there is to say of files.

        Args:
            name: of the files, without suffix.
            contents: suffix of the name -> content.
            sizes: what the network takes on a microcontroller; empty without integers.
            micro: what files take in TensorFlow Lite Micro, by name.
        """
        named, known = {f"{name}{suffix}": content for suffix, content in contents.items()}, micro or {}
        return cls(files=[File.of(file, content, micro=known.get(file)) for file, content in named.items()], **sizes)


class Report(Part):
    """Everything that a run came to.

    Attributes:
        schema_version: of the JSON; ``schema`` there.
        name: what the exported files' names begin with.
        task: what was asked of the network.
        config: every setting.
        automatic: the settings that were decided by the run.
        seed: of everything random.
        versions: package -> version.
        data: the data set.
        models: the exported models.
        baselines: name -> metrics of what takes no network: trivial predictions, and simple models of the same inputs.
        baseline_notes: name -> why there is none of it, or how much of the training part it has learned from.
        verdict: whether the network is better than the best of them; absent in reports from before there was one.
        progress: the models after the epochs 0, 1 and the last.
        training: how it went.
        examples: questions and answers, where they are texts.
        degradation: what int8 costs, if there is an int8 model.
        quantization: its tensors.
        generation: the series continued in closed loop, if that was asked for.
        listening: words found in streams of sound, of a network that listens without a break.
        exports: the other files.
        bits: whether the integers come to the same in every runtime that was there; absent without int8, and in reports
            from before runs compared them.
        warnings: what is likely to be wrong; absent in reports from before they were kept.
        gates: what ``FAIL_ON`` said of all of this.
    """

    schema_version: Literal[2] = Field(default=2, alias="schema")
    name: str
    task: Literal["regression", "memory", "classification"]
    config: dict[str, JsonValue]
    automatic: list[str]
    seed: int
    versions: dict[str, str]
    data: Data
    models: Models
    baselines: dict[str, Metrics]
    baseline_notes: dict[str, str] | None = None
    verdict: Verdict | None = None
    progress: list[Progress]
    training: Training
    examples: list[Example] | None = None
    degradation: Degradation | None = None
    quantization: list[Tensor] | None = None
    generation: Generation | None = None
    listening: Listening | None = None
    exports: Exports
    bits: list[Bits] | None = None
    warnings: list[RunWarning] | None = None
    gates: list[Outcome] | None = None

    @classmethod
    def figure_names(cls, task: str) -> list[str]:
        """Return the dotted names of the figures that a report of a task can have, see ``figures.names``."""
        return figures.names(cls, without=RegressionMetrics if task == "classification" else ClassificationMetrics)

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0, 3 where a gate has failed, or 1 where a model could not be exported."""
        if failures(self.gates or []):
            return EXIT_CODE
        return 0 if len(self.models.exported) == len(KINDS) else 1
