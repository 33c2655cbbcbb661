"""Which settings of a run are others than the defaults."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cache
from typing import Any

from rnnexp.config import CONFIGS
from rnnexp.presets import PRESETS

# What changes no figure; and the data set, which is named by itself.
NOT_TOLD = frozenset(
    {"dataset_name", "output_dir", "runs_dir", "quiet", "tensorboard", "fail_on", "cache_dir", "resume"}
)


def differing(task: str, settings: Mapping[str, Any], automatic: Container[str]) -> dict[str, Any]:
    """Return the settings that are others than the defaults, or than those of the preset that the run had.

    Settings of other versions, whose defaults nobody knows here, are left out.

    Args:
        task: of the run.
        settings: name -> value, as in JSON.
        automatic: names of those that nobody has set.
    """
    preset = settings.get("preset")
    usual = defaults(task, preset if isinstance(preset, str) else None)
    return {
        name: value
        for name, value in settings.items()
        if name not in NOT_TOLD and name not in automatic and name in usual and value != usual[name]
    }


@cache
def defaults(task: str, preset: str | None) -> dict[str, Any]:
    """Return the defaults of a task, as in JSON; of a preset, those with what it sets."""
    config = CONFIGS.get(task)
    if config is None:
        return {}
    known = preset in PRESETS and PRESETS[preset].task == task
    values = config.model_validate({"preset": preset} if known else {})
    # That a run had a preset is told too.
    return {**values.model_dump(mode="json"), "preset": None}
