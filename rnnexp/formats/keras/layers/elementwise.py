"""Layers that take each number alone, that do nothing but in training, masks, and those that join several values."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from rnnexp.formats.keras.activations import activation, of_layer
from rnnexp.formats.keras.site import Kind, Site, Tensor, is_input
from rnnexp.network.graph.nodes import Activation, Merge
from rnnexp.network.masking import Masking


def _alone(site: Site, kind: str) -> Tensor:
    given = site.one()
    if kind == "Softmax":
        axes = len(site.seen(given))
        if site.options.has("axis") and site.options.integers("axis") not in ((-1,), (axes,)):
            site.refuse(f"axis is {site.options.config['axis']}; it can only be the last one, -1")
        if given.masked:
            site.refuse("would take the mask of steps for one of numbers")
    function = (
        activation(site.options, "activation", site.version)
        if kind == "Activation"
        else of_layer(kind, site.options, site.version)
    )
    if function == "linear":
        return given
    return site.add(Activation(site.name, (given.node,), function), given.shape, given)


def _nothing(site: Site) -> Tensor:
    """Return what it reads: of layers that do something in training alone."""
    return site.padded()


def _masking(site: Site) -> Tensor:
    given, value = site.one(), site.options.number("mask_value", 0.0)
    if not is_input(given) or site.each_step or len(given.shape) != 2:
        site.refuse("does not read the network's input: what it hides does not follow from that alone")
    site.nodes.masking = Masking(value)
    return replace(given, masked=True)


def _merge(site: Site, how: str) -> Tensor:
    given = [site.settled(each) for each in site.inputs]
    if len(given) < 2 or site.each_step:
        site.refuse(f"joins {len(given)} values")
    if any(each.words for each in given):
        site.refuse("reads words; only an embedding can")
    if len({each.masked for each in given}) > 1:
        site.refuse("joins values of which some are masked and some are not")
    first = given[0]
    if how == "concat":
        axes = len(first.shape)
        if site.options.has("axis") and site.options.integers("axis") not in ((-1,), (axes,)):
            site.refuse(f"axis is {site.options.config['axis']}; it can only be the last one, -1")
        if any(each.shape[:-1] != first.shape[:-1] for each in given):
            site.refuse(f"joins values of the shapes {', '.join(str(list(each.shape)) for each in given)}")
        shape = (*first.shape[:-1], sum(each.width for each in given))
    else:
        if any(each.shape != first.shape for each in given):
            site.refuse(f"adds values of the shapes {', '.join(str(list(each.shape)) for each in given)}")
        shape = first.shape
    if site.constants:
        site.refuse("is called with something other than values")
    return site.add(Merge(site.name, tuple(each.node for each in given), how), shape, first)  # type: ignore[arg-type]


KINDS = {
    "Activation": Kind(partial(_alone, kind="Activation"), ("activation",), masks="keeps"),
    "ReLU": Kind(partial(_alone, kind="ReLU"), ("max_value", "negative_slope", "threshold"), masks="keeps"),
    "LeakyReLU": Kind(partial(_alone, kind="LeakyReLU"), ("alpha", "negative_slope"), masks="keeps"),
    "ELU": Kind(partial(_alone, kind="ELU"), ("alpha",), masks="keeps"),
    "Softmax": Kind(partial(_alone, kind="Softmax"), ("axis",), masks="keeps"),
    "Masking": Kind(_masking, ("mask_value",), masks="keeps"),
    "Concatenate": Kind(partial(_merge, how="concat"), ("axis",), masks="keeps"),
    "Add": Kind(partial(_merge, how="add"), masks="keeps"),
    "Average": Kind(partial(_merge, how="average"), masks="keeps"),
    "Dropout": Kind(_nothing, (), ("rate", "noise_shape"), masks="keeps"),
    "AlphaDropout": Kind(_nothing, (), ("rate", "noise_shape"), masks="keeps"),
    "SpatialDropout1D": Kind(_nothing, (), ("rate", "noise_shape", "data_format"), masks="keeps"),
    "SpatialDropout2D": Kind(_nothing, (), ("rate", "noise_shape", "data_format"), masks="refused"),
    "GaussianNoise": Kind(_nothing, (), ("stddev",), masks="keeps"),
    "GaussianDropout": Kind(_nothing, (), ("rate",), masks="keeps"),
    "ActivityRegularization": Kind(_nothing, (), ("l1", "l2"), masks="keeps"),
    "Identity": Kind(_nothing, masks="keeps"),
}
