"""What a process of its own does, done in this one: of many examples, each would start one."""

import importlib

from rnnexp.formats import child


def exchange(module, description, arrays, seconds=child.SECONDS, **more):
    del seconds, more
    try:
        return importlib.import_module(module).run(description, arrays)
    except Exception as error:  # as a parent hears of it
        raise child.ChildError(f"{type(error).__name__}: {' '.join(str(error).split())[:250]}") from error
