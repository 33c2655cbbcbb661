"""The weights of a cell, as the loops take them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Weights:
    """The weights of a cell; the outputs are as many as there are units, unless there is a projection.

    Attributes:
        kernel: ``[features, blocks * units]``.
        recurrent_kernel: ``[outputs, blocks * units]``.
        bias: ``[blocks * units]``.
        recurrent_bias: the same, for cells that tell it from the other; else None.
        of_units: ``[n, units]``, weights of each unit alone, for cells that have some.
        projection: ``[units, outputs]``, of what the units give (Sak et al. 2014); None: that is the output.
    """

    kernel: tf.Tensor
    recurrent_kernel: tf.Tensor
    bias: tf.Tensor
    recurrent_bias: tf.Tensor | None = None
    of_units: tf.Tensor | None = None
    projection: tf.Tensor | None = None

    @property
    def there(self) -> dict[str, tf.Tensor]:
        """Those that there are, by name."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: values for name, values in found.items() if values is not None}
