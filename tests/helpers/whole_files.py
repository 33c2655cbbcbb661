"""Whole files of every kind that is converted, for tests that damage them."""

import contextlib
import pickle
import zipfile

import numpy as np
from helpers.float_models import FloatModel
from helpers.keras_files import as_keras_2, h5_file, members, packed, saved
from helpers.random_networks import layered

from rnnexp.formats.about import About
from rnnexp.formats.npz import weights
from rnnexp.preprocessing.input_map import AS_IT_IS

STEPS, FEATURES, UNITS = 12, 3, 4
ABOUT = {"task": "regression", "dataset": "some", "input_map": AS_IT_IS, "units": ""}
# Kind -> how names of its files end.
KINDS = {
    "keras": ".keras", "weights": ".keras", "config": ".keras", "h5": ".h5", "h5 of Keras 2": ".h5",
    "h5 of Keras 1": ".h5", "onnx": ".onnx", "tflite": ".tflite", "pt": ".pt", "calibration": ".npz",
    "calibration, packed": ".npz", "own weights": ".npz",
}  # fmt: skip


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def of_keras_1(path):
    """Write a file of Keras 1, which has weights for each gate."""
    weights = [
        (f"lstm_1_{array}_{gate}", numbers(*{"W": (FEATURES, UNITS), "U": (UNITS, UNITS), "b": (UNITS,)}[array]))
        for gate in "icfo"
        for array in "WUb"
    ]
    layers = [
        {
            "class_name": "LSTM",
            "config": {"name": "lstm_1", "output_dim": UNITS, "batch_input_shape": [None, STEPS, FEATURES]},
        },
        {"class_name": "Dense", "config": {"name": "dense_1", "output_dim": 2, "activation": "linear"}},
    ]
    dense = [("dense_1_W", numbers(UNITS, 2)), ("dense_1_b", numbers(2))]
    return h5_file(path, {"class_name": "Sequential", "config": layers}, {"lstm_1": weights, "dense_1": dense}, "1.2.2")


def of_tflite():
    """Return a file with a fused LSTM and a dense layer."""
    from ai_edge_litert import schema_py_generated as schema

    made = FloatModel()
    given = made.tensor([1, STEPS, FEATURES])
    kernels = [made.constant(numbers(UNITS, FEATURES, seed=n)) for n in range(4)]
    recurrent = [made.constant(numbers(UNITS, UNITS, seed=n)) for n in range(4)]
    biases = [made.constant(numbers(UNITS, seed=n)) for n in range(4)]
    states = [made.tensor([1, UNITS], variable=True) for _ in range(2)]
    options = schema.UnidirectionalSequenceLSTMOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.TANH
    inputs = [given, *kernels, *recurrent, -1, -1, -1, *biases, -1, -1, *states]
    found = made.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [[1, STEPS, UNITS]], options)
    dense = [made.constant(numbers(2, UNITS)), made.constant(numbers(2))]
    fully = schema.FullyConnectedOptionsT()
    fully.keepNumDims = True
    return made.content(given, made.operator("FULLY_CONNECTED", [found, *dense], [[1, STEPS, 2]], fully))


def of_onnx():
    """Return a file with an LSTM and a dense layer; None where there is no package for it."""
    with contextlib.suppress(ImportError):
        from helpers.onnx_models import content, model, recurrent
        from onnx import helper

        node, constants = recurrent("LSTM", np.random.default_rng(0), features=FEATURES)
        constants |= {"head": numbers(5, 2), "b": numbers(2), "zero": np.array([0])}
        nodes = [
            helper.make_node("Transpose", ["given"], ["x"], perm=[1, 0, 2]),
            node,
            helper.make_node("Squeeze", ["h", "zero"], ["s"]),
            helper.make_node("Gemm", ["s", "head", "b"], ["out"]),
        ]
        return content(model(nodes, constants, ("given", ("n", "t", FEATURES)), ("out", ("n", 2))))
    return None


def of_pytorch(folder):
    """Return a state dict as PyTorch saves it: an archive with a pickle."""
    path = folder / "state.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state/data.pkl", pickle.dumps({"weight_ih_l0": [0.5] * 40}))
        archive.writestr("state/data/0", numbers(40).tobytes())
        archive.writestr("state/version", "3\n")
    return path.read_bytes()


def of_this_project():
    """Return the weights of a network of two layers."""
    network = layered(("lstm", UNITS, "both"), ("gru", 3), steps=STEPS, features=FEATURES, outputs=2)
    return weights.to_npz(weights.arrays(network, None, About.of(network.architecture, **ABOUT)))


def whole_files(folder):
    """Return files as they ought to be, kind -> content: all kinds that there are packages for."""
    keras, h5 = saved(folder, "model.keras"), saved(folder, "model.h5")
    inner = members(keras)
    np.savez(folder / "x.npz", x=numbers(20, STEPS, FEATURES))
    np.savez_compressed(folder / "packed.npz", x=numbers(20, STEPS, FEATURES), y=np.zeros(20, int))
    found = {
        "keras": keras.read_bytes(),
        "weights": inner["model.weights.h5"],
        "config": inner["config.json"],
        "h5": h5.read_bytes(),
        "h5 of Keras 2": as_keras_2(h5, folder / "keras2.h5").read_bytes(),
        "h5 of Keras 1": of_keras_1(folder / "keras1.h5").read_bytes(),
        "tflite": of_tflite(),
        "pt": of_pytorch(folder),
        "own weights": of_this_project(),
        "calibration": (folder / "x.npz").read_bytes(),
        "calibration, packed": (folder / "packed.npz").read_bytes(),
    }
    onnx = of_onnx()
    return found if onnx is None else {**found, "onnx": onnx}


def written(whole, kind, content, folder):
    """Write a file of a kind; return the model's path and the calibration data's."""
    path = folder / f"model{KINDS[kind]}"
    if kind in ("weights", "config"):
        inner = {"weights": "model.weights.h5", "config": "config.json"}[kind]
        (folder / "whole.keras").write_bytes(whole["keras"])
        packed({**members(folder / "whole.keras"), inner: content}, path)
        (folder / "whole.keras").unlink()
    else:
        path.write_bytes(content)
    if kind.startswith("calibration"):
        model = folder / "model.tflite"
        model.write_bytes(whole["tflite"])
        return model, path
    data = folder / "data.npz"
    np.savez(data, x=numbers(20, STEPS, FEATURES))
    return path, data
