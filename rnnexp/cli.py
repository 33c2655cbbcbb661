"""From the constants of a script and the command line to settings, and from there to the experiment."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rnnexp
from rnnexp import determinism
from rnnexp.commands.flags import parse
from rnnexp.config import CONFIGS, Settings
from rnnexp.console import print_lines, silence
from rnnexp.errors import UserError, did_you_mean
from rnnexp.files import explained


def run_script(task: str, constants: Mapping[str, Any], arguments: Sequence[str] | None = None) -> None:
    """Run one of the scripts and leave the process with its exit code.

    Args:
        task: ``regression``, ``classification`` or ``memory``.
        constants: the script's ``globals()``: its constants are the defaults.
        arguments: instead of the command line's.
    """
    program = Path(str(constants.get("__file__", f"run_{task}.py"))).name
    config = CONFIGS[task]
    sys.exit(_guarded(program, lambda: _run_task(program, config, _settings_among(constants, config), arguments)))


def main() -> None:
    """The ``rnnexp`` command: ``rnnexp regression`` and the other tasks, ``rnnexp inspect`` and the other tools."""
    helps = {task: config.__doc__ for task, config in CONFIGS.items()} | {name: tool[0] for name, tool in TOOLS.items()}
    usage = f"usage: rnnexp {{{','.join(helps)}}} [OPTIONS]"
    match sys.argv[1:]:
        case ["--version", *_]:
            sys.exit(_guarded("rnnexp", lambda: _print([f"rnnexp {rnnexp.__version__}"])))
        case [] | [("-h" | "--help"), *_]:
            commands = [f"  {command:<16}{text}" for command, text in helps.items()]
            ends = ["rnnexp COMMAND --help lists the options, rnnexp --version tells the version."]
            lines = [usage, "", *commands, "", *ends]
            sys.exit(_guarded("rnnexp", lambda: _print(lines)))
        case [task, *arguments] if task in CONFIGS:
            program = f"rnnexp {task}"
            sys.exit(_guarded(program, lambda: _run_task(program, CONFIGS[task], {}, arguments)))
        case [tool, *arguments] if tool in TOOLS:
            sys.exit(_guarded(f"rnnexp {tool}", lambda: TOOLS[tool][1](arguments)))
        case [command, *_]:
            print(f"rnnexp: unknown command {command!r}{did_you_mean(command, helps)}\n{usage}", file=sys.stderr)
            sys.exit(2)


def _run_task(
    program: str,
    config_class: type[Settings],
    constants: Mapping[str, Any],
    arguments: Sequence[str] | None,
) -> int:
    """Parse, run the experiment, or the sweep of it, and return the exit code."""
    constants = dict(constants)
    sweep = constants.pop("sweep", None)
    if sweep is not None:
        from rnnexp.commands.sweep import run_sweep

        return run_sweep(program, config_class, constants, arguments, sweep)
    config = parse(program, config_class, constants, arguments)
    if config.deterministic and not determinism.holds():
        determinism.restart()
    # Imported here, so that --help and bad arguments answer at once.
    from rnnexp.experiment.run import run

    return run(config).exit_code


def _print(lines: Sequence[str]) -> int:
    print_lines(lines)
    return 0


def _inspect(arguments: Sequence[str]) -> int:
    from rnnexp.commands.inspect import main

    return main(arguments)


def _run(arguments: Sequence[str]) -> int:
    from rnnexp.commands.run import main

    return main(arguments)


def _data(arguments: Sequence[str]) -> int:
    from rnnexp.commands.data import main

    return main(arguments)


def _convert(arguments: Sequence[str]) -> int:
    from rnnexp.commands.convert import main

    return main(arguments)


def _runs(arguments: Sequence[str]) -> int:
    from rnnexp.commands.runs import main

    return main(arguments)


def _export(arguments: Sequence[str]) -> int:
    from rnnexp.commands.export import main

    return main(arguments)


def _init(arguments: Sequence[str]) -> int:
    from rnnexp.commands.init import main

    return main(arguments)


def _sweep(arguments: Sequence[str]) -> int:
    from rnnexp.commands.sweep import main

    return main(arguments)


# What the command ``rnnexp`` does besides the tasks: the line in its help, and what runs it and returns the exit code.
TOOLS: Mapping[str, tuple[str, Callable[[Sequence[str]], int]]] = {
    "sweep": ("Train with many settings and seeds: means and intervals, tables, figures, the best one.", _sweep),
    "inspect": ("Show what is inside a TensorFlow Lite file, whoever wrote it.", _inspect),
    "data": ("Show what is understood of a file or a folder of your own: columns, time, gaps, classes.", _data),
    "convert": ("Convert a trained network of Keras, PyTorch or ONNX to int8 without loss.", _convert),
    "runs": ("List, show, compare, export and clean up the runs that there have been.", _runs),
    "export": ("Write a project that builds as it is: Arduino, Zephyr, ESP-IDF, Pico, CMake, PlatformIO.", _export),
    "init": ("Copy the three scripts and the data into a folder, to edit them there.", _init),
    "run": ("Run an exported model on samples of your own: predictions in the data's own units.", _run),
}


def _guarded(program: str, command: Callable[[], int]) -> int:
    """Run a command and return its exit code; a user's mistake becomes one message."""
    try:
        # Where nobody has said it better: what is wrong with a disk or a folder is no fault of the program.
        with _ended_as_by_ctrl_c(), explained(Path()):
            return command()
    except UserError as error:
        print(f"{program}: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        silence()  # whoever reads the help, such as ``head``, has enough
        return 0


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, with which batch systems end a job, do what Ctrl-C does, unless somebody else sees to it."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _settings_among(constants: Mapping[str, Any], config_class: type[Settings]) -> dict[str, Any]:
    """Pick a script's constants out of its globals, in the settings' spelling: fields, and all in capitals."""
    fields = config_class.model_fields
    return {
        name.lower(): value
        for name, value in constants.items()
        if name in fields or (name.isupper() and not name.startswith("_"))
    }
