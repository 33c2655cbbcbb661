"""A part of the report: what all of its typed parts have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)


class Part(BaseModel):
    """Unchangeable fields of exact types and finite numbers; a field that is None by default is left out when written.

    Whoever makes a part in code must know its fields. A file may have more, which a later version has added to the same
    schema: with ``context=Part.FROM_FILE`` they are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    FROM_FILE: ClassVar = "from a file"

    @classmethod
    def keys(cls) -> set[str]:
        """Return the keys of the part's JSON."""
        return {field.alias or name for name, field in cls.model_fields.items()}

    @model_validator(mode="before")
    @classmethod
    def _pass_over_additions(cls, value: Any, info: ValidationInfo) -> Any:
        if info.context != cls.FROM_FILE or not isinstance(value, dict):
            return value
        known = cls.keys()
        return {key: inner for key, inner in value.items() if key in known}

    @model_serializer(mode="wrap")
    def _leave_out_absent(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        fields = type(self).model_fields
        optional = {field.alias or name for name, field in fields.items() if not field.is_required()}
        return {key: value for key, value in serialize(self).items() if value is not None or key not in optional}


def closest(*forms: type[Part]) -> Discriminator:
    """Return what chooses among forms tagged with their classes' names: the one that has the most of a value's keys."""

    def choose(value: Any) -> str:
        if isinstance(value, Part):
            return type(value).__name__
        keys = set(value) if isinstance(value, dict) else set()
        return max(forms, key=lambda form: len(form.keys() & keys)).__name__

    return Discriminator(choose)
