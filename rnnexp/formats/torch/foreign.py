"""Other people's PyTorch modules, in memory, read into a graph by way of ONNX.

The module is exported in this process: its class is known nowhere else, and whoever has it has PyTorch loaded already.
Nothing here loads TensorFlow, which some of PyTorch's wheels do not bear beside them.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.foreign.axes import as_node
from rnnexp.formats.foreign.reading import Reading
from rnnexp.formats.onnx import file, reader
from rnnexp.formats.torch.projected import projections
from rnnexp.network.graph.graph import Graph

# Which axes of the input are tried as open: batch and time wherever they are; then none.
_OPEN: dict[int, tuple[tuple[int, ...], ...]] = {2: ((0, 1), ()), 3: ((0, 1), (0, 2), ()), 4: ((0, 2), (0, 3), ())}
_OPSET = 17


def read(module: Any, example: Any) -> Graph:
    """Return the network of a ``torch.nn.Module``.

    Of a module that returns several things, it is the one that gives the first: an LSTM's values.

    Args:
        module: the module; it is read as after training (``eval()``), and left as it was.
        example: an input as it takes it: a tensor or an array, words or numbers. Where the module works for any number
            of steps, so does the graph; otherwise it is for as many as this has.

    Raises:
        UserError: if onnx is not installed, PyTorch cannot export the module, or it has what cannot be converted.
    """
    return read_module(module, example).graph


def read_module(module: Any, example: Any) -> Reading:
    """Return the network of a module, and how it takes its inputs.

    Raises:
        UserError: as for ``read``.
    """
    import torch

    example = torch.as_tensor(example)
    if example.dtype == torch.float64:
        example = example.to(next((p.dtype for p in module.parameters()), torch.float32))
    *ways, fixed = _OPEN.get(example.ndim, ((),))
    with _frozen(module), projections(module):
        for axes in ways:
            with contextlib.suppress(UserError):
                return reader.read_file(_exported(module, example, axes))
        # With nothing open: its error is the one that says what the module has.
        return reader.read_file(_exported(module, example, fixed))


def own_output(module: Any, reading: Reading, x: np.ndarray) -> dict[str, np.ndarray]:
    """Return what a module gives for inputs ``[n, time, features]`` or words ``[n, time]``, as the graph's output.

    Returns:
        The output by its node's name, in the node's axes.
    """
    import torch

    guess, graph = reading.input, reading.graph
    trace = reading.traces[graph.output]
    size = 1 if "N" not in guess.axes else guess.batch or len(x)
    kind = next((p.dtype for p in module.parameters()), torch.float32)
    parts = []
    with _frozen(module), torch.no_grad():
        for first in range(0, len(x), size):
            part = x[first : first + size]
            full = np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
            given = torch.as_tensor(np.ascontiguousarray(guess.file_input(full)))
            found = module(given if graph.words else given.to(kind))
            while isinstance(found, (tuple, list)):
                found = found[0]
            array = found.double().numpy()
            parts.append(as_node(array, trace.value, size, guess.batch_axis)[: len(part)])
    return {graph.output: np.concatenate(parts)}


def refusal(path: Path) -> UserError:
    """Return why a ``.pt`` or ``.pth`` file is not read, and what to do."""
    way = "export it to ONNX: torch.onnx.export(module, (example,), 'model.onnx')"
    with contextlib.suppress(OSError, zipfile.BadZipFile, NotImplementedError), zipfile.ZipFile(path) as archive:
        if any("/code/" in f"/{name}" for name in archive.namelist()):
            return UserError(f"{path} is a TorchScript archive, which has code of its own: {way}")
    return UserError(
        f"{path} is a file of pickled Python objects, and opening it would run code that is in it: {way}, "
        "or give the module itself to rnnexp.convert"
    )


def _exported(module: Any, example: Any, axes: Sequence[int]) -> file.ModelFile:
    """Return a module as ONNX, with some axes of its input open.

    Raises:
        UserError: if neither of PyTorch's exporters can.
    """
    import torch

    named = Path(f"{type(module).__name__} (PyTorch)")
    reasons = []
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        buffer = io.BytesIO()
        try:
            torch.onnx.export(
                module,
                (example,),
                buffer,
                dynamo=False,
                opset_version=_OPSET,
                input_names=["input"],
                dynamic_axes={"input": {axis: f"axis_{axis}" for axis in axes}} if axes else None,
            )
            return file.parse(named, buffer.getvalue())
        except UserError:
            raise
        except Exception as error:  # whatever a module's own code, or PyTorch's, has to say
            reasons.append(error)
        if not axes:
            try:
                with tempfile.TemporaryDirectory() as folder:
                    path = Path(folder) / "model.onnx"
                    torch.onnx.export(module, (example,), path, dynamo=True, external_data=False, verbose=False)
                    return file.parse(named, path.read_bytes())
            except UserError:
                raise
            except Exception as error:  # the same
                reasons.append(error)
    lines = " ".join(str(reasons[0]).split())[:200]
    raise UserError(f"{named}: PyTorch cannot export it to ONNX ({type(reasons[0]).__name__}: {lines})")


@contextlib.contextmanager
def _frozen(module: Any) -> Iterator[None]:
    """Have a module as after training, and then as it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporters print from the console."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
