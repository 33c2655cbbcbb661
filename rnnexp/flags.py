"""The command line's flags before they are read."""

from __future__ import annotations

from collections.abc import Container, Sequence


def gathered(arguments: Sequence[str], several: Container[str]) -> list[str]:
    """Return arguments in which a flag that is given again and again is given once, with all of its values.

    Args:
        arguments: of a command line that has no positional ones.
        several: flags that take several values, such as ``--fail-on``.
    """
    others: list[str] = []
    values: dict[str, list[str]] = {}
    into = others
    for argument in arguments:
        name, equals, value = argument.partition("=")
        flag = name.replace("_", "-")
        if not argument.startswith("--"):
            into.append(argument)
        elif flag in several:
            into = values.setdefault(flag, [])
            into += [value] if equals else []
        else:
            into = others
            into.append(argument)
    return [*others, *(part for flag, given in values.items() for part in (flag, *given))]


def switched(arguments: Sequence[str], switches: Container[str]) -> list[str]:
    """Return arguments in which a yes or no that is given by its value, ``--quiet False``, is a flag, ``--no-quiet``.

    Args:
        arguments: of a command line that has no positional ones.
        switches: flags of a yes or no, such as ``--quiet``.
    """
    found: list[str] = []
    for argument in arguments:
        flag, equals, value = argument.partition("=")
        for part in (flag, value) if equals and flag.replace("_", "-") in switches else (argument,):
            if found and found[-1].replace("_", "-") in switches and part.lower() in ("true", "false"):
                found[-1] = found[-1] if part.lower() == "true" else f"--no-{found[-1][2:]}"
            else:
                found.append(part)
    return found
