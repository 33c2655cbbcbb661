"""Layers of Keras 1 and 2 in the words of Keras 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnexp.formats.keras.stored import Version

_RECURRENT = {"output_dim": "units", "inner_activation": "recurrent_activation"}
_POOLING_1D = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
_POOLING_2D = {"border_mode": "padding", "dim_ordering": "data_format"}

# Class of Keras 1 -> class of Keras 2, names of options of Keras 1 -> of Keras 2.
_KERAS_1: dict[str, tuple[str, dict[str, str]]] = {
    "Dense": ("Dense", {"output_dim": "units", "bias": "use_bias"}),
    "Dropout": ("Dropout", {"p": "rate"}),
    "SpatialDropout1D": ("SpatialDropout1D", {"p": "rate"}),
    "GaussianDropout": ("GaussianDropout", {"p": "rate"}),
    "GaussianNoise": ("GaussianNoise", {"sigma": "stddev"}),
    "Embedding": ("Embedding", {}),
    "BatchNormalization": ("BatchNormalization", {}),
    "SimpleRNN": ("SimpleRNN", _RECURRENT),
    "LSTM": ("LSTM", _RECURRENT),
    "GRU": ("GRU", _RECURRENT),
    "Convolution1D": (
        "Conv1D",
        {
            "nb_filter": "filters",
            "filter_length": "kernel_size",
            "border_mode": "padding",
            "subsample_length": "strides",
            "bias": "use_bias",
        },
    ),
    "Convolution2D": (
        "Conv2D",
        {
            "nb_filter": "filters",
            "border_mode": "padding",
            "subsample": "strides",
            "bias": "use_bias",
            "dim_ordering": "data_format",
        },
    ),
    "MaxPooling1D": ("MaxPooling1D", _POOLING_1D),
    "AveragePooling1D": ("AveragePooling1D", _POOLING_1D),
    "MaxPooling2D": ("MaxPooling2D", _POOLING_2D),
    "AveragePooling2D": ("AveragePooling2D", _POOLING_2D),
}
_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}

# Options that only say how many numbers come in, which follows from what is ahead.
_INPUT_SIZES = ("input_dim", "input_length")

# Names that classes have had.
_RENAMED = {
    "Conv1D": "Conv1D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "LSTMV2": "LSTM",
    "GRUV2": "GRU",
}


def modern(kind: str, config: Mapping[str, Any], version: Version) -> tuple[str, dict[str, Any]]:
    """Return a layer's class and options by the names of Keras 2 and 3."""
    found = dict(config)
    if version.major > 1:
        return _RENAMED.get(kind, kind), found
    if kind != "Embedding":
        found = {option: value for option, value in found.items() if option not in _INPUT_SIZES}
    if kind == "Convolution2D" and "nb_row" in found and "nb_col" in found:
        found["kernel_size"] = [found.pop("nb_row"), found.pop("nb_col")]
    renamed, options = _KERAS_1.get(kind, (_RENAMED.get(kind, kind), {}))
    found = {options.get(option, option): value for option, value in found.items()}
    ordering = found.get("data_format")
    if isinstance(ordering, str):
        found["data_format"] = _ORDERINGS.get(ordering, ordering)
    return renamed, found
