"""PyTorch modules and state dicts: a run's network as a module, from its ``-weights.npz``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnnexp.errors import UserError
from rnnexp.formats.npz import reader

if TYPE_CHECKING:
    from rnnexp.formats.torch.module import RecurrentModule


def load(path: str | Path) -> RecurrentModule:
    """Rebuild the network that a ``-weights.npz`` holds as a ``torch.nn.Module``.

    It maps inputs ``[batch, time, features]`` to what the Keras model gives: values ``[batch, outputs]``, or
    probabilities ``[batch, classes]``, or, of a network that answers at every step, ``[batch, time, ...]`` of these;
    ``logits`` has what is before softmax or sigmoid. Of sequences of different lengths, it takes the lengths
    ``[batch]`` as well. Its state dict, saved as npz, is what the setting ``WEIGHTS`` takes.

    Raises:
        UserError: if PyTorch is not installed, or has no such layers, or the file is not that of a network.
    """
    network = reader.load(Path(path))
    # Imported here: PyTorch is an optional dependency.
    try:
        from rnnexp.formats.torch.module import ACTIVATIONS, GATED, RecurrentModule
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UserError(
            "PyTorch is not installed: install it with `poetry install --with torch`, or `pip install torch`"
        ) from error
    architecture = network.architecture
    activation, cell = architecture.activation, architecture.structure.cell
    if architecture.encoder:
        raise UserError(f"{path} is of an encoder and a decoder, of which no PyTorch module is made")
    if activation not in ACTIVATIONS:
        raise UserError(
            f"{path}: the activation is {activation!r}; PyTorch modules are made for {', '.join(ACTIVATIONS)}"
        )
    if cell not in ("simple", *GATED):
        raise UserError(f"{path}: PyTorch has no {cell!r} cells, only {', '.join(('simple', *GATED))}")
    projection = architecture.structure.projection
    if projection and not projection < architecture.layers[0].units:
        raise UserError(
            f"{path}: PyTorch has projections only to fewer values than there are units, and here there are "
            f"{projection} of {architecture.layers[0].units}"
        )
    if cell in GATED and activation != "tanh":
        raise UserError(f"{path}: PyTorch has the cell {cell!r} with tanh only, and here it is {activation!r}")
    return RecurrentModule(network)
