"""What a process of its own does, done in this one: of many examples, each would start one."""

import importlib

from rnnexp.formats import child
from rnnexp.formats.tflite.metadata import with_metadata
from rnnexp.network.graph import storage


def exchange(module, description, arrays, seconds=child.SECONDS, **more):
    del seconds, more
    try:
        return importlib.import_module(module).run(description, arrays)
    except Exception as error:  # as a parent hears of it
        raise child.ChildError(f"{type(error).__name__}: {' '.join(str(error).split())[:250]}") from error


def to_float32(graph, steps, padding, metadata):
    # TensorFlow is loaded by those who convert alone.
    from rnnexp.formats.tflite.graph_float32 import to_tflite

    return with_metadata(to_tflite(storage.from_npz(storage.to_npz(graph)), steps, padding), metadata)
