"""What the scripts have in common: the settings of training, export and where files go, and those of recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from rnnexp import files
from rnnexp.errors import did_you_mean
from rnnexp.limits import DropoutShare, Names, PositiveFloat, PositiveInt
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.network.cells import CELLS, factored, load
from rnnexp.network.structure import Structure
from rnnexp.presets import PRESETS
from rnnexp.printable import in_utf_8


class Settings(BaseModel):
    """What the three scripts have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    task: ClassVar[Literal["regression", "classification", "memory"]]

    dataset_name: str = Field(description="data set, by name")
    epochs: Annotated[int, Field(ge=0)] = Field(
        default=100, description="passes over the training part; 0: export the weights that training would start from"
    )
    activation: str = Field(default="custom", description=f"of the recurrent cell: {', '.join(ACTIVATIONS)}")
    hidden_size: Annotated[int, Field(ge=1, le=4096)] = Field(default=10, description="recurrent units")

    preset: str | None = Field(
        default=None,
        description="settings of a demonstration, before the constants and behind the flags: "
        + "; ".join(
            f"{', '.join(name for name, preset in PRESETS.items() if preset.task == task)} (run_{task}.py)"
            for task in dict.fromkeys(preset.task for preset in PRESETS.values())
        ),
    )

    cell: str = Field(default="simple", description=f"recurrent cell: {', '.join(CELLS)}")
    projection: PositiveInt | None = Field(
        default=None,
        description="LSTMs, with or without peepholes: outputs of each layer, fewer than HIDDEN_SIZE, as a product of "
        "what its units give (Sak et al. 2014); None: these themselves",
    )
    rank: PositiveInt | None = Field(
        default=None,
        description="FastGRNNs: each kernel of a layer is the product of two of this rank, less than half of "
        "HIDDEN_SIZE, wherever these have fewer weights (Kusupati et al. 2018); None: it is one",
    )
    num_layers: Annotated[int, Field(ge=1, le=16)] = Field(
        default=1, description="recurrent layers, each reading the outputs of the one before"
    )
    bidirectional: bool = Field(
        default=False, description="read each sequence from both ends, with HIDDEN_SIZE units each"
    )
    go_backwards: bool = Field(default=False, description="read each sequence from its end")
    recurrent_initializer: Literal["orthogonal", "identity"] = Field(
        default="orthogonal",
        description="where the recurrent weights start; identity, for the simple cell with relu, remembers long "
        "(Le et al. 2015)",
    )
    dropout: DropoutShare = Field(
        default=0.0,
        description="share of the inputs of every recurrent layer dropped in training, for a whole sequence",
    )
    recurrent_dropout: DropoutShare = Field(
        default=0.0, description="share of the recurrent state dropped in training, for a whole sequence"
    )
    l2_regularization: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0.0, description="added to the training loss, times the sum of the squares of all weights but biases"
    )

    weights: Path | None = Field(
        default=None,
        description="file of the weights to start from: a -weights.npz of a run, a PyTorch state dict saved as npz, or "
        "a Keras file; None: random ones",
    )
    resume: bool | Path | None = Field(
        default=None,
        description="run to go on with that was stopped, by its folder; True: the newest one of the same settings, or "
        "a new run where there is none; None: a new run",
    )
    batch_size: PositiveInt | None = Field(default=None, description="windows a training step; None: automatic")
    learning_rate: PositiveFloat | None = Field(default=None, description="at the start; None: automatic")
    learning_rate_decay: bool = Field(default=True, description="let it fall to a hundredth, along a cosine")
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = Field(default="adam", description="Keras optimiser")
    gradient_clip_norm: PositiveFloat | None = Field(
        default=1.0, description="longest gradient allowed; None: no bound"
    )
    early_stopping: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="stop after this many epochs without a better validation loss, and report on a separate "
        "test part; 0: never",
    )
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(default=0, description="of everything random")
    deterministic: bool = Field(
        default=False,
        description="the same bits on any x86-64, in the instructions that all of them have, and slower for it "
        "(docs/determinism.md); False: on machines of one kind",
    )
    qat_epochs: Annotated[int, Field(ge=0)] = Field(
        default=10,
        description="epochs of fine-tuning in the int8 model's arithmetic, where plain quantisation loses more than a "
        "third of GAP_LIMIT on the training part; 0: never",
    )
    gap_limit: PositiveFloat = Field(
        default=0.003,
        description="warn when int8 loses more: mean squared error over the target's variance, or share of accuracy "
        "(but a sample may always be lost)",
    )
    io_bits: Literal[8, 16] = Field(
        default=8,
        description="of the int8 model's inputs and outputs: 16 makes them int16, for signals with a wide range, of "
        "which 8 bits lose the quiet part; all else stays as it is",
    )
    tables: Literal["full", "interpolated"] = Field(
        default="full",
        description="of the int8 model's gates and activations: an entry for each place of a sum; or in C every 16th "
        "one and lines between them, where flash is short: the report says what that costs",
    )
    fail_on: Names = Field(
        default=(),
        description='limits on figures of the report, such as "gap>0.003": where one is true, the run ends with exit '
        "code 3 (docs/ci.md); None: no limits",
    )
    tensorboard: bool = Field(default=False, description="write event files for TensorBoard into the run's folder")
    output_dir: Path = Field(default=Path("tflite_models"), description="where the exported models go")
    runs_dir: Path = Field(default=Path("runs"), description="where each run leaves its history, model and plots")
    quiet: bool = Field(default=False, description="print nothing but warnings and errors")

    @field_validator("*", mode="before")
    @classmethod
    def _is_written_in_utf_8(cls, value: Any) -> Any:
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str | Path) and not in_utf_8(str(text)):
                raise ValueError(f"the name {str(text)!r} is no UTF-8: rename the file, or the folder")
        return value

    @model_validator(mode="before")
    @classmethod
    def _preset_instead_of_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        name = values.get("preset")
        preset = PRESETS.get(name) if isinstance(name, str) else None
        return {**preset.settings, **values} if preset and preset.task == cls.task else values

    @field_validator("preset")
    @classmethod
    def _known_preset(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            own = [name for name, preset in PRESETS.items() if preset.task == cls.task]
            there = f"there are: {', '.join(own)}" if own else "there are none for this script"
            raise ValueError(f"unknown preset {value!r}{did_you_mean(value, PRESETS)} ({there})")
        if value is not None and PRESETS[value].task != cls.task:
            raise ValueError(f"{value!r} is for run_{PRESETS[value].task}.py")
        return value

    @field_validator("activation")
    @classmethod
    def _known_activation(cls, value: str) -> str:
        if value not in ACTIVATIONS:
            raise ValueError(
                f"unknown activation {value!r}{did_you_mean(value, ACTIVATIONS)} (there are: {', '.join(ACTIVATIONS)})"
            )
        return value

    @field_validator("cell")
    @classmethod
    def _known_cell(cls, value: str) -> str:
        if value not in CELLS:
            raise ValueError(f"unknown cell {value!r}{did_you_mean(value, CELLS)} (there are: {', '.join(CELLS)})")
        return value

    @field_validator("projection")
    @classmethod
    def _projection_of_an_lstm(cls, value: int | None, others: ValidationInfo) -> int | None:
        if value is None or "cell" not in others.data or "hidden_size" not in others.data:
            return value
        cell, units = others.data["cell"], others.data["hidden_size"]
        if not load(cell).projects:
            there = " or ".join(repr(name) for name in CELLS if load(name).projects)
            raise ValueError(f"{value} is for CELL = {there}, and here it is {cell!r}")
        if value >= units:
            raise ValueError(f"{value} is not less than HIDDEN_SIZE, which is {units}: a projection makes fewer values")
        return value

    @field_validator("rank")
    @classmethod
    def _rank_of_a_fastgrnn(cls, value: int | None, others: ValidationInfo) -> int | None:
        if value is None or "cell" not in others.data or "hidden_size" not in others.data:
            return value
        cell, units = others.data["cell"], others.data["hidden_size"]
        if not load(cell).factors:
            there = " or ".join(repr(name) for name in CELLS if load(name).factors)
            raise ValueError(f"{value} is for CELL = {there}, and here it is {cell!r}")
        if not factored(units, units, value):
            raise ValueError(
                f"{value} is not less than half of HIDDEN_SIZE, which is {units}: two kernels of that rank have no "
                "fewer weights than one"
            )
        return value

    @field_validator("go_backwards")
    @classmethod
    def _one_direction(cls, value: bool, others: ValidationInfo) -> bool:
        if value and others.data.get("bidirectional"):
            raise ValueError("set this or BIDIRECTIONAL, which reads backwards too, but not both")
        return value

    @field_validator("recurrent_initializer")
    @classmethod
    def _identity_of_the_simple_cell(cls, value: str, others: ValidationInfo) -> str:
        if value == "identity" and others.data.get("cell", "simple") != "simple":
            raise ValueError("identity is for CELL = 'simple'; gated cells remember by their gates")
        return value

    @property
    def stacked(self) -> Structure:
        """How the recurrent layers are stacked."""
        return Structure(
            self.cell,
            self.num_layers,
            self.bidirectional,
            self.go_backwards,
            projection=self.projection or 0,
            rank=self.rank or 0,
        )

    @property
    def structure(self) -> str:
        """The recurrent layers in a word: the cell's name, and how it differs from one layer that reads forwards."""
        return str(self.stacked)

    @property
    def simplest(self) -> bool:
        """Whether the network is one layer of simple cells that reads forwards."""
        return self.structure == "simple"

    @property
    def forward(self) -> bool:
        """Whether all layers read forwards, and so can go step by step."""
        return not (self.bidirectional or self.go_backwards)

    @property
    def max_value(self) -> float:
        """The custom activation's ``M``."""
        return getattr(self, "custom_max_value", 1.0)

    @property
    def data_stem(self) -> str:
        """The data set's name, or of a path the file's, as names of files have it."""
        return files.stem(self.dataset_name)

    @property
    def stem(self) -> str:
        """What the names of the exported files begin with: the structure is named where it is not the simplest."""
        parts = (self.data_stem, "" if self.simplest else self.structure, self.activation)
        return "-".join(part for part in parts if part)

    @property
    def run_stem(self) -> str:
        """What the name of the run's folder ends with: with the seed, where it is another one than 0."""
        return f"{self.stem}-seed{self.seed}" if self.seed else self.stem


class RecordingSettings(BaseModel):
    """What there is to be said of recordings of one's own, whether a class or a number is asked of each."""

    recording: str | None = Field(
        default=None, description="recordings in a table: column that tells them apart; None: found by its name"
    )
    recording_rows: PositiveInt | None = Field(
        default=None,
        description="recordings in a table: rows of each, where no blank line and no column tells them apart",
    )
    split_by: str | None = Field(
        default=None,
        description="recordings: what must not be in two parts, such as a person: a column, or a regular expression "
        "for names of files; None: each recording by itself, every class in every part alike",
    )
    window: PositiveInt | None = Field(
        default=None, description="recordings: samples of the windows that they are cut into; None: whole recordings"
    )
    stride: PositiveInt | None = Field(
        default=None, description="recordings: samples from one window to the next; None: half of WINDOW"
    )
    samples_per_step: PositiveInt | None = Field(
        default=None,
        description="recordings: consecutive samples that are one time step's features; None: so that there are about "
        "30 steps",
    )
