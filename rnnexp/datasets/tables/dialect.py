"""The dialect of a text file: separator, comments, lines before the table, and its header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnexp.datasets.tables import numbers, times
from rnnexp.datasets.tables.table import listed
from rnnexp.errors import UserError

# In this order, where several fit equally well.
SEPARATORS = ("\t", ";", "|", ",", " ")
SEPARATOR_NAMES = {"\t": "tab", " ": "blanks"}
# Signs of a comment, but not spreadsheets' #N/A, and not slashes in place of a value.
COMMENT = re.compile(r"\s*(#(?!n/?a\b|value!|div/0!)|%|//(?=\s*\w))", re.IGNORECASE)
# Lines that the separator is found by; it must divide more than this share of them into the same number of fields.
SAMPLE_LINES = 1000
LEAST_SHARE = 0.5
# Lines above the header: a title, where the data are from; and lines that a header may have.
PREAMBLE_LINES = 40
HEADER_LINES = 4
Line = tuple[int, str]


@dataclass(frozen=True)
class Fields:
    """The fields of a text file, as text.

    Attributes:
        names: of the columns.
        rows: of fields.
        lines: where each row begins, counted from 1.
        separator: of the fields; empty for one column.
        header: whether the names are from the file.
        notes: what was understood.
    """

    names: list[str]
    rows: list[list[str]]
    lines: list[int]
    separator: str
    header: bool
    notes: tuple[str, ...]


def split(text: str, path: Path) -> Fields:
    """Divide a text into fields.

    Raises:
        UserError: if that cannot be done: an open quotation mark, a row that is longer or shorter than the others.
    """
    numbered = list(enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1))
    notes: list[str] = []
    named = re.fullmatch(r"sep=(.)", numbered[0][1].strip())
    if named:
        numbered = numbered[1:]
    comments = [line for line in numbered if COMMENT.match(line[1])]
    lines = [line for line in numbered if not COMMENT.match(line[1])]
    while lines and not lines[-1][1].strip(" \t;,|"):
        lines.pop()  # how many editors and spreadsheets end a file
    if not lines:
        raise UserError(f"{path} is empty: it needs a column of numbers, best with a line of names above it")
    separator = named[1] if named else find_separator([line for _, line in lines[: SAMPLE_LINES + PREAMBLE_LINES]])
    records = [record for record in _records(lines, separator, path) if separator == "" or any(record[1])]
    width = Counter(len(fields) for _, fields in records[: SAMPLE_LINES + PREAMBLE_LINES]).most_common(1)[0][0]
    # Separators alone at the end of a line are no fields.
    records = [(line, fields if any(fields[width:]) else fields[:width]) for line, fields in records]
    start = _start(records, width, path)
    if start:
        notes.append(f"the first {start} lines are no part of the table" if start > 1 else "the first line is a title")
    records = records[start:]
    commented = _commented_header(comments, records[0], separator, width)
    if commented:
        comments.remove(commented)
        records = [(commented[0], _commented_fields(commented, separator)), *records]
    if comments:
        notes.append(f"{len(comments)} comment line{'s' if len(comments) > 1 else ''}")
    names, count, header_notes = _header(records)
    notes += header_notes
    body = records[count:]
    for line, fields in body:
        if len(fields) != len(names):
            raise _ragged(path, line, len(fields), records[0][0] if count else 0, names, separator)
    filled = [place for place, name in enumerate(names) if name or any(fields[place] for _, fields in body)]
    names = _unique([names[place] or f"column {place + 1}" for place in filled], path)
    return Fields(
        names=names,
        rows=[[fields[place] for place in filled] for _, fields in body],
        lines=[line for line, _ in body],
        separator=separator if len(names) > 1 else "",
        header=count > 0,
        notes=tuple(notes),
    )


def find_separator(lines: Sequence[str]) -> str:
    """Return what separates the fields of lines; empty for lines of one field."""
    lines = [line for line in lines if line.strip()][:SAMPLE_LINES]
    head, rest = lines[0], lines[1:]
    if rest and "," not in head and not is_value(head) and all(numbers.COMMA_DECIMAL.match(line) for line in rest):
        return ""  # one column, with decimal commas
    best, chosen = LEAST_SHARE, ""
    for separator in SEPARATORS:
        try:
            widths = Counter(len(fields) for fields in _parse(lines, separator))
        except csv.Error:
            continue
        width, count = widths.most_common(1)[0]
        share = count / sum(widths.values())
        if width > 1 and share > best:
            best, chosen = share, separator
    return chosen


def is_value(cell: str) -> bool:
    """Tell whether a cell looks like a number or a time, and not like a name."""
    return bool(numbers.LIKE.match(cell)) or times.looks_like(cell)


def _parse(lines: Sequence[str], separator: str) -> list[list[str]]:
    return list(_reader(lines, separator))


def _reader(lines: Sequence[str], separator: str) -> Any:  # csv.reader, a name that only type checkers know
    if separator == " ":
        return csv.reader((" ".join(line.split()) for line in lines), delimiter=" ", strict=True)
    # Without a separator, one that no text has.
    return csv.reader(lines, delimiter=separator or "\x1f", skipinitialspace=True, strict=True)


def _records(lines: Sequence[Line], separator: str, path: Path) -> list[tuple[int, list[str]]]:
    """Return the number of the first line, and the fields, of every record."""
    reader = _reader([f"{text}\n" for _, text in lines], separator)
    records: list[tuple[int, list[str]]] = []
    begin = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return records
        except csv.Error as error:
            line = lines[min(begin, len(lines) - 1)][0]
            what = "a quotation mark is never closed" if "unexpected end" in str(error) else str(error)
            raise UserError(f"{path}, line {line}: {what}; correct that line") from None
        records.append((lines[begin][0], [field.strip() for field in fields] or [""]))
        begin = reader.line_num


def _start(records: Sequence[tuple[int, list[str]]], width: int, path: Path) -> int:
    """Return how many records before the table are no part of it: titles, where the data are from."""
    start = next(place for place, (_, fields) in enumerate(records) if len(fields) == width)
    if not start or start > PREAMBLE_LINES:
        return 0
    line, before = records[start - 1]
    values = any(is_value(cell) for cell in records[start][1])
    if values and (len(before) > 1 or start == 1) and any(before):
        # The table begins with values, so that what is before it is its header, of another width.
        raise _ragged(path, records[start][0], width, line, before, ",")
    return start


def _ragged(path: Path, line: int, width: int, header: int, names: Sequence[str], separator: str) -> UserError:
    above = f"its header (line {header}) has columns ({listed(list(names))})" if header else "the lines above it"
    more = width > len(names)
    comma = ": decimal commas, perhaps; separate the fields by semicolons, or put the numbers into quotation marks"
    advice = comma if more and separator == "," else ": give every row as many"
    return UserError(
        f"{path} has rows with {'more' if more else 'fewer'} fields than {above}: line {line} has {width}, "
        f"not {len(names)}{advice}"
    )


def _commented_header(
    comments: Sequence[Line], first: tuple[int, list[str]], separator: str, width: int
) -> Line | None:
    """Return the comment right above the table, if it has the names of the columns."""
    above = [line for line in comments if line[0] == first[0] - 1]
    if not above or not any(is_value(cell) for cell in first[1]):
        return None
    fields = _commented_fields(above[0], separator)
    return above[0] if len(fields) == width and all(fields) and not any(map(is_value, fields)) else None


def _commented_fields(line: Line, separator: str) -> list[str]:
    return [field.strip() for field in _parse([COMMENT.sub("", line[1], count=1).strip()], separator)[0]]


def _header(records: Sequence[tuple[int, list[str]]]) -> tuple[list[str], int, list[str]]:
    """Return the columns' names, how many lines they take, and notes: a header may go over several, with units."""
    rows = [fields for _, fields in records]
    width = len(rows[0])
    if not _is_header(rows):
        return [""] * width, 0, []
    count = 1
    while count < len(rows) and _goes_on(rows[count], width):
        count += 1
    if not 1 < count <= min(HEADER_LINES, len(rows) - 1):
        return rows[0], 1, []
    heads = rows[:count]
    names = heads[0]
    if all(names) and len(set(names)) == width:
        units = ", ".join(text for text in heads[1] if text)
        return names, count, [f"the second line is no row of values: {units}"]
    joined = [
        " ".join(dict.fromkeys(row[place] for row in heads if row[place]))
        if all(len(r) == width for r in heads)
        else ""
        for place in range(width)
    ]
    return joined, count, [f"the header has {count} lines"]


def _is_header(rows: Sequence[list[str]]) -> bool:
    """Tell whether the first row has names: a column of values has none in it, or nothing."""
    head, body = rows[0], rows[1:21]
    if not any(is_value(cell) for cell in head):
        return True
    for place, cell in enumerate(head):
        cells = [fields[place] for fields in body if len(fields) > place]
        values = sum(map(is_value, cells))
        if values and values == len(cells) and not is_value(cell) and cell.lower() not in numbers.MISSING_MARKS - {""}:
            return True
    return False


def _goes_on(row: list[str], width: int) -> bool:
    """Tell whether a row below the first line of a header may belong to it: texts, or units, and no value."""
    texts = [cell for cell in row if cell.lower() not in numbers.MISSING_MARKS]
    if len(row) != width or not texts or any(map(is_value, row)):
        return False
    # Of one column, a text among numbers is rather a mistake than a unit, unless it is in brackets.
    return width > 1 or texts[0][0] in "(["


def _unique(names: Sequence[str], path: Path) -> list[str]:
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise UserError(f"{path} has several columns of the same name: {listed(doubled)}; give each a name of its own")
    return list(names)
