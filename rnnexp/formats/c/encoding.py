"""The part of the C that makes input codes of samples in the data's own units: each feature has a scale of its own."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rnnexp.formats.c.text import array
from rnnexp.preprocessing.input_map import InputMap
from rnnexp.preprocessing.standard import Standardized
from rnnexp.quantization.scales import Affine

FLOAT_BYTES = 4


def constant_bytes(input_map: InputMap) -> int:
    """Return what the constants of that part take."""
    return 2 * FLOAT_BYTES * len(input_map.mean) if isinstance(input_map, Standardized) else 0


def values(input_map: InputMap, affine: Affine) -> dict[str, object] | None:
    """Return what the templates need besides names; None for a model that reads something else than such samples.

    Args:
        input_map: of the model.
        affine: of its input codes.
    """
    if not isinstance(input_map, Standardized):
        return None
    count, together = len(input_map.mean), input_map.samples_per_step
    return {
        "samples": "one sample" if together == 1 else f"{together} samples",
        "numbers": "one number" if count == 1 else f"{count} numbers",
        "own": count,
        "input_mean": _floats("input_mean", input_map.mean),
        "input_unit": _floats("input_unit", (deviation * affine.scale for deviation in input_map.deviation)),
    }


def _floats(name: str, numbers: Iterable[float]) -> str:
    texts = np.array([f"{float(f'{number:.9g}')!r}f" for number in numbers])
    return array("float", name, [len(texts)], texts)
