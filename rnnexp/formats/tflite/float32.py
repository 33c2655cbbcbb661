"""float32 TensorFlow Lite files, made by TensorFlow's converter in a process of its own.

The converter is C++ that can end its process without an exception. So it runs in a child, which reads saved Keras
models and writes .tflite files; whatever becomes of it, the models it was given are on disk. The child is started
early, and loads TensorFlow while the parent trains.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rnnexp.files import write_atomically

# After which the converter is taken to hang: a network of microcontrollers takes it seconds.
SECONDS = 600.0


class ConversionError(Exception):
    """The converter failed; the message says how."""


class Converter:
    """A child process that turns saved Keras models into float32 TensorFlow Lite files.

    Use as a context manager; leaving it ends the child.

    Args:
        log: file that gets what the child prints.
    """

    def __init__(self, log: Path) -> None:
        self._log = log.open("wb")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"}
        package = str(Path(__file__).resolve().parents[3])
        paths = [package, *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        self._child = subprocess.Popen(
            [sys.executable, "-m", "rnnexp.formats.tflite.float32"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the parent, which decides
            text=True,
        )

    def __enter__(self) -> Converter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._child.kill()
        try:
            self._child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
        self._log.close()

    @property
    def ended(self) -> bool:
        """Whether the process has ended, and converts no more."""
        return self._child.poll() is not None

    def convert(self, model: Path, target: Path, metadata: Mapping[str, str] | None = None) -> None:
        """Convert the Keras model saved at ``model`` and write it, with named texts added, to ``target``.

        Raises:
            ConversionError: if the converter refuses, ends its process, hangs, or answers what nobody understands.
        """
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None
        assert stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._child.kill()

        timer = threading.Timer(SECONDS, give_up)
        timer.daemon = True
        timer.start()
        try:
            # Wherever this process is now: the child has stayed where it was started.
            paths = {"model": str(model.absolute()), "target": str(target.absolute())}
            job = {**paths, "metadata": dict(metadata or {})}
            stdin.write(json.dumps(job) + "\n")
            stdin.flush()
            answer = stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        if late.is_set():
            raise ConversionError(f"the converter was not done after {SECONDS:g} s; see {self._log.name}")
        if not answer:
            raise ConversionError(f"the converter's process ended with code {self._child.wait()}; see {self._log.name}")
        try:
            problem = json.loads(answer)["problem"]
        except (ValueError, KeyError, TypeError):
            # What it says next may be the answer to this.
            self._child.kill()
            raise ConversionError(f"the converter answered {answer[:80]!r}; see {self._log.name}") from None
        if problem:
            raise ConversionError(problem)


def convert(model_path: Path) -> bytes:
    """Return the float32 TensorFlow Lite form, batch 1 and loops kept, of a saved Keras model."""
    import tensorflow as tf

    from rnnexp.formats.keras.model import load

    model = load(model_path)
    signature = [tf.TensorSpec((1, *given.shape[1:]), given.dtype, name=given.name) for given in model.inputs]
    # Weights as constants: the loop of a recurrent layer must not read variables, which no other runtime has.
    weights = [tf.constant(variable.numpy()) for variable in model.trainable_variables]
    others = [tf.constant(variable.numpy()) for variable in model.non_trainable_variables]

    @tf.function(input_signature=signature)
    def infer(*inputs: tf.Tensor) -> Any:
        outputs, _ = model.stateless_call(weights, others, inputs[0] if len(inputs) == 1 else inputs, training=False)
        return outputs

    return tf.lite.TFLiteConverter.from_concrete_functions([infer.get_concrete_function()]).convert()


def serve() -> None:
    """Read one job a line from standard input, answer each with a line; the parent's end closes the input."""
    # Of a job that ends, batch systems tell every process of it: here too, what to do is for the parent to decide.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Some libraries print to standard output, which is for the answers alone.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import tensorflow  # noqa: F401  (loaded now, while the parent is busy)

    from rnnexp.formats.tflite.metadata import with_metadata

    for line in sys.stdin:
        job = json.loads(line)
        problem = None
        try:
            content = with_metadata(convert(Path(job["model"])), job["metadata"])
            write_atomically(Path(job["target"]), content)
        except Exception as error:  # whatever it is, the parent is told and decides
            problem = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
        answers.write(json.dumps({"problem": problem}) + "\n")


if __name__ == "__main__":
    serve()
