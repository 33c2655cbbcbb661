"""Dense layers, and those that scale each number: batch normalisation, normalisation, rescaling; embeddings."""

from __future__ import annotations

import numpy as np

from rnnexp.formats.keras.activations import activation
from rnnexp.formats.keras.options import Options, unwrapped
from rnnexp.formats.keras.site import Kind, Owner, Site, Tensor, is_input
from rnnexp.formats.keras.stored import Version
from rnnexp.network.graph.nodes import Affine, Dense, Embedding
from rnnexp.network.masking import Masking

# Below this, a standard deviation is this, in Keras' normalisation.
LEAST_DEVIATION = 1e-7


def _dense(site: Site) -> Tensor:
    given, units = site.one(), site.options.count("units")
    kernel = site.weight(0, 0, (given.width, units))
    bias = site.weight(0, 1, (units,)) if site.options.flag("use_bias", True) else np.zeros(units)
    found = site.add(Dense(site.part("sums"), (given.node,), kernel, bias), (*given.shape[:-1], units), given)
    return site.activated(found, activation(site.options, "activation", site.version))


def _dense_owners(options: Options, version: Version) -> list[Owner]:
    del version
    return [Owner((), ("kernel", "bias") if options.flag("use_bias", True) else ("kernel",))]


def _last_axis(site: Site, given: Tensor, option: str = "axis") -> None:
    """Refuse a layer that is not about the last axis; the first one counts the batch."""
    axes = len(site.seen(given))
    if site.options.has(option) and site.options.integers(option) not in ((-1,), (axes,)):
        site.refuse(f"{option} is {site.options.config[option]}; it can only be the last one, -1")


def _affine(site: Site, given: Tensor, scale: np.ndarray, offset: np.ndarray) -> Tensor:
    if not (np.isfinite(scale).all() and np.isfinite(offset).all()):
        site.refuse("its numbers make a scale that is none")
    return site.add(Affine(site.name, (given.node,), scale, offset), given.shape, given)


def _batch_normalization(site: Site) -> Tensor:
    given = site.one()
    _last_axis(site, given)
    if site.version.major == 1 and site.options.config.get("mode", 0) != 0:
        site.refuse("its mode is not 0")
    shape, weights = (given.width,), iter(range(4))
    ones, zeros = np.ones(shape), np.zeros(shape)
    gamma = site.weight(0, next(weights), shape) if site.options.flag("scale", True) else ones
    beta = site.weight(0, next(weights), shape) if site.options.flag("center", True) else zeros
    mean, variance = (site.weight(0, next(weights), shape) for _ in range(2))
    epsilon = site.options.number("epsilon", 1e-3)
    if (variance + epsilon <= 0).any():
        site.refuse("has a variance below 0")
    scale = gamma / np.sqrt(variance + epsilon)
    return _affine(site, given, scale, beta - mean * scale)


def _batch_normalization_owners(options: Options, version: Version) -> list[Owner]:
    del version
    trained = ("gamma",) * options.flag("scale", True) + ("beta",) * options.flag("center", True)
    return [Owner((), trained, ("moving_mean", "moving_variance"))]


def _normalization(site: Site) -> Tensor:
    given = site.one()
    axis = unwrapped(site.options.config.get("axis", -1))
    if axis is None or axis == []:
        shape: tuple[int, ...] = ()
    else:
        _last_axis(site, given)
        shape = (given.width,)
    if site.options.has("mean") or site.options.has("variance"):
        mean, variance = (_numbers(site, option, given.width) for option in ("mean", "variance"))
    else:
        mean, variance = (np.broadcast_to(site.weight(0, place, shape), given.width) for place in range(2))
    if (variance < 0).any():
        site.refuse("has a variance below 0")
    deviation = np.maximum(np.sqrt(variance), LEAST_DEVIATION)
    if site.options.flag("invert", False):
        return _affine(site, given, deviation, mean)
    return _affine(site, given, 1.0 / deviation, -mean / deviation)


def _normalization_owners(options: Options, version: Version) -> list[Owner]:
    del version
    given = options.has("mean") or options.has("variance")
    return [] if given else [Owner((), (), ("mean", "variance", "count"))]


def _numbers(site: Site, option: str, width: int) -> np.ndarray:
    """Return an option that is a number, or a number of each of the last axis."""
    found = unwrapped(site.options.config.get(option))
    if isinstance(found, dict):
        found = found.get("config", {}).get("value") if isinstance(found.get("config"), dict) else found.get("value")
    try:
        numbers = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        site.refuse(f"{option} is no number")
    if numbers.size not in (1, width) or not np.isfinite(numbers).all():
        site.refuse(f"{option} is not a number for each of {width}")
    return np.broadcast_to(numbers.ravel(), (width,)).copy()


def _rescaling(site: Site) -> Tensor:
    given = site.one()
    scale = _numbers(site, "scale", given.width)
    offset = _numbers(site, "offset", given.width) if site.options.has("offset") else np.zeros(given.width)
    return _affine(site, given, scale, offset)


def _embedding(site: Site) -> Tensor:
    given = site.padded()
    if not is_input(given) or len(given.shape) != 1 or site.each_step:
        site.refuse("does not read words [time], the network's input")
    words, width = site.options.count("input_dim"), site.options.count("output_dim")
    if site.options.flag("mask_zero", False):
        site.nodes.masking = Masking(0.0)
    masked = site.nodes.masking is not None
    node = Embedding(site.name, (given.node,), site.weight(0, 0, (words, width)))
    found = site.add(node, (*given.shape, width))
    return Tensor(found.node, found.shape, masked=masked)


def _embedding_owners(options: Options, version: Version) -> list[Owner]:
    del options, version
    return [Owner((), ("embeddings",))]


KINDS = {
    "Dense": Kind(
        _dense, ("units", "activation", "use_bias"), (), {"lora_rank": (None,), "lora_alpha": (None,),
        "quantization_config": (None,)}, _dense_owners, "keeps",
    ),
    "BatchNormalization": Kind(
        _batch_normalization,
        ("axis", "epsilon", "center", "scale", "mode"),
        ("momentum", "fused", "synchronized", "renorm_clipping", "renorm_momentum"),
        {"renorm": (False,), "virtual_batch_size": (None,), "adjustment": (None,)},
        _batch_normalization_owners,
        "keeps",
    ),
    "Normalization": Kind(
        _normalization, ("axis", "mean", "variance", "invert"), (), {}, _normalization_owners, "keeps"
    ),
    "Rescaling": Kind(_rescaling, ("scale", "offset"), masks="keeps"),
    "Embedding": Kind(
        _embedding,
        ("input_dim", "output_dim", "mask_zero"),
        ("input_length", "sparse"),
        {"lora_rank": (None,), "lora_alpha": (None,), "quantization_config": (None,), "dropout": (0.0, 0),
         "weights": (None,)},
        _embedding_owners,
    ),
}  # fmt: skip
