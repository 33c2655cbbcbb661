"""A project's folder: written whole, and never over what somebody else has there, or has changed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from rnnexp import files
from rnnexp.errors import UserError
from rnnexp.formats.c.boards.project import Project

# Names the files that were written, each with its checksum: by it a folder is known again.
MANIFEST = "rnnexp-export.json"
# What a message lists of files.
LISTED = 5


def write(project: Project, folder: Path, *, force: bool = False) -> list[Path]:
    """Write a project's files, in place of those of an earlier export to the same folder.

    What is not the export's own, such as folders that builds have made, stays as it is.

    Args:
        project: what to write.
        folder: where; made if need be.
        force: replace files that were changed, or are somebody else's.

    Returns:
        The paths of the files.

    Raises:
        UserError: if the folder has other files than an export's, or some that were changed since, or cannot be written
            to; then nothing has changed.
    """
    checksums = {name: _checksum(text.encode()) for name, text in project.files.items()}
    contents = {**project.files, MANIFEST: json.dumps({"files": checksums}, indent=2, ensure_ascii=False) + "\n"}
    target = folder.resolve()
    files.check_folder(target if target.exists() else target.parent, "FOLDER")
    with files.explained(folder):
        if target.exists():
            _replace(folder, contents, force=force)
        else:
            _create(target, contents)
    return [folder / name for name in project.files]


def _create(folder: Path, contents: Mapping[str, str]) -> None:
    """Write the files of a folder that is not there: whoever looks sees none or all."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".rnnexp-") as temporary:
        # Within that folder, which is for its owner alone, as any other folder is made.
        made = Path(temporary) / "project"
        for name, text in contents.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(text.encode())
        made.rename(folder)


def _replace(folder: Path, contents: Mapping[str, str], *, force: bool) -> None:
    """Write the files, and remove those that were exported here earlier and are no longer among them."""
    earlier = _earlier(folder)
    _check_places(folder, contents)
    if not force:
        _check(folder, contents, earlier)
    # The manifest last, or of a new folder first, so that an export that was stopped can be made again.
    names = sorted(contents, key=lambda name: (name == MANIFEST) == (earlier is not None))
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(folder / name, contents[name])
    for name, checksum in (earlier or {}).items():
        if name not in contents and _checksum_of(folder / name) == checksum:
            (folder / name).unlink()


def _check_places(folder: Path, names: Iterable[str]) -> None:
    """Check that files can be where they are to be.

    Raises:
        UserError: if there is a folder in the place of a file, or a file in that of a folder.
    """
    for name in names:
        path = folder / name
        above = [each for each in path.parents if each.is_relative_to(folder) and each.exists() and not each.is_dir()]
        if above or (path.exists() and not path.is_file()):
            there = above[-1] if above else path
            what = "a file where a folder" if above else "a folder where a file"
            raise UserError(f"FOLDER: {there} is {what} of the project is to be: move it, or choose another folder")


def _check(folder: Path, contents: Mapping[str, str], earlier: Mapping[str, str] | None) -> None:
    """Check that nothing is lost when files are written into a folder.

    Raises:
        UserError: if something would be.
    """
    if earlier is None:
        if any(folder.iterdir()):
            raise UserError(
                f"FOLDER: {folder} has files, and no {MANIFEST}, by which an exported project is known: choose another "
                "folder, or --force to write into this one"
            )
        return
    # An export that was stopped has left files of both.
    known = {name: {earlier.get(name), _checksum(text.encode()), None} for name, text in contents.items()}
    known |= {name: {checksum, None} for name, checksum in earlier.items() if name not in contents}
    changed = [name for name, sums in known.items() if name != MANIFEST and _checksum_of(folder / name) not in sums]
    if changed:
        more = f" and {len(changed) - LISTED} more" if len(changed) > LISTED else ""
        raise UserError(
            f"FOLDER: {folder} was exported to earlier, and changed since then: {', '.join(changed[:LISTED])}{more}; "
            "choose another folder, or --force to replace what is there"
        )


def _earlier(folder: Path) -> dict[str, str] | None:
    """Return what an earlier export has written, name -> checksum; None if there was none."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    own = found.items() if isinstance(found, dict) else ()
    # Nobody's manifest makes anything be removed elsewhere.
    return {
        name: checksum
        for name, checksum in own
        if isinstance(checksum, str) and not Path(name).is_absolute() and ".." not in Path(name).parts
    }


def _checksum_of(path: Path) -> str | None:
    """Return the checksum of a file's content; None where there is no file."""
    return _checksum(path.read_bytes()) if path.is_file() else None


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
