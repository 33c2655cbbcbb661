"""A run's network as a PyTorch module, from its ``-weights.npz``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnnexp.errors import UserError
from rnnexp.formats.npz import weights_file

if TYPE_CHECKING:
    from rnnexp.formats.torch.module import Network


def load(path: str | Path) -> Network:
    """Rebuild the network that a ``-weights.npz`` holds as a ``torch.nn.Module``.

    It maps inputs ``[batch, time, features]`` to what the Keras model gives: values ``[batch, outputs]``, or
    probabilities ``[batch, classes]``, or, of a network that answers at every step, ``[batch, time, ...]`` of these;
    ``logits`` has what is before softmax or sigmoid. Its state dict, saved as npz, is what the
    setting ``WEIGHTS`` takes.

    Raises:
        UserError: if PyTorch is not installed, or has no such layers, or the file is not that of a network.
    """
    network = weights_file.read_own(Path(path))
    # Imported here: PyTorch is an optional dependency.
    try:
        from rnnexp.formats.torch.module import ACTIVATIONS, GATED, Network
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UserError(
            "PyTorch is not installed: install it with `poetry install --with torch`, or `pip install torch`"
        ) from error
    if network.decoder:
        raise UserError(f"{path} is of an encoder and a decoder, of which no PyTorch module is made")
    if network.activation not in ACTIVATIONS:
        raise UserError(
            f"{path}: the activation is {network.activation!r}; PyTorch modules are made for {', '.join(ACTIVATIONS)}"
        )
    cell = network.structure.cell
    if cell not in ("simple", *GATED):
        raise UserError(f"{path}: PyTorch has no {cell!r} cells, only {', '.join(('simple', *GATED))}")
    if cell in GATED and network.activation != "tanh":
        raise UserError(f"{path}: PyTorch has the cell {cell!r} with tanh only, and here it is {network.activation!r}")
    return Network(network)
