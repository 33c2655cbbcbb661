"""What Keras itself computes of a file's model, in a process of its own: to check that the file was read right.

The model is built there anew, of Keras' own layers alone, from the options and arrays that were read; a file's code or
classes have no part in it. TensorFlow is not imported here.
"""

from __future__ import annotations

import numpy as np

from rnnexp.errors import UserError
from rnnexp.formats import child
from rnnexp.formats.keras import framework_child
from rnnexp.formats.keras.rebuilding import config, kept_weights
from rnnexp.formats.keras.stored import Stored


def outputs(stored: Stored, x: np.ndarray, until: str = "", seconds: float = child.SECONDS) -> dict[str, np.ndarray]:
    """Return what layers of a file's model give in Keras, float32, by their names; what the model gives by "".

    Args:
        stored: the file.
        x: inputs, as ``Graph.run`` takes them.
        until: the layer up to which the model is built; empty: all of it.
        seconds: after which the process is ended.

    Raises:
        UserError: if Keras cannot build or run the model.
    """
    kept = kept_weights(stored, until)
    described = {
        "config": config(stored, until),
        "flat": stored.flat,
        "arrays": list(kept.arrays),
        "groups": sorted(kept.groups),
        "attributes": kept.attributes,
    }
    arrays = {f"array_{number}": array for number, array in enumerate(kept.arrays.values())}
    try:
        made = child.exchange(
            framework_child.__name__,
            described,
            {"x": x, **arrays},
            seconds,
            KERAS_BACKEND="tensorflow",
            # oneDNN reads beyond its input in some convolutions of one channel.
            TF_ENABLE_ONEDNN_OPTS="0",
        )
    except child.ChildError as error:
        raise UserError(f"{stored.name}: Keras cannot compute it: {error}") from None
    names = framework_child.names(made)
    return {name: made[f"value_{number}"] for number, name in enumerate(names)}
