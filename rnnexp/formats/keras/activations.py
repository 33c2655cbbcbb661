"""Keras' activation functions in all its versions by the names of ``rnnexp.network.functions``."""

from __future__ import annotations

from typing import Any

from rnnexp.formats.keras.options import Options
from rnnexp.formats.keras.stored import Version
from rnnexp.network.functions import FUNCTIONS, with_parameters

# Names of Keras that are others here, or have others' parameters.
_SAME = (
    "linear", "relu", "relu6", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "tanh", "sigmoid",
    "exponential", "hard_tanh", "hard_silu", "log_sigmoid", "celu", "softmax",
)  # fmt: skip
_OTHER = {"swish": "silu", "hard_swish": "hard_silu", "leaky_relu": "leaky_relu"}
# What a layer can have as its activation function.
LAYERS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax")
# The largest float32, where Keras has no limit.
UNLIMITED = 3.4028234663852886e38


def activation(options: Options, option: str, version: Version, default: str = "linear") -> str:
    """Return the name of a layer's activation function, ``softmax`` among them."""
    return _named(options, option, options.config.get(option, default), version)


def _named(options: Options, option: str, found: Any, version: Version) -> str:
    if found is None:
        return "linear"
    if isinstance(found, dict):
        return _described(options, option, found, version)
    if isinstance(found, str):
        if found == "hard_sigmoid":
            return hard_sigmoid(version)
        if found in _OTHER or found in _SAME:
            return _OTHER.get(found, found)
    known = ", ".join([*_SAME, *_OTHER, "hard_sigmoid"])
    raise options.problem(f"{option} is {str(found)[:60]!r}; known are {known}")


def hard_sigmoid(version: Version) -> str:
    """Return what a version of Keras calls so: of slope 1/6 in Keras 3, and 1/5 before."""
    return with_parameters("hard_sigmoid", 1 / 6 if version.major == 3 else 0.2, 0.5)


def _described(options: Options, option: str, found: dict[str, Any], version: Version) -> str:
    """Return the function of one that has a class, or is registered under a name."""
    kind, config = found.get("class_name"), found.get("config")
    if kind == "function" and isinstance(config, str) and found.get("registered_name") in (None, config, "function"):
        return _named(options, option, config, version)
    if kind == "ScaledSqrt" and isinstance(config, dict):
        return with_parameters("scaled_sqrt", Options(options.place, config).number("max_value", 1.0))
    if kind in LAYERS and isinstance(config, dict):
        return of_layer(kind, Options(options.place, config), version)
    raise options.problem(f"{option} is {str(kind)[:60]!r}, what that computes is not in the file")


def of_layer(kind: str, options: Options, version: Version) -> str:
    """Return the function of a layer that is nothing else."""
    if kind == "Activation":
        options.check(("activation",), (), {})
        return activation(options, "activation", version)
    if kind == "Softmax":
        options.check(("axis",), (), {})
        return "softmax"
    if kind == "ELU":
        options.check(("alpha",), (), {})
        return with_parameters("elu", options.number("alpha", 1.0))
    if kind == "LeakyReLU":
        options.check(("alpha", "negative_slope"), (), {})
        return with_parameters("leaky_relu", options.number("negative_slope", options.number("alpha", 0.3)))
    options.check(("max_value", "negative_slope", "threshold"), (), {})
    most = options.number("max_value") if options.has("max_value") else UNLIMITED
    slope = options.number("negative_slope", 0.0) if options.has("negative_slope") else 0.0
    threshold = options.number("threshold", 0.0) if options.has("threshold") else 0.0
    if most == UNLIMITED and not threshold:
        return with_parameters("leaky_relu", slope) if slope else "relu"
    if most == 6.0 and not threshold and not slope:
        return "relu6"
    return with_parameters("clipped_relu", slope, most, threshold)


assert set(_SAME) - {"softmax"} <= set(FUNCTIONS)
