"""What LiteRT computes of a float32 file, to see whether it was read rightly."""

from __future__ import annotations

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.foreign.axes import as_node
from rnnexp.formats.foreign.reading import Reading


def own_values(content: bytes, where: str, reading: Reading, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values of a graph's nodes as LiteRT computes them.

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
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    guess = reading.input
    size = guess.batch if "N" in guess.axes and guess.batch else 1
    found: dict[str, list[np.ndarray]] = {node: [] for node in reading.traces}
    try:
        interpreter = Interpreter(
            model_content=content,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        (entry,) = interpreter.get_input_details()
        for first in range(0, len(x), size):
            part = x[first : first + size]
            full = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
            given = np.ascontiguousarray(guess.file_input(full).astype(entry["dtype"]))
            if not first:
                interpreter.resize_tensor_input(entry["index"], given.shape)
                interpreter.allocate_tensors()
            interpreter.reset_all_variables()
            interpreter.set_tensor(entry["index"], given)
            interpreter.invoke()
            for node, trace in reading.traces.items():
                array = interpreter.get_tensor(int(trace.tensor)).astype(np.float64)
                found[node].append(as_node(array, trace.value, size, guess.batch_axis)[: len(part)])
    except (RuntimeError, ValueError) as error:
        raise UserError(f"{where}: LiteRT cannot run it: {' '.join(str(error).split())[:200]}") from error
    return {node: np.concatenate(parts) for node, parts in found.items()}
