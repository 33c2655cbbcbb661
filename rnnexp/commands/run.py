"""``rnnexp run``: predictions of an exported model for samples of one's own, in the data's own units."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from rnnexp import files
from rnnexp.commands import answers, integers, listening, recording_samples, samples
from rnnexp.commands.forecast import forecast
from rnnexp.commands.inspect import open_file
from rnnexp.commands.integers import Integers
from rnnexp.console import print_lines
from rnnexp.errors import UserError
from rnnexp.formats.about import About
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.preprocessing import features
from rnnexp.preprocessing.input_map import AsItIs, SpectralSound
from rnnexp.runtimes.tflite import Kernels, TFLiteModel, load, takes_lengths


@dataclasses.dataclass(frozen=True)
class Options:
    """Run an exported model on samples of your own: predictions in the data's own units.

    INPUT is a series, as run_regression.py takes them (.csv, .tsv, .parquet, .npy, .npz, .xlsx), of which every window
    is run: the model's columns are found by name, a single one by being the only one of numbers. With --steps the
    series goes on after its end. Or INPUT is a .csv with a sample a row, of as many numbers as the model takes, or a
    .npy of samples, [n, time] or [n, time, features]. Values are in the data's own units: the model's file says how
    they are normalised. For a model of texts it may be a .txt with one in each line; for a model of sound a .wav, 16
    bits, one channel, 16,000 samples a second, or, with --resample, any other: the answer is the most probable words;
    of a recording of more than a second, and of a model that listens without a break, the words heard, and when.
    For a model of recordings it is any file or folder that such a model may learn from, with labels or without. For a
    model of words it is a .csv with a sequence of their numbers a row, or a .npy [n, time]. Sequences shorter than the
    model's come in a .npz with x and lengths, or as the mask of the network that was converted has them: padded with
    its value.
    """

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE", help="a .tflite file")]
    input: Annotated[
        Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT", help="a file, or a folder of recordings")
    ]
    runtime: Annotated[
        Kernels | Integers,
        tyro.conf.arg(
            help="whose arithmetic: LiteRT's, that of its reference kernels, TensorFlow Lite Micro's, or, for int8 "
            "files of rnnexp, that of the NumPy reference or of the exported C, compiled here"
        ),
    ] = "litert"
    steps: Annotated[
        int,
        tyro.conf.arg(metavar="N", help="of a series: go on for N steps after its end, predictions fed back; 0: no"),
    ] = 0
    resample: Annotated[
        tyro.conf.FlagCreatePairsOff[bool],
        tyro.conf.arg(help="of a .wav for a model of sound: convert other rates, bits and channels"),
    ] = False
    output: Annotated[Path | None, tyro.conf.arg(metavar="FILE", help="a .csv file, instead of standard output")] = None


def main(arguments: Sequence[str]) -> int:
    """Run the command with its arguments and return the exit code.

    Raises:
        UserError: if a file cannot be used.
    """
    options = tyro.cli(Options, prog="rnnexp run", args=arguments)
    name = str(options.file)
    # Checked before a runtime, which is less careful, follows its offsets.
    content = bytes(open_file(options.file).content)
    try:
        about = read_about(content)
    except ValueError as error:
        raise _unusable(name, str(error)) from None
    if about and about.detector and samples.is_sound(options.input):
        return _write(_listen(options, content, about), options.output)
    shape = sequence_shape(content, name, ours=about is not None)
    if options.steps < 0:
        raise UserError(f"--steps is {options.steps}: a number of steps from 1 on, or 0 for none")
    recorded = about is not None and recording_samples.is_recording(options.input, about, shape[1])
    sound = samples.is_sound(options.input) and not recorded
    if options.resample and not sound:
        raise UserError(f"--resample is for a .wav and a model of sound; {options.input} is run as it is: leave it out")
    if options.steps:
        text = forecast(
            options.input,
            options.steps,
            about or About(),
            shape,
            lambda x: _outputs(content, x, options.runtime, name),
            name,
        )
        return _write(text, options.output)
    if about and recorded:
        given = recording_samples.read(options.input, shape, about)
    elif sound:
        recording, kind = samples.read_wav(
            options.input, about.input_map if about else AsItIs(), name, convert=options.resample
        )
        inputs_of = partial(integers.heard, content, name) if options.runtime == "c" else features.from_map
        given = samples.of_sound(recording, kind, shape, name, inputs_of)
        if about and about.classes and not about.every_step and len(recording) > listening.LONGEST_CLIP:
            heard = listening.slide(
                recording, about, lambda clips: _outputs(content, inputs_of(clips, kind), options.runtime, name)
            )
            return _write(heard, options.output)
    else:
        given = samples.read(options.input, shape, about)
    if given.skipped:
        print(f"rnnexp run: {given.skipped}", file=sys.stderr)
    if unsaid := _unsaid(about, shape):
        print(f"rnnexp run: {name} does not say {unsaid}", file=sys.stderr)
    about = about or About(task="")
    if given.lengths is not None and not about.padding:
        raise UserError(f"{name} takes sequences of {shape[0]} steps, and no lengths: give it a .npy of whole samples")
    outputs = predict(content, about, given.values, options.runtime, name, given.lengths)
    named = outputs.shape == (1, len(about.classes))
    return _write(
        answers.most_probable(outputs[0], about) if sound and named else answers.to_csv(outputs, given, about),
        options.output,
    )


def _listen(options: Options, content: bytes, about: About) -> str:
    """Return the words that a model hears that listens without a break."""
    name, runtime = str(options.file), options.runtime
    if options.steps:
        raise UserError(f"--steps is for a series, and {options.input} is sound: leave it out")
    recording, sound = samples.read_wav(options.input, about.input_map, name, convert=options.resample)
    if about.detector is None or not isinstance(sound, SpectralSound):
        raise _unusable(name, "its detector is for features of sound")
    if runtime == "numpy" or runtime == "c":
        listen = partial(integers.listen, content, sound, runtime, name)
    else:
        listen = partial(listening.listen_by_steps, options.file, sound, runtime)
    try:
        return listening.carry(recording, about, about.detector, listen)
    except (ValueError, IndexError) as error:
        raise UserError(f"{name} says nothing usable about how it listens ({error})") from None


def _write(text: str, output: Path | None) -> int:
    """Write the answer to a file, or to standard output, and return the exit code."""
    if output is None:
        print_lines(text.splitlines())
    else:
        files.write_output(output, text)
    return 0


def _unsaid(about: About | None, shape: tuple[int, int]) -> str:
    """Return what must be known of a model, and its file does not say; nothing where all is."""
    if about is None:
        return "how its inputs are normalised: run as they are"
    return "" if shape[1] or about.words else "how many words it knows: larger numbers count as the last of them"


def sequence_shape(content: bytes, name: str, *, ours: bool) -> tuple[int, int]:
    """Return time steps and features of a sequence model; of one of words, there are 0 features.

    Args:
        content: of the .tflite file.
        name: of the file, for messages.
        ours: whether this project wrote it: one number a step may be anything in the files of others.

    Raises:
        UserError: if it is something else.
    """
    runtime = load(content)
    shapes = [[spec.shape for spec in specs] for specs in (runtime.inputs, runtime.outputs)]
    ranks = [[len(shape) for shape in side] for side in shapes]
    given = [ranks[0][:1], ranks[1]] if takes_lengths(runtime) else ranks
    words = ours and runtime.inputs[0].dtype == np.int32 and given[0] == [2]
    if given not in ([[2 if words else 3], [2]], [[2 if words else 3], [3]]) or shapes[0][0][0] != 1:
        listed = " -> ".join(", ".join(str(list(shape)) for shape in side) for side in shapes)
        more = "; of a model of one time step, run the sequence model beside it" if len(shapes[0]) > 1 else ""
        raise UserError(
            f"{name} is no model of sequences, [1, time steps, features] -> [1, outputs] or [1, steps, outputs], "
            f"but {listed}{more}"
        )
    spec = runtime.inputs[0]
    if words:
        return spec.shape[1], 0
    if spec.dtype != np.float32 and not (np.issubdtype(spec.dtype, np.integer) and 0 < spec.scale < np.inf):
        raise UserError(f"{name} takes {np.dtype(spec.dtype).name} with the scale {spec.scale:g}, which no value fits")
    return spec.shape[1], spec.shape[2]


def predict(
    content: bytes,
    about: About,
    values: np.ndarray,
    runtime: Kernels | Integers,
    name: str,
    lengths: np.ndarray | None = None,
) -> np.ndarray:
    """Return a model's outputs ``[n, outputs]``, or ``[n, time, outputs]``: predictions in own units, or probabilities.

    Args:
        content: of the .tflite file.
        about: what the file says of itself.
        values: ``[n, time, features]`` in the data's own units, or numbers of words, ``[n, time]``.
        runtime: whose arithmetic.
        name: of the file, for messages.
        lengths: real steps of each sample, which come first, in outputs at every step too; None: all.

    Raises:
        UserError: if the runtime cannot run this file, or the file is not whole.
    """
    if values.ndim == 2:
        return _outputs(content, values.astype(np.int32), runtime, name, lengths)
    outputs = _outputs(content, _normalized(values, about, name), runtime, name, lengths)
    if about.task != "regression":
        return outputs
    try:
        offset, scale = about.input_map.target_scaling(values, outputs.shape[-1])
    except ValueError as error:
        raise _unusable(name, str(error)) from None
    offset, scale = (numbers.reshape(len(numbers), *[1] * (outputs.ndim - 2), -1) for numbers in (offset, scale))
    return offset + scale * outputs


def _normalized(values: np.ndarray, about: About, name: str) -> np.ndarray:
    """Return what a network sees of values ``[n, time, features]`` in the data's own units."""
    try:
        offset, scale = about.input_map.scaling(values)
    except ValueError as error:
        raise _unusable(name, str(error)) from None
    # As the data sets have it: a float32 more or less decides which int8 code is nearest.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        x = ((values - offset) / scale).astype(np.float32)
    if not np.isfinite(x).all():
        raise _unusable(name, "they leave float32's range")
    return x


def _outputs(
    content: bytes, x: np.ndarray, runtime: Kernels | Integers, name: str, lengths: np.ndarray | None = None
) -> np.ndarray:
    """Return a model's outputs for inputs ``[n, time, features]``, or words ``[n, time]``, as the network sees them."""
    if runtime == "numpy" or runtime == "c":
        return integers.outputs(content, x, runtime, name, lengths)
    try:
        return TFLiteModel(content, kernels=runtime).predict(x, lengths)
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{name} cannot be run: {error}") from None


def _unusable(name: str, why: str) -> UserError:
    return UserError(f"{name} says nothing usable about how its inputs are normalised ({why})")
