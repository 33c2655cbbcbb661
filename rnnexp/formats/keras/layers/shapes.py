"""Layers that only put numbers in another order of axes, and those that repeat or pick steps."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from rnnexp.formats.keras.options import unwrapped
from rnnexp.formats.keras.site import Kind, Site, Tensor, is_input
from rnnexp.network.graph.nodes import AddChannel, Flatten, Last, Repeat

Sizes = tuple[int | None, ...]


def _flatten(site: Site) -> Tensor:
    given = site.one()
    return _reshaped(site, given, (_product(site, site.seen(given)),))


def _product(site: Site, shape: Sizes) -> int:
    if None in shape:
        site.refuse("flattens time, and the model does not say how many steps its input has")
    return prod(size or 1 for size in shape)


def _reshape(site: Site) -> Tensor:
    given = site.one()
    target = unwrapped(site.options.config.get("target_shape"))
    if not isinstance(target, list) or not all(
        size is None or (type(size) is int and (size > 0 or size == -1)) for size in target
    ):
        site.refuse("its target_shape is damaged")
    target = [-1 if size is None else size for size in target]
    if is_input(given) and len(given.shape) == 1 and not site.each_step:
        site.refuse("does not read a network's input as it is")
    return _reshaped(site, given, _filled(site, site.seen(given), target))


def _filled(site: Site, shape: Sizes, target: list[int]) -> Sizes:
    """Return a target with the one size that it leaves open."""
    if target.count(-1) > 1:
        site.refuse("its target_shape is damaged")
    if -1 not in target:
        if None not in shape and prod(target) != prod(size or 1 for size in shape):
            site.refuse(f"cannot make {target} of {list(shape)}")
        return tuple(target)
    known = prod(size for size in target if size != -1)
    if None in shape:
        # Time is open, and stays so if the rest is what a step has.
        if target.index(-1) or known != prod(size or 1 for size in shape[1:]):
            site.refuse(f"cannot make {target} of {list(shape)}")
        return (None, *target[1:])
    whole = prod(size or 1 for size in shape)
    if not known or whole % known:
        site.refuse(f"cannot make {target} of {list(shape)}")
    return tuple(whole // known if size == -1 else size for size in target)


def _reshaped(site: Site, given: Tensor, target: Sizes) -> Tensor:
    """Return a value with other axes, where the graph has a node for that."""
    if given.words:
        site.refuse("reads words; only an embedding can")
    shape, reads = given.shape, (given.node,)
    whole = (shape[0], *target) if site.each_step else target
    if whole == shape:
        return given
    if len(whole) == 1 and len(shape) > 1:
        return site.add(Flatten(site.name, reads), whole, given)
    if len(shape) > 1 and whole[0] == shape[0]:
        if len(whole) == 2:
            return site.add(Flatten(site.name, reads, keeps_time=True), whole, given)
        if len(whole) == 3:
            if len(shape) == 3:
                flat = site.add(
                    Flatten(site.part("flat"), reads, keeps_time=True), (shape[0], _product(site, shape[1:])), given
                )
                reads = (flat.node,)
            return site.add(AddChannel(site.name, reads, whole[2] or 1), whole, given)
    if len(shape) == 1 and whole == (1, *shape):
        return site.add(Repeat(site.name, reads, 1), whole)
    raise site.options.problem(f"makes {list(whole)} of {list(shape)}, which mixes steps")


def _permute(site: Site) -> Tensor:
    given, order = site.one(), site.options.integers("dims")
    if order != tuple(range(1, len(site.seen(given)) + 1)):
        site.refuse(f"exchanges axes (dims is {list(order)}), which cannot be converted")
    return given


def _repeat(site: Site) -> Tensor:
    given, times = site.one((1,)), site.options.count("n")
    if site.each_step:
        site.refuse("is applied to each step, which it cannot")
    return site.add(Repeat(site.name, (given.node,), times), (times, given.width))


def _item(site: Site) -> Tensor:
    """Return ``x[:, -1]``, the only part of a value that is converted."""
    given = site.one((2,))
    index = site.constants[0] if len(site.constants) == 1 else None
    places = unwrapped(index)
    everything = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
    known = isinstance(places, list) and len(places) in (2, 3) and places[1] == -1 and type(places[1]) is int
    if site.each_step or not known or any(place != everything for place in (places[0], *places[2:])):
        site.refuse("picks a part of a value other than the last step, x[:, -1]")
    if given.masked:
        site.refuse("picks the last step, which may be padding")
    site.nodes.timed.append((site.options, given.masked))
    return site.add(Last(site.name, (given.node,)), (given.width,))


def reshaped_input(given: Tensor, target: list[int | None]) -> Tensor | None:
    """Return the input of a model that first makes steps of a row of numbers, or None if there is no such one."""
    whole = prod(size or 1 for size in given.shape)
    if None in given.shape or len(given.shape) != 1 or len(target) not in (2, 3):
        return None
    sizes = [-1 if size is None else size for size in target]
    if sizes.count(-1) > 1 or any(type(size) is not int or size == 0 or size < -1 for size in sizes):
        return None
    known = prod(size for size in sizes if size != -1)
    if whole % known or (-1 not in sizes and whole != known):
        return None
    return replace(given, shape=tuple(whole // known if size == -1 else size for size in sizes), words=False)


KINDS = {
    "Flatten": Kind(_flatten, (), (), {"data_format": ("channels_last", None)}),
    "Reshape": Kind(_reshape, ("target_shape",)),
    "Permute": Kind(_permute, ("dims",)),
    "RepeatVector": Kind(_repeat, ("n",)),
    "GetItem": Kind(_item, masks="reads"),
}
