"""What a finished run left, and that its integers are the same in every form."""

import numpy as np
from helpers.c_compiler import COMPILER, build_and_run, run_example

from rnnexp.experiment import build
from rnnexp.formats.keras import model as keras_models
from rnnexp.formats.npz import arrays, integers, reader
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.network.structure import Structure
from rnnexp.quantization import reference
from rnnexp.runtimes.c import CompiledNetwork
from rnnexp.runtimes.tflite import TFLiteModel, TFLiteStepModel

try:
    import tflite_micro  # noqa: F401
except ImportError:
    KERNELS = ("litert", "reference")
else:
    KERNELS = ("litert", "reference", "micro")


class Left:
    """What a finished run left, loaded."""

    def __init__(self, finished, dataset):
        self.finished = finished
        self.folder, self.stem = finished.config.output_dir, finished.config.stem
        self.part = dataset.evaluation
        self.arrays = arrays.read(self.path("-weights.npz"))
        self.real = reader.load(self.path("-weights.npz"))
        self.network = integers.from_npz(self.arrays)
        # Of one layer of simple cells that reads forwards, for which docs/network.md has the equations.
        self.simple = self.real.architecture.structure == Structure()
        self.codes = self.network.input.encode(self.part.x)
        self.outputs = TFLiteModel(self.path("-float32.tflite")).predict(self.part.x)

    def path(self, suffix):
        return self.folder / f"{self.stem}{suffix}"

    def close(self, outputs):
        # One sample has no range: then it is the size that counts.
        size = np.ptp(self.outputs) or np.abs(self.outputs).max()
        return np.abs(outputs - self.outputs).max() <= 1e-5 * size


def kept_network(finished, dataset):
    """The network of the Keras model that a run keeps, which is what was trained."""
    model = keras_models.load(finished.folder / "model.keras")
    return keras_models.from_keras(build.architecture(finished.config, dataset), model)


def int8_codes(path, codes):
    """Run an int8 file in LiteRT and return its outputs before any softmax."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    named = {tensor["name"]: tensor["index"] for tensor in interpreter.get_tensor_details()}
    result = []
    for sample in codes:
        interpreter.set_tensor(given["index"], sample[None])
        interpreter.invoke()
        result.append(interpreter.get_tensor(named.get("logits", made["index"]))[0])
    return np.array(result)


def check_integers(left):
    """The integers have the same bits in every form, on every sample: arrays, files read back, every runtime, C."""
    network, codes = left.network, left.codes
    content = left.path("-int8.tflite").read_bytes()
    expected = int8_codes(left.path("-int8.tflite"), codes)
    assert (reference.run(network, codes) == expected).all()
    assert (CompiledNetwork(network).run(codes) == expected).all()
    assert (reference.run(from_tflite(content), codes) == expected).all()
    for kernels in KERNELS:
        sequence = TFLiteModel(left.path("-int8.tflite"), kernels=kernels).run_codes(codes)
        if not network.softmax:
            assert (sequence == expected).all()
        if not network.forward:
            continue
        made, found = TFLiteStepModel(left.path("-step-int8.tflite"), kernels=kernels).run_codes(codes)
        assert (made if network.every_step else made[:, -1] == sequence).all()
        # The values of every layer; what else a cell keeps comes behind them.
        kept = np.cumsum([0, *(len(layer.cells[0].states) for layer in network.layers)])
        values = reference.states(network, codes)
        assert all((found[place] == layer).all() for place, layer in zip(kept, values, strict=False))
    for options in (["-O2"], ["-fsanitize=undefined,address", "-fno-sanitize-recover=all"]) if COMPILER else ():
        done = build_and_run(left.folder, left.stem, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        run_example(left.folder, left.stem, *options)
