"""What a layer of a functional model is called with, as the JSON of each version of Keras has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rnnexp.errors import UserError
from rnnexp.formats.keras.options import unwrapped


@dataclass(frozen=True)
class Reference:
    """One output of one call of a layer in a functional model."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True)
class Arguments:
    """What a layer is called with: values, a mask that Keras has made itself, other things."""

    values: tuple[Reference, ...]
    masks: tuple[Reference, ...] = ()
    constants: tuple[Any, ...] = ()
    problem: str = ""


def references(found: Any, name: str) -> list[Reference]:
    """Return the outputs of layers that a model's JSON names, one or several."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list) and found and isinstance(found[0], str):
        found = [found]
    if not isinstance(found, list):
        raise UserError(f"{name}: the model's JSON has no inputs or outputs")
    return [_reference(each, name) for each in found]


def _reference(found: Any, name: str) -> Reference:
    if not (
        isinstance(found, list)
        and len(found) >= 3
        and isinstance(found[0], str)
        and all(isinstance(each, int) and not isinstance(each, bool) and 0 <= each < 2**31 for each in found[1:3])
    ):
        raise UserError(f"{name}: the model's JSON is damaged where a layer reads another one: {str(found)[:60]}")
    return Reference(*found[:3])


def arguments(node: Any, name: str) -> Arguments:
    """Return what a call has, as Keras 3 or as older versions write it.

    Raises:
        UserError: if it is damaged.
    """
    named: Any
    if isinstance(node, dict):
        positional, named = node.get("args"), node.get("kwargs")
        if not isinstance(positional, list) or not isinstance(named, dict):
            raise UserError(f"{name}: the model's JSON is damaged where a layer is called")
        first = positional[0] if positional else named.get("inputs", named.get("sequences"))
        named = {key: value for key, value in named.items() if key not in ("inputs", "sequences") or positional}
        values = _tensors(first, name)
        rest = positional[1:]
        more = [tensor for each in rest for tensor in _tensors(each, name)]
        constants = tuple(each for each in rest if not _tensors(each, name) and each is not None)
        masks = tuple(_tensors(named.get("mask"), name))
        return Arguments((*values, *more), masks, constants, _problem(named))
    if isinstance(node, list) and node and isinstance(node[0], str):
        node = [node]
    if not isinstance(node, list):
        raise UserError(f"{name}: the model's JSON is damaged where a layer is called")
    named = {}
    for each in node:
        if isinstance(each, list) and len(each) > 3:
            if not isinstance(each[3], dict):
                raise UserError(f"{name}: the model's JSON is damaged where a layer is called")
            named |= each[3]
    problem = "is called with a mask of its own" if named.get("mask") is not None else _problem(named)
    return Arguments(tuple(_reference(each, name) for each in node), problem=problem)


def _tensors(found: Any, name: str) -> list[Reference]:
    if isinstance(found, dict) and found.get("class_name") == "__keras_tensor__":
        config = found.get("config")
        return references(config.get("keras_history") if isinstance(config, dict) else None, name)
    found = unwrapped(found)
    if isinstance(found, list):
        return [tensor for each in found for tensor in _tensors(each, name)]
    return []


def _problem(named: Mapping[str, Any]) -> str:
    """Return what is special about a call, or nothing; masks are what Keras makes itself, see ``masks``."""
    for option, value in named.items():
        if option == "mask":
            continue
        if value is None or (option == "training" and value is False):
            continue
        return f"is called with {option}, which is not converted"
    return ""
