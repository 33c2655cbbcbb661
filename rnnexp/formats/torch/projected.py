"""``nn.LSTM`` with ``proj_size``, which PyTorch's exporters do not write: as an operator of our own in the ONNX."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rnnexp.formats.onnx.recurrent import PROJECTED


@contextlib.contextmanager
def projections(module: Any) -> Iterator[None]:
    """Have a module's LSTMs with projections as layers that can be exported, and then as they were."""
    import torch

    exchanged = [part for part in module.modules() if isinstance(part, torch.nn.LSTM) and part.proj_size]
    for part in exchanged:
        part.forward = _stand_in(part)
    try:
        yield
    finally:
        for part in exchanged:
            del part.forward


def _stand_in(lstm: Any) -> Any:
    """Return a forward function that computes what an LSTM does, a layer and direction at a time."""
    import torch

    layer = _operator()

    def forward(x: Any, states: Any = None) -> Any:
        if states is not None:
            raise RuntimeError("first states are given to an LSTM with a projection")
        x = x.transpose(0, 1) if lstm.batch_first else x
        last = []
        for number in range(lstm.num_layers):
            found = []
            for end in ("", "_reverse")[: 1 + lstm.bidirectional]:
                names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
                weights = [getattr(lstm, f"{name}_l{number}{end}", None) for name in names]
                zeros = torch.zeros(4 * lstm.hidden_size, dtype=x.dtype)
                weights = [zeros if weight is None else weight for weight in weights]
                given = x.flip(0) if end else x
                values = layer.apply(given, *weights)
                last.append(values[-1])
                found.append(values.flip(0) if end else values)
            x = torch.cat(found, -1) if len(found) > 1 else found[0]
        states = torch.stack(last)
        return x.transpose(0, 1) if lstm.batch_first else x, (states, states)

    return forward


def _operator() -> Any:
    """Return the layer as a function that exports itself."""
    import torch

    class Layer(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(_: Any, x: Any, kernel: Any, recurrent: Any, first: Any, second: Any, out: Any) -> Any:
            h, c = x.new_zeros(x.shape[1], out.shape[0]), x.new_zeros(x.shape[1], out.shape[1])
            found = []
            for step in x:
                i, f, g, o = (step @ kernel.T + h @ recurrent.T + first + second).chunk(4, 1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = (o.sigmoid() * c.tanh()) @ out.T
                found.append(h)
            return torch.stack(found)

        @staticmethod
        def symbolic(graph: Any, x: Any, *weights: Any) -> Any:
            made = graph.op(PROJECTED.replace(".", "::"), x, *weights)
            sizes = x.type().sizes()
            units = weights[-1].type().sizes()[0]
            made.setType(x.type().with_sizes([*sizes[:2], units]) if sizes else x.type())
            return made

    return Layer
