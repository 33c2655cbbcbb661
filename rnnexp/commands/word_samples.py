"""Numbers of words of the user's own in a .csv file, with a sequence in each row."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from rnnexp.commands.windows import Samples
from rnnexp.errors import UserError
from rnnexp.network.lengths import Padding


def read_csv(path: Path, steps: int, features: int, *, padding: Padding, masking: float | None) -> Samples:  # noqa: ARG001
    """Return the sequences of a file, shorter ones with padding at their end.

    Args:
        path: of the file.
        steps: of the model.
        features: of a time step, which words have none of.
        padding: where the model has it, if it takes shorter sequences.
        masking: what tells the model its steps of padding, if anything does; then they need no lengths.

    Raises:
        UserError: if a field is no number, or a row does not fit the model.
    """
    rows = _rows(path)
    for number, row in enumerate(rows, 1):
        if len(row) > steps or (len(row) < steps and not padding):
            most = "up to " if padding else ""
            raise UserError(f"{path}, row {number}: it has {len(row)} words, and the model takes {most}{steps}")
    lengths = np.array([len(row) for row in rows], np.int64)
    values = np.full((len(rows), lengths.max(initial=0)), masking or 0.0)
    for place, row in zip(values, rows, strict=True):
        place[: len(row)] = row
    return Samples(values, lengths=lengths if padding and masking is None else None)


def _rows(path: Path) -> list[list[float]]:
    """Return the numbers in each row; empty fields at its end, which tables have behind shorter rows, are none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = [fields for fields in csv.reader(file) if fields]
    except (csv.Error, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as .csv: {error}") from None
    # A first line without any number has the columns' names.
    named = bool(table) and all(_number(field) is None for field in table[0])
    return [_numbers(fields, f"{path}, row {number}") for number, fields in enumerate(table[named:], 1)]


def _numbers(fields: list[str], where: str) -> list[float]:
    given = [field.strip() for field in fields]
    while given and not given[-1]:
        given.pop()
    if not given:
        raise UserError(f"{where} is empty")
    numbers = []
    for column, field in enumerate(given, 1):
        number = _number(field)
        if number is None:
            what = f"is not a number: {field!r}" if field else "is empty"
            raise UserError(f"{where}, column {column}: the value {what}")
        numbers.append(number)
    return numbers


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
