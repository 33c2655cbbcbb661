"""All of Keras' layers that can be read, by the names of their classes, and what of each has weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnnexp.formats.keras.layers import convolution, dense, elementwise, recurrent, shapes
from rnnexp.formats.keras.layers.recurrent import snake_case
from rnnexp.formats.keras.options import Options
from rnnexp.formats.keras.site import Kind, Owner
from rnnexp.formats.keras.stored import Version
from rnnexp.formats.keras.structure import EACH_STEP, MODELS, Layer, entries
from rnnexp.formats.keras.structure import layer as described

KINDS: dict[str, Kind] = {
    **dense.KINDS,
    **convolution.KINDS,
    **elementwise.KINDS,
    **recurrent.KINDS,
    **shapes.KINDS,
}
# Keras' way to put masks into a functional model: no layers.
MASKS = ("NotEqual", "Any")


def owners(layer: Layer, version: Version, place: str, frozen: bool = False) -> list[Owner] | None:
    """Return what of a layer or model has weights, in order; None if that is not known.

    Args:
        layer: the layer.
        version: of Keras.
        place: what messages call it.
        frozen: whether what it is in is not trained.
    """
    options = Options(place, layer.config)
    if layer.kind in MODELS:
        return _model_owners(entries(layer.config, version, place), version, place, frozen or _frozen(layer))
    frozen = frozen or _frozen(layer)
    if layer.kind == EACH_STEP:
        inner = wrapped(layer, version, place)
        found = owners(inner, version, place, frozen)
        return None if found is None else [replace(each, path=("layer", *each.path)) for each in found]
    if layer.kind == "InputLayer" or layer.kind in MASKS:
        return []
    if layer.kind not in KINDS:
        return None
    found = KINDS[layer.kind].owners(options, version)
    return [replace(each, frozen=frozen) for each in found]


def _frozen(layer: Layer) -> bool:
    config = layer.config.get("config") if layer.kind in MODELS else layer.config
    return isinstance(config, dict) and config.get("trainable") is False


def _model_owners(layers: Sequence[Layer], version: Version, place: str, frozen: bool) -> list[Owner] | None:
    found: list[Owner] = []
    for name, layer in zip(group_names(layers), layers, strict=True):
        of_layer = owners(layer, version, place, frozen)
        if of_layer is None:
            return None
        found += [replace(each, path=("layers", name, *each.path)) for each in of_layer]
    return found


def wrapped(layer: Layer, version: Version, place: str) -> Layer:
    """Return the layer that another one applies to each step."""
    return described(layer.config.get("layer"), version, place)


def group_names(layers: Sequence[Layer]) -> list[str]:
    """Return how the weights of a model's layers are called in a file of Keras 3: by classes, counted."""
    names, times = [], dict[str, int]()
    for layer in layers:
        name = snake_case("Functional" if layer.kind == "Model" else layer.kind)
        again = times.get(name, 0)
        times[name] = again + 1
        names.append(f"{name}_{again}" if again else name)
    return names
