"""Settings from the values that a user has given, and what is wrong with these in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from rnnexp.config import Settings
from rnnexp.errors import UserError, did_you_mean
from rnnexp.limits import NO_SETTINGS

AnySettings = TypeVar("AnySettings", bound=Settings)


def validated(config_class: type[AnySettings], values: Mapping[str, Any], where: str) -> AnySettings:
    """Return the settings that values are.

    Args:
        config_class: whose.
        values: field -> value.
        where: they come from, for messages.

    Raises:
        UserError: naming the constant and the flag of each that is wrong.
    """
    try:
        return config_class(**values)
    except ValidationError as error:
        raise UserError(*(_explain(problem, config_class, where) for problem in error.errors())) from None


def _explain(problem: Any, config_class: type[Settings], where: str) -> str:
    """Put one of pydantic's findings into words: which constant and flag, what is wrong, what was given."""
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        meant = did_you_mean(name, map(constant, config_class.model_fields))
        reason = f": {NO_SETTINGS[name.lower()]}" if name.lower() in NO_SETTINGS else meant
        return f"{constant(name)} in {where} is not a setting{reason}"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    # What our own checks say names the value where that helps.
    given = "" if problem["type"] == "value_error" else f", not {problem['input']!r}"
    return f"{constant(name)} (--{name.replace('_', '-')}) in {where}: {message}{given}"


def constant(field: str) -> str:
    """Return how the scripts spell a setting."""
    return field if field == "custom_max_value" else field.upper()
