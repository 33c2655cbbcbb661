"""The C of a network by what a user calls it: a run, one of its files, or a folder that a conversion has written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rnnexp.errors import UserError
from rnnexp.formats.c.boards.sources import Sources
from rnnexp.runs import export
from rnnexp.runs.find import find_or_repeat
from rnnexp.runs.run import MARKS

# What the names of the C files add to that of the network.
SUFFIXES = (".h", ".c", "-test.c", "-main.c")
# What else a network's files end with; longer ones come first, since some end with others.
_OTHERS = (
    "-step-float32.tflite", "-step-int8.tflite", "-encoder-int8.tflite", "-decoder-step-int8.tflite", "-float32.tflite",
    "-int8.tflite", "-weights.npz", "-report.json",
)  # fmt: skip
# What a message lists of networks.
LISTED = 5


def find_sources(text: str, runs_dir: Path, say: Callable[[str], None]) -> Sources:
    """Return the C of a network.

    Args:
        text: a file of an exported network, such as ``tflite_models/SP500-custom-int8.tflite``, or its path without
            what comes behind the network's name; a folder with the files of one network; or what ``find`` takes.
        runs_dir: where runs are.
        say: is told when a trial of a sweep has to be trained again.

    Raises:
        UserError: if there is no such network, or it has no C.
    """
    path = Path(text)
    if path.is_dir() and not any((path / mark).exists() for mark in MARKS):
        return _read(path, _only(path))
    name = _name(path)
    if path.is_file() or any((path.parent / f"{name}{suffix}").is_file() for suffix in SUFFIXES):
        return _read(path.parent, name)
    run = find_or_repeat(text, runs_dir, say)
    contents, _ = export.contents(run)
    return _sources(run.stem, {suffix: contents.get(f"{run.stem}{suffix}") for suffix in SUFFIXES}, str(run.folder))


def _name(path: Path) -> str:
    """Return the name of the network that a file is of."""
    ending = next((ending for ending in (*_OTHERS, *reversed(SUFFIXES)) if path.name.endswith(ending)), "")
    return path.name.removesuffix(ending)


def _only(folder: Path) -> str:
    """Return the name of the one network in a folder.

    Raises:
        UserError: if there is none, or there are several.
    """
    ending = SUFFIXES[-1]
    names = sorted(path.name.removesuffix(ending) for path in folder.glob(f"*{ending}"))
    if len(names) == 1:
        return names[0]
    if not names:
        raise UserError(f"RUN: {folder} has no network in C: there is no file NAME{ending} in it")
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    listed = ", ".join(str(folder / name) for name in names[:LISTED])
    raise UserError(f"RUN: {folder} has several networks: name one of them, {listed}{more}")


def _read(folder: Path, name: str) -> Sources:
    paths = {suffix: folder / f"{name}{suffix}" for suffix in SUFFIXES}
    return _sources(name, {key: path.read_bytes() if path.is_file() else None for key, path in paths.items()}, folder)


def _sources(name: str, contents: dict[str, bytes | None], where: str | Path) -> Sources:
    missing = [f"{name}{suffix}" for suffix, content in contents.items() if content is None]
    if missing:
        raise UserError(
            f"RUN: {where} does not have {', '.join(missing)}, of which a project is made: it takes a network that "
            "was exported in C by this version, which int8 networks are"
        )
    try:
        header, source, test, main = (content.decode() for content in contents.values() if content is not None)
    except UnicodeDecodeError:
        raise UserError(f"RUN: {where} has C files of {name} that are no text in UTF-8") from None
    return Sources(name, header, source, test, main)
