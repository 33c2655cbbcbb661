"""What is asked of recordings: classes, or numbers."""

from __future__ import annotations

import math

from rnnexp.datasets.recordings.recording import LARGEST_VALUE, Recordings
from rnnexp.errors import UserError

# More classes than this are no classes.
MOST_CLASSES = 1000


def classes(found: Recordings) -> tuple[str, ...]:
    """Return the classes, in the order of the file, or of their numbers, or of their names.

    Raises:
        UserError: if recordings have no label, all the same, or numbers rather than classes.
    """
    _check_there(found, "a class", "LABEL, or put each class into a folder or a file of its own")
    there = {recording.label for recording in found.recordings}
    if found.numeric:
        raise UserError(
            f"{found.path} asks for a number of every recording, not for a class: use run_regression.py "
            "(rnnexp regression)"
        )
    names = (
        tuple(name for name in found.classes if name in there) if found.classes else tuple(sorted(there, key=_order))
    )
    if len(names) < 2:
        raise UserError(
            f"{found.path}: all {len(found.recordings)} recordings are of the class {names[0]!r}; at least two are "
            "needed"
        )
    if len(names) > MOST_CLASSES or (len(names) > 20 and len(names) > len(found.recordings) / 2):
        raise UserError(
            f"{found.path}: its {len(found.recordings)} recordings have {len(names)} different labels (such as "
            f"{names[0]!r} and {names[1]!r}): these are no classes; name another column in LABEL, or, if they are "
            "numbers to be predicted, use run_regression.py"
        )
    return names


def check_numbers(found: Recordings) -> None:
    """See that every recording has a number to be predicted.

    Raises:
        UserError: naming the first that has none.
    """
    _check_there(found, "a number", "TARGET")
    if found.classes or found.numeric is False:
        raise UserError(
            f"{found.path} asks for a class of every recording, not for a number: use run_classification.py "
            "(rnnexp classification)"
        )
    for recording in found.recordings:
        try:
            usable = abs(float(recording.label)) <= LARGEST_VALUE
        except ValueError:
            usable = False
        if not usable:
            raise UserError(
                f"{found.where(recording)}: the label {recording.label!r} is no number that can be predicted; if "
                "labels are classes, use run_classification.py"
            )
    if len({float(recording.label) for recording in found.recordings}) < 2:
        raise UserError(
            f"{found.path}: all recordings have the number {found.recordings[0].label}: there is nothing to predict"
        )


def _check_there(found: Recordings, what: str, where: str) -> None:
    for recording in found.recordings:
        if not recording.label:
            raise UserError(
                f"{found.where(recording)}: it has no label, and {what} is needed of every recording: name the "
                f"column that has it in {where}"
            )


def _order(name: str) -> tuple[float, str]:
    """Sort numbers by size, before names."""
    try:
        number = float(name)
    except ValueError:
        return math.inf, name
    return (number if math.isfinite(number) else math.inf), name
