"""What LiteRT computes of a float32 file, to see whether it was read rightly."""

from __future__ import annotations

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats import child
from rnnexp.formats.foreign.axes import as_node
from rnnexp.formats.foreign.reading import Reading
from rnnexp.formats.tflite import child as tflite_child


def own_values(content: bytes, where: str, reading: Reading, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values of a graph's nodes as LiteRT computes them, in a process of its own.

    The states of fused recurrent operators are kept between calls, so they are set to zero ahead of each sample.

    Args:
        content: of the file.
        where: what messages call it.
        reading: what was read of it.
        x: inputs ``[n, time, features]``, or words ``[n, time]``.

    Returns:
        By the nodes' names, in the axes in which nodes give them; of those nodes that the file has a tensor of.

    Raises:
        UserError: if LiteRT cannot run the file.
    """
    guess = reading.input
    size = guess.batch if "N" in guess.axes and guess.batch else 1
    full = np.concatenate([x, np.repeat(x[-1:], -len(x) % size, axis=0)])
    parts = [full[first : first + size] for first in range(0, len(full), size)]
    tensors = list(dict.fromkeys(int(trace.tensor) for trace in reading.traces.values()))
    arrays = {"model": np.frombuffer(content, np.uint8)}
    arrays |= {f"input_{call}": guess.file_input(part) for call, part in enumerate(parts)}
    description = {"calls": len(parts), "tensors": tensors, "part": reading.excerpt}
    try:
        made = child.exchange(tflite_child.__name__, description, arrays)
    except child.ChildError as error:
        raise UserError(f"{where}: LiteRT cannot run it: {error}") from error
    found = {}
    for node, trace in reading.traces.items():
        number = tensors.index(int(trace.tensor))
        rows = [made[f"output_{call}_{number}"].astype(np.float64) for call in range(len(parts))]
        nodes = [as_node(row, trace.value, size, guess.batch_axis) for row in rows]
        found[node] = np.concatenate(nodes)[: len(x)]
    return found
