"""What the .tflite files of a run or a conversion take in TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Mapping

from rnnexp.report.micro import Micro
from rnnexp.runtimes.arena import least_arenas

# What is to be quick does without.
NOT_MEASURED = "in runs alone"


def on_micro(contents: Mapping[str, bytes | str], *, measure: bool = True) -> dict[str, Micro]:
    """Return what there is to say of those files that are .tflite, by name.

    Args:
        contents: name -> content.
        measure: the arenas too, for which a process is begun.
    """
    # Imported here, so that bad settings answer at once.
    from rnnexp.formats.tflite.resolver import resolver_calls

    models = {
        name: content for name, content in contents.items() if name.endswith(".tflite") and isinstance(content, bytes)
    }
    arenas: Mapping[str, int | str] = least_arenas(models) if measure else dict.fromkeys(models, NOT_MEASURED)
    found = {}
    for name, content in models.items():
        arena, calls = arenas[name], resolver_calls(content)
        found[name] = (
            Micro(resolver=calls, absent=arena) if isinstance(arena, str) else Micro(resolver=calls, arena_bytes=arena)
        )
    return found
