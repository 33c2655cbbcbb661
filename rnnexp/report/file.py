"""The file ``report.json``: written, and read back from every version that there has been."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rnnexp.errors import UserError
from rnnexp.report.content import Report
from rnnexp.report.part import Part

SCHEMAS = (1, 2)
# Far more than a run writes, and little enough to be read at once.
MOST_BYTES = 64 * 2**20
# What a message quotes of a value, in characters.
QUOTED = 60


def to_json(report: Report) -> str:
    """Return the report as JSON, as ``read_report`` reads it."""
    return json.dumps(report.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


def read_report(path: Path | str) -> Report:
    """Return the report in a ``report.json``, of schema 1 or 2.

    Raises:
        UserError: if the file cannot be read, or is none; naming the first field that is missing or wrong.
    """
    found = read_content(path)
    try:
        return Report.model_validate(found, context=Part.FROM_FILE)
    except ValidationError as error:
        raise UserError(f"{path} is no report: {_explain(error, found)}") from None


def read_content(path: Path | str) -> dict[str, Any]:
    """Return the JSON of a report of schema 1 or 2, as one of schema 2, unchecked: in a fraction of the time.

    Raises:
        UserError: if the file cannot be read, or is no JSON of such a schema.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise UserError(f"{path} is no report: it has more than {MOST_BYTES // 2**20} MB")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is no report: it is not JSON ({error})") from None
    if not isinstance(found, dict) or "schema" not in found:
        raise UserError(f"{path} is no report: it names no schema")
    if type(found["schema"]) is not int or found["schema"] not in SCHEMAS:
        known = " and ".join(map(str, SCHEMAS))
        raise UserError(f"{path}: a report of schema {_quoted(found['schema'])}; this version of rnnexp reads {known}")
    if found["schema"] == 1:
        found = {**found, "schema": 2, "task": _task(found)}
    return found


def _task(found: dict[str, object]) -> str:
    """Return the task of a report of schema 1, which only its settings tell."""
    config = found.get("config")
    settings = config if isinstance(config, dict) else {}
    if "memory_n" in settings:
        return "memory"
    return "classification" if "max_sequence_length" in settings else "regression"


def _explain(error: ValidationError, found: Any) -> str:
    """Put the first of pydantic's findings into words: where, what is wrong, what is there."""
    problem = error.errors()[0]
    missing = problem["type"] == "missing"
    place, value = "", found
    for step in problem["loc"]:
        # Among keys and numbers, pydantic names the forms that it has tried there.
        if isinstance(value, dict) and (step in value or (missing and step == problem["loc"][-1])):
            place, value = f"{place}.{step}" if place else str(step), value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            place, value = f"{place}[{step}]", value[step]
    message = problem["msg"][0].lower() + problem["msg"][1:]
    return f"{place}: {message}" + ("" if missing else f", not {_quoted(value)}")


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."
