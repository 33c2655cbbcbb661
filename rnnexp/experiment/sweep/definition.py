"""What a sweep is: settings, what differs between its trials, and what is looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from rnnexp.config import CONFIGS, Settings
from rnnexp.experiment.sweep.space import Axis, Choices, Point, Value, grid, label
from rnnexp.validation import constant, validated

Objective = Literal["error", "float32", "gap", "flash"]
Sampler = Literal["tpe", "random", "qmc", "nsga2"]
Pruner = Literal["none", "median", "halving", "hyperband"]
Keep = Literal["best", "all", "none"]

# Settings that say where things go, what is printed and what is done then: no trial is another one by them.
ASIDE = ("output_dir", "runs_dir", "quiet", "resume", "fail_on")


@dataclass(frozen=True)
class Definition:
    """A sweep.

    Attributes:
        task: ``regression``, ``classification`` or ``memory``.
        settings: those of all trials, as JSON.
        axes: what differs between combinations.
        seeds: each combination is trained with all of these.
        objectives: what is to be small, the first one for choosing the best.
        sampler: of Optuna, where combinations are drawn.
        pruner: of Optuna, which ends trials that look hopeless.
        trials: so many combinations are drawn; None: all there are.
    """

    task: str
    settings: Mapping[str, Any]
    axes: tuple[Axis, ...]
    seeds: tuple[int, ...]
    objectives: tuple[Objective, ...] = ("error",)
    sampler: Sampler = "tpe"
    pruner: Pruner = "none"
    trials: int | None = None

    @classmethod
    def of(cls, base: Settings, axes: Sequence[Axis], seeds: Sequence[int], **options: Any) -> Definition:
        """Return the sweep around some settings."""
        settings = base.model_dump(mode="json", exclude={*ASIDE, "seed"})
        return cls(base.task, settings, tuple(axes), tuple(seeds), **options)

    @property
    def points(self) -> list[dict[str, Value]] | None:
        """All combinations; None where they are drawn."""
        return grid(self.axes) if self.trials is None else None

    @property
    def combinations(self) -> int:
        """How many there are, or will be drawn."""
        points = self.points
        return len(points) if points is not None else self.trials or 0

    @property
    def default(self) -> dict[str, Value] | None:
        """The combination that the others are compared with: that of the settings, else the first one; None if drawn.

        Of a setting whose own value is not among those that are tried, it is the first of these.
        """
        if self.points is None:
            return None
        found: dict[str, Value] = {}
        for axis in self.axes:
            if isinstance(axis, Choices):
                own = self.settings.get(axis.name)
                found[axis.name] = own if own in axis.values else axis.values[0]
        return found

    def config(self, point: Point, seed: int, **aside: Any) -> Settings:
        """Return the settings of a trial.

        Raises:
            UserError: if values do not go together.
        """
        values = {**self.settings, **point, "seed": seed, **aside}
        return validated(CONFIGS[self.task], values, f"the combination {label(point)}")

    def to_json(self) -> dict[str, Any]:
        """Return what tells sweeps apart, for ``from_json``: how many combinations are drawn does not."""
        return {
            "task": self.task,
            "settings": dict(self.settings),
            "axes": [axis.to_json() for axis in self.axes],
            "seeds": list(self.seeds),
            "objectives": list(self.objectives),
            "sampler": self.sampler,
            "pruner": self.pruner,
            "drawn": self.trials is not None,
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], trials: int | None = None) -> Definition:
        """Return the sweep that ``to_json`` made an entry of; ``trials`` is how many combinations are drawn.

        Raises:
            pydantic.ValidationError: if it did not make it.
        """
        values = {key: value for key, value in entry.items() if key != "drawn"}
        return TypeAdapter(cls).validate_python({**values, "trials": trials if entry["drawn"] else None})


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Return what differs between two sweeps' JSON, in words; nothing where they are the same."""
    if there["task"] != here["task"]:
        return [f"task {there['task']} there, {here['task']} here"]
    found = []
    tried = {axis["name"] for entry in (there, here) for axis in entry["axes"]}
    for name in sorted({*there["settings"], *here["settings"]} - tried):
        before, now = (entry["settings"].get(name) for entry in (there, here))
        if before != now:
            found.append(f"{constant(name)} {before!r} there, {now!r} here")
    axes = [{axis["name"]: axis for axis in entry["axes"]} for entry in (there, here)]
    for name in sorted({*axes[0], *axes[1]}):
        before, now = (_tried(entry.get(name)) for entry in axes)
        if before != now:
            found.append(f"{constant(name)} {before} there, {now} here")
    found += [
        f"{name} {_text(there[name])} there, {_text(here[name])} here"
        for name in ("seeds", "objectives", "sampler", "pruner")
        if there[name] != here[name]
    ]
    if there["drawn"] != here["drawn"]:
        found.append("combinations drawn there, all here" if there["drawn"] else "all combinations there, drawn here")
    return found


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _tried(axis: Mapping[str, Any] | None) -> str:
    """Return what is tried of a setting, in words."""
    if axis is None:
        return "not tried"
    return _text(axis["values"]) if "values" in axis else f"{axis['low']:g}..{axis['high']:g}"
