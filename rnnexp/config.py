"""Everything that can be set: one model per script, the only place with defaults, limits and help texts.

A field is a constant of the script in lower case and a flag of the command line: ``hidden_size``, ``HIDDEN_SIZE``,
``--hidden-size``. ``None`` means automatic: the data set's own default if it has one, else the general one.
A preset (``rnnexp.presets``) takes the place of the defaults of what it sets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rnnexp.limits import Names, Numbers, PositiveFloat, PositiveInt, Share
from rnnexp.network.activations import ACTIVATIONS
from rnnexp.settings import RecordingSettings, Settings

__all__ = ["CONFIGS", "ClassificationConfig", "MemoryConfig", "RecordingSettings", "RegressionConfig", "Settings"]


class RegressionConfig(RecordingSettings, Settings):
    """Train on a series, predict its next value, export to TensorFlow Lite."""

    task: ClassVar[Literal["regression"]] = "regression"

    dataset_name: str = Field(
        default="SP500",
        description="SP500, airline-passengers, sine, noisy-sine, adding, sequence, NAME for your own data/NAME.csv, "
        "or the path of a .csv, .csv.gz, .tsv, .parquet, .npy, .npz or .xlsx file; or recordings with a number each "
        "(docs/recordings.md)",
    )
    custom_max_value: PositiveFloat = Field(default=255.0, description="M of the custom activation M * sqrt(x / M)")
    data_sigma: PositiveFloat = Field(default=255.0, description="inputs are scaled to 0..DATA_SIGMA")
    sequence_length: PositiveInt = Field(default=20, description="values in a window; adding: time steps")
    normalization: Literal[
        "auto", "window", "train", "difference", "window-difference", "change", "window-change", "none"
    ] = Field(
        default="auto",
        description="each window by its own range (window), or by the training part's (train); differences from its "
        "last value, by the training part's (difference) or its own range (window-difference); changes from step to "
        "step (change, window-change); values as they are (none); auto: as suits the training part",
    )
    linear_path: bool | None = Field(
        default=None,
        description="add a linear path from all values of a window to the output, beside the recurrent layers: ridge "
        "regression on the training part, to which these add what they can; None: automatic",
    )
    validation_share: Share | None = Field(
        default=None, description="last part of the series, held out; None: automatic"
    )
    target: Names = Field(
        default=(),
        description="own series: the column to predict, or several; none: the column data, or the only one of numbers; "
        "recordings: the column of their number",
    )
    inputs: Names = Field(
        default=(),
        description="own series: further columns to predict from; none: the target alone; recordings in tables: "
        "columns to read; none: all that hold numbers and are nothing else",
    )
    horizon: PositiveInt = Field(default=1, description="of a series: steps to predict ahead, all at once")
    time: Names = Field(
        default=(),
        description='own series: the column that says when, or several of year, month, ...; none: found; "none": the '
        "rows as they follow each other",
    )
    resample: str | None = Field(
        default=None,
        description='own series: the mean of each step of time: "1h", "15min", "1D", "W", "MS"; None: rows as they are',
    )
    fill: Literal["none", "linear", "previous"] = Field(
        default="none",
        description="own series: gaps of up to 3 steps, filled on the line between their neighbours, or with the value "
        "before; none: no window goes over a gap",
    )
    calendar: bool = Field(
        default=False,
        description="own series: sine and cosine of hour, weekday and month, as far as they differ, as inputs",
    )
    missing: Numbers = Field(
        default=(), description="own series: numbers that stand for no value, such as -9999; none: no number does"
    )
    generate_steps: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="of a series: values to generate in closed loop after the window before the evaluation part, every "
        "prediction fed back; None: automatic; 0: none",
    )


class ClassificationConfig(RecordingSettings, Settings):
    """Train a classifier of sequences, export to TensorFlow Lite."""

    task: ClassVar[Literal["classification"]] = "classification"

    dataset_name: str = Field(
        default="speech_commands",
        description="speech_commands, iris, digits, mnist, binary-addition or addition; or a file or a folder of your "
        "own recordings, by its path or its name in data/",
    )
    label: str | None = Field(
        default=None,
        description="recordings: column of the class; of files without it, "
        "a regular expression that finds the class in their names; None: found by its name, or the folder's",
    )
    inputs: Names = Field(
        default=(),
        description="recordings in tables: columns to read; none: all that hold numbers and are nothing else",
    )
    max_sequence_length: PositiveInt = Field(default=1600, description="longer sequences are cut to this")
    validation_share: Share = Field(
        default=0.2, description="share of the samples held out, where the data has no split"
    )
    padding: Literal["end", "begin"] = Field(
        default="end",
        description="of data sets with sequences of different lengths: at which end of the exported model's input the "
        "padding is",
    )
    class_weights: Literal["none", "balanced"] = Field(
        default="none", description="of the training loss: all samples alike, or all classes alike, however rare"
    )
    data_dir: Path | None = Field(
        default=None,
        description="speech_commands: folder with the clips, in the official layout, or a folder of wav files for each "
        "word of your own; mnist: folder with the official files, or a .csv; None: downloaded with tensorflow_datasets",
    )
    words: Names = Field(
        default=(),
        description="speech_commands: words to tell apart, by their folders; all other words are the class _unknown_; "
        "none: the ten of Speech Commands where all are there, else all words that there are",
    )
    resample: bool = Field(
        default=False,
        description="speech_commands: convert files that are not of 16,000 samples a second, 16 bits and one channel; "
        "else they are left out, or refused where they are many",
    )
    features: Literal["raw", "log-mel", "mfcc"] = Field(
        default="raw",
        description="speech_commands: 16-bit samples, or of each frame 40 mel bands from 20 to 7600 Hz (log-mel), or "
        "their first 10 cepstral coefficients (mfcc)",
    )
    segment: Literal["first", "loudest", "decimate"] = Field(
        default="first",
        description="speech_commands, raw: which MAX_SEQUENCE_LENGTH samples of a clip: the first, those with the most "
        "energy, or the whole clip at a lower rate",
    )
    frames: Literal[49, 98] = Field(
        default=49,
        description="speech_commands, log-mel and mfcc: frames a clip, 49 of 40 ms every 20 ms, or 98 of 25 ms every "
        "10 ms",
    )
    stream_seconds: Annotated[float, Field(ge=2, le=60)] | None = Field(
        default=None,
        description="speech_commands, log-mel and mfcc: learn from streams of so many seconds, clips with noise and "
        "pauses between them, and answer at every step, so that the state can be carried for ever; 3 suits most; None: "
        "learn from clips, and answer once",
    )
    augmentation: Annotated[float, Field(ge=0, le=10)] = Field(
        default=0.0,
        description="speech_commands, recordings: how far they are distorted in training, anew in every epoch; 1: "
        "clips are played up to 20 % faster or slower, shifted by up to 0.1 s, up to 6 dB louder or softer, with up to "
        "0.3 of noise or of another clip; recordings are shifted and bent in time by some 3 %, with 10 % of noise",
    )
    cache_dir: Path = Field(default=Path("cache"), description="speech_commands: where decoded clips are kept")


class MemoryConfig(Settings):
    """Train on recalling, or predicting, a value of a random series, export to TensorFlow Lite."""

    task: ClassVar[Literal["memory"]] = "memory"

    dataset_name: str = Field(default="memory", description="memory")
    activation: str = Field(default="tanh", description=f"of the recurrent cell: {', '.join(ACTIVATIONS)}")
    custom_max_value: PositiveFloat = Field(default=1.0, description="M of the custom activation M * sqrt(x / M)")
    memory_signal_length: PositiveInt = Field(default=1024, description="values in the random series")
    memory_n: PositiveInt = Field(default=100, description="values in a window, N")
    memory_k: int = Field(
        default=1, description="the target is the value N + K: positive predicts, 0 or negative recalls"
    )
    memory_delays: PositiveInt = Field(
        default=1,
        description="targets at once: the value N + K and those before it; of several the figures are of a series "
        "held out, and memory_capacity is the sum over all of them",
    )


CONFIGS: dict[str, type[Settings]] = {
    config.task: config for config in (RegressionConfig, ClassificationConfig, MemoryConfig)
}
