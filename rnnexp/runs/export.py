"""The full set of files of a run, put together again from its folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rnnexp import files
from rnnexp.errors import UserError
from rnnexp.experiment.export import SUFFIXES
from rnnexp.experiment.folder import REPORT
from rnnexp.report.content import Report
from rnnexp.report.file import read_report
from rnnexp.report.models import KINDS, File
from rnnexp.runs.run import Run


def export(run: Run, folder: Path) -> tuple[list[Path], list[str]]:
    """Put the files that a run has exported into a folder, as a set, in place of those of another run.

    Every file is checked against the checksum in the run's report.

    Args:
        run: which has a report.
        folder: where they go; made if need be.

    Returns:
        The paths of the files, and the names of those that the run's folder does not have: earlier versions kept less.

    Raises:
        UserError: if the run has none, if a file is another one than its report speaks of, or cannot be written.
    """
    found, missing = contents(run)
    name = run.report["name"]
    stale = dict.fromkeys(f"{name}{suffix}" for suffix in (*(f"-{kind}.tflite" for kind in KINDS), *SUFFIXES))
    found |= {f"{name}-report.json": (run.folder / REPORT).read_bytes()}
    files.check_folder(folder, "DIR")
    with files.explained(folder):
        files.publish(folder, {**stale, **found})
    return [folder / file for file, content in found.items() if content is not None], missing


def contents(run: Run) -> tuple[dict[str, bytes | None], list[str]]:
    """Return the files that a run has exported, name -> content, and the names of those that are not there.

    Raises:
        UserError: if it has none, or a file is another one than its report speaks of.
    """
    if not run.report:
        raise UserError(f"{run.folder} has no files to export: {run.problem}")
    report = read_report(run.folder / REPORT)
    found = {file.file: _content(run.folder, file, kept) for file, kept in _files(report)}
    missing = [name for name, content in found.items() if content is None]
    if len(missing) == len(found):
        raise UserError(f"{run.folder} has none of the files that its report speaks of: {', '.join(missing)}")
    return found, missing


def _files(report: Report) -> list[tuple[File, str]]:
    """Return the files that a report speaks of, each with the name that earlier versions kept it under."""
    models = [(model, f"model.{kind}.tflite") for kind, model in report.models.exported.items()]
    return [*models, *((file, file.file) for file in report.exports.files)]


def _content(folder: Path, file: File, kept: str) -> bytes | None:
    """Return a file's content; None where it is not there.

    Raises:
        UserError: if there is another one.
    """
    if Path(file.file).name != file.file:
        raise UserError(f"{folder / REPORT} names a file {file.file!r} that is not in its folder")
    path = next((folder / name for name in (file.file, kept) if (folder / name).is_file()), None)
    if path is None:
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise UserError(f"{path} is not the file that {folder / REPORT} speaks of: their checksums differ")
    return content
