"""``rnnexp convert``: somebody else's trained recurrent network to int8 without loss."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from rnnexp.console import print_lines
from rnnexp.errors import UserError


@dataclasses.dataclass(frozen=True)
class Options:
    """Convert a trained recurrent network of Keras, PyTorch or ONNX to int8 without loss.

    It is written as a .tflite file of whole sequences and one of a time step, as C and as plain arrays, with a report
    of what int8 loses; the bits are the same in every runtime. The calibration data shows the network what it will
    see: the more it is like that, the better.
    """

    model: Annotated[
        Path,
        tyro.conf.Positional,
        tyro.conf.arg(metavar="MODEL", help=".keras, .h5, .onnx, a float32 .tflite, or a -weights.npz"),
    ]
    calibration: Annotated[
        Path,
        tyro.conf.arg(
            metavar="DATA.npz",
            help="x: sequences [n, time, features], or words [n, time]; y: right answers; lengths: real steps",
        ),
    ]
    evaluate: Annotated[
        Path | None, tyro.conf.arg(metavar="DATA.npz", help="the same, held out: what the report is of")
    ] = None
    output_dir: Annotated[Path, tyro.conf.arg(metavar="FOLDER", help="where the files go")] = Path("tflite_models")
    name: Annotated[str, tyro.conf.arg(help="what the files' names begin with; by default the model's")] = ""
    steps: Annotated[int | None, tyro.conf.arg(metavar="T", help="of a sequence, where the model leaves it open")] = (
        None
    )
    input: Annotated[
        Literal["auto", "int8", "int16"],
        tyro.conf.arg(help="type of the input; auto: int8, or int16 where that loses at least a tenth less"),
    ] = "auto"
    output: Annotated[Literal["int8", "int16"], tyro.conf.arg(help="type of the output, before any softmax")] = "int8"
    float32: Annotated[
        bool,
        tyro.conf.FlagCreatePairsOff,
        tyro.conf.arg(name="float", help="leave out the float32 .tflite, for which TensorFlow is loaded"),
    ] = True
    fine_tune: Annotated[
        Literal["auto", "full", "off"],
        tyro.conf.arg(
            help="look for integers that together lose less, and keep them if they do on other calibration data; auto: "
            "for about a second, where there is something to gain; full: as long as it takes"
        ),
    ] = "auto"
    names: Annotated[
        Literal["short", "full"],
        tyro.conf.arg(
            help="of tensors in int8 .tflite files; short: only of weights, and of what comes in and goes out"
        ),
    ] = "short"
    tables: Annotated[
        Literal["full", "interpolated"],
        tyro.conf.arg(
            help="of gates and activations in C: an entry for each place of a sum, or every 16th one and lines between "
            "them, where flash is short"
        ),
    ] = "full"
    begin: Annotated[
        str | None, tyro.conf.arg(name="from", metavar="LAYER", help="begin at this layer: what it reads is the input")
    ] = None
    until: Annotated[str | None, tyro.conf.arg(metavar="LAYER", help="the last layer to convert")] = None
    fail_on: Annotated[
        tuple[str, ...],
        tyro.conf.UseAppendAction,
        tyro.conf.arg(
            metavar="LIMIT",
            help='limit on a figure of the report, such as "gap>0.003": where it is true, the exit code is 3; may be '
            "given again and again (docs/ci.md)",
        ),
    ] = ()


def main(arguments: Sequence[str]) -> int:
    """Run the command with its arguments and return the exit code.

    Raises:
        UserError: if the model or the data cannot be used.
    """
    options = tyro.cli(Options, prog="rnnexp convert", args=arguments)
    if options.steps is not None and options.steps < 1:
        raise UserError(f"--steps is {options.steps}: a number of steps from 1 on")
    if Path(options.name).name != options.name:
        raise UserError(f"--name is {options.name!r}: a name without folders; these are --output-dir")
    _can_be_written(options.output_dir)
    from rnnexp.conversion.convert import convert
    from rnnexp.report import figures, gates
    from rnnexp.report.conversion.content import ConversionReport
    from rnnexp.report.conversion.text import lines

    limits = gates.parse(options.fail_on, figures.names(ConversionReport), "--fail-on")
    made = convert(
        options.model,
        options.calibration,
        options.evaluate,
        name=options.name,
        steps=options.steps,
        begin=options.begin,
        until=options.until,
        input=options.input,
        output=options.output,
        float32=options.float32,
        fine_tune=options.fine_tune,
        names=options.names,
        tables=options.tables,
    )
    paths = made.save(options.output_dir)
    print_lines([*lines(made.report), "", *(str(path) for path in paths)])
    failures = gates.failures(gates.judge(limits, made.report))
    for failure in failures:
        print(failure, file=sys.stderr)
    return gates.EXIT_CODE if failures else 0


def _can_be_written(folder: Path) -> None:
    """Check that files can be written into a folder, before there is work that could be lost.

    Raises:
        UserError: if not.
    """
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        # Permissions say nothing of what is mounted to be read alone.
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise UserError(
            f"--output-dir {folder}: {there} is no folder that can be written to ({error.strerror})"
        ) from None
