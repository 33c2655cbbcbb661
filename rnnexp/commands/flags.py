"""Settings from constants and flags."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_origin

import tyro

from rnnexp.config import Settings
from rnnexp.errors import UserError
from rnnexp.flags import gathered, switched
from rnnexp.limits import NO_SETTINGS
from rnnexp.presets import PRESETS
from rnnexp.validation import constant, validated


def parse(
    program: str,
    config_class: type[Settings],
    constants: Mapping[str, Any],
    arguments: Sequence[str] | None,
) -> Settings:
    """Return the settings that constants, preset and command line come to: each goes before those named before it.

    Raises:
        UserError: naming the constant or the flag that is wrong.
        SystemExit: after ``--help`` (0), or on a command line that cannot be read (2).
    """
    defaults = validated(config_class, constants, program)
    for argument in sys.argv[1:] if arguments is None else arguments:
        name = argument.partition("=")[0].removeprefix("--").removeprefix("no-").replace("-", "_")
        if argument.startswith("--") and name in NO_SETTINGS:
            raise UserError(f"{argument} is not a setting: {NO_SETTINGS[name]}")
    preset = _given(program, config_class, defaults, arguments)["preset"]
    validated(config_class, {"preset": preset}, "the command line")
    chosen = PRESETS[preset].settings if preset else {}
    kept = {name: value for name, value in constants.items() if name not in chosen}
    defaults = validated(config_class, {**kept, "preset": preset}, program)
    return validated(config_class, _given(program, config_class, defaults, arguments), "the command line")


def _given(
    program: str, config_class: type[Settings], defaults: Settings, arguments: Sequence[str] | None
) -> dict[str, Any]:
    """Return every setting as the command line has it, or else the defaults."""
    flags = dataclasses.make_dataclass(config_class.__name__, fields(config_class, defaults))
    absent = (f"There is no {constant(name)}: {reason}." for name, reason in NO_SETTINGS.items())
    flags.__doc__ = "\n\n".join([config_class.__doc__ or "", *absent])
    kinds = {f"--{name.replace('_', '-')}": field.annotation for name, field in config_class.model_fields.items()}
    several = {flag for flag, kind in kinds.items() if get_origin(kind) is tuple}
    switches = {flag for flag, kind in kinds.items() if kind is bool}
    given = gathered(switched(sys.argv[1:] if arguments is None else arguments, switches), several)
    return dataclasses.asdict(tyro.cli(flags, prog=program, args=given))


def fields(config_class: type[Settings], defaults: Settings) -> list[tuple[str, Any, Any]]:
    """Return settings as fields of a dataclass, with what their model says of them, for tyro."""
    return [
        (
            name,
            Annotated[field.annotation, tyro.conf.arg(help=field.description)],
            dataclasses.field(default=getattr(defaults, name)),
        )
        for name, field in config_class.model_fields.items()
    ]
