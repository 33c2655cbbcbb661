"""What differs between the trials of a sweep, as a command line or a script has it: several values, or a range."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, get_args, get_origin

from rnnexp.config import Settings
from rnnexp.errors import UserError, did_you_mean
from rnnexp.experiment.sweep.definition import ASIDE
from rnnexp.experiment.sweep.space import Axis, Choices, Range, Value
from rnnexp.validation import constant, validated

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})")
# Settings of which a sweep has one: what a preset sets would differ from trial to trial.
ONE = ("preset", "weights", *ASIDE)


@dataclass
class Given:
    """A command line, divided.

    Attributes:
        options: arguments that are the sweep's.
        settings: those that are settings with one value.
        single: the names of these.
        several: setting -> values, or a range.
        help: whether the help is asked for.
    """

    options: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    single: set[str] = field(default_factory=set)
    several: dict[str, list[Any]] = field(default_factory=dict)
    help: bool = False


def flag(name: str) -> str:
    """Return how a setting is spelled on the command line."""
    return f"--{name.replace('_', '-')}"


def split(arguments: Sequence[str], config_class: type[Settings], options: set[str]) -> Given:
    """Divide a command line: what is no option, and has several values or a range, differs between trials.

    Args:
        arguments: of the command line.
        config_class: of the task.
        options: names of the sweep's own flags.
    """
    given = Given(help=any(argument in ("-h", "--help") for argument in arguments))
    groups: list[list[str]] = []
    for argument in arguments:
        if argument.startswith("--") or not groups:
            groups.append([argument])
        else:
            groups[-1].append(argument)
    for head, *rest in groups:
        text, _, value = head.partition("=")
        name = text.removeprefix("--").replace("-", "_")
        values = [*([value] if "=" in head else []), *rest]
        if name in options:
            given.options += [head, *rest]
        elif _differs(config_class, name, values):
            if name in given.several:
                raise UserError(f"{flag(name)} is there twice: give it all its values at once")
            given.several[name] = values
        else:
            given.settings += [head, *rest]
            given.single |= {name, name.removeprefix("no_")}
    return given


def _differs(config_class: type[Settings], name: str, values: Sequence[str]) -> bool:
    """Tell whether a flag is one that a sweep goes through: lists, as of columns, are one value each."""
    if name not in config_class.model_fields or _is_list(config_class, name):
        return False
    return len(values) > 1 or any(RANGE.fullmatch(value) for value in values)


def _is_list(config_class: type[Settings], name: str) -> bool:
    return get_origin(config_class.model_fields[name].annotation) is tuple


def axes(
    config_class: type[Settings], base: Settings, several: Mapping[str, Sequence[Any]], where: str
) -> dict[str, Axis]:
    """Return the axes that values are, by setting.

    Args:
        config_class: of the task.
        base: all other settings.
        several: setting -> values, or a range.
        where: they come from, for messages.

    Raises:
        UserError: if a value is none of its setting, or a range is none.
    """
    found: dict[str, Axis] = {}
    for name, values in several.items():
        known = config_class.model_fields
        if name not in known:
            meant = did_you_mean(name, map(constant, known))
            raise UserError(f"{constant(name)} in SWEEP is not a setting{meant}")
        if name in ONE:
            raise UserError(f"{constant(name)} ({flag(name)}) has one value in a sweep; run one sweep for each")
        if not values:
            raise UserError(f"{constant(name)} in SWEEP has no values: give it some, or leave it out")
        if _is_list(config_class, name):
            raise UserError(f"{constant(name)} is a list of names or numbers; a sweep goes through single values")
        ranges = [match for value in values if isinstance(value, str) and (match := RANGE.fullmatch(value))]
        if ranges and len(values) > 1:
            raise UserError(f"{flag(name)} {' '.join(map(str, values))}: one range, or several values, but not both")
        if ranges:
            found[name] = _range(config_class, base, name, ranges[0], where)
        else:
            found[name] = Choices(name, _values(config_class, base, name, values, where))
    return found


def _values(
    config_class: type[Settings], base: Settings, name: str, values: Sequence[Any], where: str
) -> tuple[Value, ...]:
    """Return values as the settings have them, as JSON."""
    found: list[Value] = []
    for value in values:
        read = _read(config_class, base, name, value, where)
        if read in found:
            raise UserError(f"{flag(name)}: {value} is there twice")
        found.append(read)
    return tuple(found)


def _read(config_class: type[Settings], base: Settings, name: str, value: Any, where: str) -> Value:
    optional = NoneType in get_args(config_class.model_fields[name].annotation)
    plain = None if optional and value in ("None", "none") else value
    settings = validated(config_class, {**base.model_dump(), name: plain}, where)
    read: Value = settings.model_dump(mode="json")[name]
    return read


def _range(config_class: type[Settings], base: Settings, name: str, match: re.Match[str], where: str) -> Range:
    text = match.group()
    ends = [_read(config_class, base, name, end, where) for end in match.groups()]
    low, high = ends
    if isinstance(low, bool | str | NoneType) or isinstance(high, bool | str | NoneType):
        raise UserError(f"{flag(name)} {text}: only numbers have ranges")
    if low == high:
        raise UserError(f"{flag(name)} {text}: the range is one value; give it by itself")
    if low > high:
        raise UserError(f"{flag(name)} {text}: the range goes backwards; write {match.group(2)}..{match.group(1)}")
    return Range(name, low, high, whole=isinstance(low, int) and isinstance(high, int))


def seeds(axis: Axis | None, base: Settings) -> tuple[int, ...]:
    """Return the seeds that each combination is trained with; a range has all its numbers."""
    if axis is None:
        return (base.seed,)
    if isinstance(axis, Range):
        return tuple(range(int(axis.low), int(axis.high) + 1))
    return tuple(int(value) for value in axis.values if value is not None)
