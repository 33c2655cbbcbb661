"""The attributes of an ONNX operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rnnexp.formats.foreign.axes import Misfit
from rnnexp.formats.onnx import file


def attributes(where: Path, node: Any) -> dict[str, Any]:
    """Return an operator's attributes by name.

    Args:
        where: the file, for messages.
        node: the operator.

    Raises:
        Misfit: if one is of a kind that operators of networks do not have.
        UserError: if a constant is damaged.
    """
    onnx = file.package()
    kinds = onnx.AttributeProto
    found: dict[str, Any] = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise Misfit("it has an attribute of a function around it")
        if attribute.type == kinds.FLOAT:
            found[attribute.name] = float(attribute.f)
        elif attribute.type == kinds.INT:
            found[attribute.name] = int(attribute.i)
        elif attribute.type == kinds.STRING:
            found[attribute.name] = attribute.s.decode("utf-8", "replace")
        elif attribute.type == kinds.FLOATS:
            found[attribute.name] = [float(number) for number in attribute.floats]
        elif attribute.type == kinds.INTS:
            found[attribute.name] = [int(number) for number in attribute.ints]
        elif attribute.type == kinds.STRINGS:
            found[attribute.name] = [text.decode("utf-8", "replace") for text in attribute.strings]
        elif attribute.type == kinds.TENSOR:
            found[attribute.name] = file.array(where, attribute.t, onnx)
        else:
            inner = attribute.type in (kinds.GRAPH, kinds.GRAPHS)
            raise Misfit("it has inner graphs" if inner else f"its attribute {attribute.name!r} is of a rare kind")
    return found
