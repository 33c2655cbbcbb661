"""Which arrays of a Keras file are whose: by lists in ``.h5`` files, by groups in ``.keras`` files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats.keras.kinds import group_names, owners, wrapped
from rnnexp.formats.keras.site import Owner
from rnnexp.formats.keras.stored import Stored
from rnnexp.formats.keras.structure import EACH_STEP, Layer, entries

Arrays = Mapping[tuple[str, ...], Sequence[np.ndarray]]

# The groups in which versions of Keras keep the layers of a model.
GROUPS = ("layers", "_layer_checkpoint_dependencies")
# What layers call their weights; others' names are not looked at.
_NAMES = {
    "kernel", "recurrent_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "embeddings",
    "depthwise_kernel", "pointwise_kernel", "mean", "variance", "count",
}  # fmt: skip
_SAME = ({"kernel", "depthwise_kernel"},)


class Weights:
    """The weights of a file, for each of its model's layers by name."""

    def __init__(self, stored: Stored, layers: Sequence[Layer]) -> None:
        self._stored = stored
        self._layers = {layer.name: layer for layer in layers}
        self._groups = dict(zip(self._layers, group_names(layers), strict=True))
        self._found: dict[str, Arrays] = {}

    def owned(self, path: Sequence[str], owner: Owner, place: str) -> Sequence[np.ndarray]:
        """Return the arrays of one that has weights.

        Args:
            path: the names of the models that its layer is in, and the layer's.
            owner: who it is, by the layer.
            place: what messages call the layer.
        """
        layer, groups = self._layers[path[0]], tuple[str, ...]()
        for name in path[1:]:
            if layer.kind == EACH_STEP:
                layer, groups = wrapped(layer, self._stored.version, place), (*groups, "layer")
            layers = entries(layer.config, self._stored.version, place)
            number = [each.name for each in layers].index(name)
            groups += ("layers", group_names(layers)[number])
            layer = layers[number]
        return self.of(path[0], place)[groups + owner.path]

    def of(self, name: str, place: str) -> Arrays:
        """Return the arrays of a layer by the paths of their owners.

        Args:
            name: of the layer.
            place: what messages call it.

        Raises:
            UserError: if some are missing, or more are there.
        """
        if name not in self._found:
            every = owners(self._layers[name], self._stored.version, place)
            if every is None:
                raise UserError(f"{place} has a layer that cannot be converted, so its weights cannot be told apart")
            with_weights = [owner for owner in every if owner.names]
            if not with_weights:
                self._found[name] = {}
            elif self._stored.flat:
                self._found[name] = self._from_list(name, place, with_weights)
            else:
                self._found[name] = {owner.path: self._from_groups(name, place, owner) for owner in with_weights}
        return self._found[name]

    def _from_list(self, name: str, place: str, every: Sequence[Owner]) -> Arrays:
        """Share out a list: first what is trained, then what is not; of one that is frozen, that is all."""
        listed = self._stored.listed(name)
        first = [(owner.path, each) for owner in every if not owner.frozen for each in owner.trained]
        then = [(owner.path, each) for owner in every for each in (owner.names if owner.frozen else owner.others)]
        if len(listed) != len(first) + len(then):
            raise UserError(f"{place} has {len(listed)} arrays of weights; by its options it has {len(first + then)}")
        found: dict[tuple[str, ...], dict[str, np.ndarray]] = {owner.path: {} for owner in every}
        for (stored_name, array), (path, expected) in zip(listed, first + then, strict=True):
            stem = re.sub(r"(_\d+)?(:\d+)?$", "", stored_name.rpartition("/")[2])
            alike = any({stem, expected} <= same for same in _SAME)
            if self._stored.version.major > 1 and stem in _NAMES and stem != expected and not alike:
                raise UserError(f"{place} has the weights {stored_name!r} where its {expected} is expected")
            found[path][expected] = array
        return {owner.path: [found[owner.path][each] for each in owner.names] for owner in every}

    def _from_groups(self, name: str, place: str, owner: Owner) -> list[np.ndarray]:
        arrays = self._stored.weights.arrays
        for groups in GROUPS:
            path = [groups, self._groups[name], *(groups if part == "layers" else part for part in owner.path)]
            group = "/".join([*path, "vars"])
            if f"{group}/0" in arrays:
                break
        else:
            raise UserError(f"{place} has no weights in the file ({'/'.join([*path[1:], 'vars'])})")
        if f"{group}/{len(owner.names)}" in arrays:
            raise UserError(f"{place} has more weights in the file than by its options")
        said = self._stored.weights.attribute(group, "name")
        if not owner.path and isinstance(said, str) and said != self._layers[name].name:
            raise UserError(f"{place} has the weights of {said!r} in the file")
        return [self._stored.array(f"{group}/{number}") for number in range(len(owner.names))]
