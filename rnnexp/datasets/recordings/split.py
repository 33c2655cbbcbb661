"""Dividing recordings into parts: whole recordings, every class in every part, and no person in two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnexp.datasets.recordings.patterns import compiled, match
from rnnexp.datasets.recordings.recording import TEST, Recording, Recordings
from rnnexp.errors import UserError


@dataclass(frozen=True)
class Rule:
    """How recordings are divided.

    Attributes:
        share: that is held out.
        seed: of the drawing.
        split_by: the setting: a column, or a pattern of a recording's name; None for each recording by itself.
        classes: whether labels are classes, each of which has to be in every part.
        early_stopping: whether the part that is watched must not be the one that is judged by.
        windows: whether recordings are cut into windows.
    """

    share: float
    seed: int
    split_by: str | None
    classes: bool
    early_stopping: bool
    windows: bool


@dataclass(frozen=True)
class Parts:
    """Recordings to learn from, to watch, and to judge by; the last two may be the same object.

    Attributes:
        train: to learn from.
        validation: to watch while learning.
        evaluation: that the figures are of.
        evaluation_part: its name in the report.
        notes: what a reader must know.
    """

    train: list[Recording]
    validation: list[Recording]
    evaluation: list[Recording]
    evaluation_part: str
    notes: tuple[str, ...] = ()


def divide(found: Recordings, rule: Rule) -> Parts:
    """Divide recordings into parts: the file's own, or at random, or by group.

    Raises:
        UserError: if that leaves a part without some class.
    """
    recordings, notes = list(found.recordings), []
    if found.parts:
        train = [recording for recording in recordings if recording.part != TEST]
        evaluation = [recording for recording in recordings if recording.part == TEST]
        unknown = {recording.label for recording in evaluation} - {recording.label for recording in train}
        if rule.classes and unknown:
            raise UserError(
                f"{found.path}: the part for testing has the class {min(unknown)!r}, and the one for training has "
                "no such recording"
            )
        if rule.split_by:
            shared = set(groups(train, rule.split_by)) & set(groups(evaluation, rule.split_by))
            if shared:
                raise UserError(
                    f"SPLIT_BY is {rule.split_by!r}, but the parts of {found.path} share {min(shared)!r}: put its "
                    "recordings into one file, to have them divided anew"
                )
    else:
        enough = not rule.classes or min(found.labels[recording.label] for recording in recordings) >= 2
        if rule.windows and (not enough or len(recordings) < 2) and not rule.split_by:
            return _ends(recordings, rule)
        train, evaluation = hold_out(recordings, rule, found.path)
    if rule.split_by and not found.parts:
        held = sorted(set(groups(evaluation, rule.split_by)))
        notes.append(f"held out by {rule.split_by}: {', '.join(held[:8])}{' and more' if len(held) > 8 else ''}")
    validation = evaluation
    if rule.early_stopping:
        train, validation = hold_out(train, rule, found.path)
    name = "test part" if found.parts or rule.early_stopping else "validation part"
    return Parts(train, validation, evaluation, name, tuple(notes))


def _ends(recordings: list[Recording], rule: Rule) -> Parts:
    """Divide every recording in time, where there is one of a class."""
    train, evaluation = hold_out_ends(recordings, rule.share)
    validation = evaluation
    if rule.early_stopping:
        train, validation = hold_out_ends(train, rule.share)
    note = (
        f"there is but one recording of some class: the last {rule.share:.0%} of each are held out, and figures are "
        "of the same recordings; several recordings of each class would say more"
    )
    return Parts(train, validation, evaluation, "test part" if rule.early_stopping else "validation part", (note,))


def hold_out(recordings: Sequence[Recording], rule: Rule, where: Path) -> tuple[list[Recording], list[Recording]]:
    """Return the recordings kept, and the share of them held out.

    Args:
        recordings: to divide.
        rule: how.
        where: they are from, for messages.

    Raises:
        UserError: if that leaves a part without some class.
    """
    if rule.classes:
        rare, count = min(Counter(recording.label for recording in recordings).items(), key=lambda item: item[1])
        if count < 2:
            raise UserError(
                f"{where}: the class {rare!r} has {count} recording, and one is needed to learn from and one to judge "
                "by: record it again, or set WINDOW, by which the end of each recording can be held out"
            )
    sources = [recording.source for recording in recordings]
    if rule.split_by:
        held_out = _by_group(recordings, rule, groups(recordings, rule.split_by))
    elif any(sources):
        held_out = _by_group(
            recordings, rule, [source or recording.name for source, recording in zip(sources, recordings, strict=True)]
        )
    else:
        held_out = _at_random(recordings, rule, where)
    chosen = set(held_out.tolist())
    return (
        [recording for number, recording in enumerate(recordings) if number not in chosen],
        [recording for number, recording in enumerate(recordings) if number in chosen],
    )


def groups(recordings: Sequence[Recording], split_by: str) -> list[str]:
    """Return what each recording shares with others: its value in a column, or what a pattern finds in its name.

    Raises:
        UserError: if there is nothing.
    """
    if any(split_by in recording.columns for recording in recordings):
        missing = next((recording for recording in recordings if not recording.columns.get(split_by)), None)
        if missing:
            raise UserError(f"{missing.name} has no value in the column {split_by!r}, which SPLIT_BY names")
        return [recording.columns[split_by] for recording in recordings]
    known = sorted({name for recording in recordings for name in recording.columns})
    try:
        pattern = compiled(split_by, "SPLIT_BY")
        return [match(pattern, recording.name, "SPLIT_BY") for recording in recordings]
    except UserError as error:
        raise UserError(f"{error} (the columns are: {', '.join(known)})" if known else str(error)) from None


def _at_random(recordings: Sequence[Recording], rule: Rule, where: Path) -> np.ndarray:
    from sklearn.model_selection import train_test_split

    labels = [recording.label for recording in recordings] if rule.classes else None
    # Of few recordings, one of each class at least.
    count = max(round(rule.share * len(recordings)), len(set(labels or [""])))
    try:
        _, held_out = train_test_split(
            np.arange(len(recordings)), test_size=count, stratify=labels, random_state=rule.seed
        )
    except ValueError:
        raise UserError(
            f"{where}: of its {len(recordings)} recordings, VALIDATION_SHARE = {rule.share:g} leaves fewer than one"
            f"{' for each class' if rule.classes else ''} in one of the parts; set it closer to 0.2, or record more"
        ) from None
    return np.asarray(held_out)


def _by_group(recordings: Sequence[Recording], rule: Rule, own: Sequence[str]) -> np.ndarray:
    """Return the recordings of those groups that come closest to the share, and leave every class to learn from."""
    from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

    of, what = (
        np.array(own),
        f"SPLIT_BY is {rule.split_by!r}" if rule.split_by else "pieces of a recording stay together",
    )
    labels = np.array([recording.label for recording in recordings])
    there = sorted(set(of.tolist()))
    if len(there) < 2:
        raise UserError(f"{what}, and all recordings have the same there ({there[0]!r}): at least two are needed")
    rows = np.arange(len(recordings))
    if not rule.classes:
        splitter = GroupShuffleSplit(1, test_size=max(rule.share, 1 / len(there)), random_state=rule.seed)
        return np.asarray(next(iter(splitter.split(rows, groups=of)))[1])
    folds = min(max(round(1 / rule.share), 2), len(there))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=rule.seed)
    best: np.ndarray | None = None
    wanted = rule.share * len(rows)
    for kept, held_out in splitter.split(rows, labels, of):
        whole = len(held_out) > 0 and set(labels[kept]) == set(labels)
        if whole and (best is None or abs(len(held_out) - wanted) < abs(len(best) - wanted)):
            best = np.asarray(held_out)
    if best is None:
        raise UserError(
            f"{what}: however the {len(there)} groups are divided, some class is left without a recording to learn from"
        )
    return best


def hold_out_ends(recordings: Sequence[Recording], share: float) -> tuple[list[Recording], list[Recording]]:
    """Return the beginning and the end of every recording, which has that share of its samples."""
    kept, held_out = [], []
    for recording in recordings:
        last = len(recording.values) - round(share * len(recording.values))
        kept.append(replace(recording, values=recording.values[:last]))
        held_out.append(replace(recording, values=recording.values[last:], name=f"{recording.name}, its end"))
    return kept, held_out
