"""What an exported model says of itself: who wrote it, what its inputs are made from and its outputs mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from rnnexp.network.architecture import Architecture
from rnnexp.network.front import Embedding
from rnnexp.network.lengths import Padding
from rnnexp.network.structure import Structure
from rnnexp.preprocessing import cutting as cuttings
from rnnexp.preprocessing import detector as detectors
from rnnexp.preprocessing import input_map, series_columns
from rnnexp.preprocessing.cutting import Cutting
from rnnexp.preprocessing.detector import Detector
from rnnexp.preprocessing.input_map import AS_IT_IS, InputMap
from rnnexp.preprocessing.series_columns import SeriesColumns
from rnnexp.version import __version__

# The name of the entry in a .tflite file's metadata.
ENTRY = "rnnexp"


@dataclass(frozen=True)
class About:
    """What whoever runs a model must know.

    Attributes:
        task: ``regression``, ``classification`` or ``memory``.
        dataset: its name.
        input_map: how inputs are made, and outputs become the data's own units again.
        units: of the targets, for people to read.
        structure: of the recurrent layers, in a word; empty for one layer of simple cells that reads forwards. Of
            layers that are not alike, a word each.
        every_step: whether there is an answer at every step.
        answer_steps: of a decoder.
        linear_path: whether all inputs also go to the output directly, times a kernel.
        activation: its name.
        max_value: the custom activation's ``M``.
        time_steps: of a sequence.
        padding: where sequences can be shorter, and their length is a second input: at which end the padding is.
        masking: what all numbers of a step of padding are, where sequences say their lengths so; else None.
        words: how many the model knows, where its inputs are numbers of words; else 0.
        classes: their names.
        columns: of a series, what features and outputs are; None where it is its column ``data``, one step ahead.
        recordings: of a model of recordings, how they become sequences.
        detector: of a model that listens without a break, when it has heard a word.
        version: of the project that wrote it.
    """

    task: str = "regression"
    dataset: str = ""
    input_map: InputMap = AS_IT_IS
    units: str = ""
    structure: str = ""
    every_step: bool = False
    answer_steps: int = 0
    linear_path: bool = False
    activation: str = ""
    max_value: float = 1.0
    time_steps: int = 0
    padding: Padding = ""
    masking: float | None = None
    words: int = 0
    classes: tuple[str, ...] = ()
    columns: SeriesColumns | None = None
    recordings: Cutting | None = None
    detector: Detector | None = None
    version: str = __version__

    @classmethod
    def of(
        cls,
        architecture: Architecture,
        *,
        task: str,
        dataset: str,
        input_map: InputMap,
        units: str,
        masking: float | None = None,
        classes: tuple[str, ...] = (),
        columns: SeriesColumns | None = None,
        recordings: Cutting | None = None,
    ) -> About:
        """Return what a network of an architecture says of itself."""
        if architecture.alike:
            structure = "" if architecture.structure == Structure() else str(architecture.structure)
        else:
            structure = "+".join(map(str, architecture.layers))
        return cls(
            task=task,
            dataset=dataset,
            input_map=input_map,
            units=units,
            structure=structure,
            every_step=architecture.every_step,
            answer_steps=architecture.output_steps if architecture.encoder else 0,
            linear_path=architecture.linear_path,
            activation=architecture.activation,
            max_value=architecture.max_value,
            time_steps=architecture.sequence_length,
            padding=architecture.padding,
            masking=masking,
            words=next((layer.words for layer in architecture.front if isinstance(layer, Embedding)), 0),
            classes=classes,
            columns=None if columns is None or columns.plain else columns,
            recordings=recordings,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; what does not apply is left out."""
        return {
            "version": self.version,
            "task": self.task,
            "dataset": self.dataset,
            **({"structure": self.structure} if self.structure else {}),
            **({"every_step": True} if self.every_step else {}),
            **({"answer_steps": self.answer_steps} if self.answer_steps else {}),
            **({"linear_path": True} if self.linear_path else {}),
            "activation": self.activation,
            "max_value": self.max_value,
            "time_steps": self.time_steps,
            **({"variable_length": True, "padding": self.padding} if self.padding else {}),
            **({} if self.masking is None else {"masking": self.masking}),
            **({"words": self.words} if self.words else {}),
            "input_map": self.input_map.to_json(),
            "units": self.units,
            **({"classes": list(self.classes)} if self.classes else {}),
            **({"columns": self.columns.to_json()} if self.columns else {}),
            **({"recordings": self.recordings.to_json()} if self.recordings else {}),
            **({"detector": self.detector.to_json()} if self.detector else {}),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> About:
        """Return what ``to_json`` gave.

        Raises:
            ValueError, TypeError, OverflowError: if it says nothing usable, above all about how inputs are made.
        """
        if "input_map" not in found:
            raise ValueError("there is no input_map")
        classes, padding = found.get("classes", ()), found.get("padding", "")
        if padding not in get_args(Padding):
            raise ValueError(f"padding is {padding!r}")
        return cls(
            task=str(found.get("task", "")),
            dataset=str(found.get("dataset", "")),
            input_map=input_map.parse(found["input_map"]),
            units=str(found.get("units", "")),
            structure=str(found.get("structure", "")),
            every_step=bool(found.get("every_step", False)),
            answer_steps=int(found.get("answer_steps", 0)),
            linear_path=bool(found.get("linear_path", False)),
            activation=str(found.get("activation", "")),
            max_value=float(found.get("max_value", 1.0)),
            time_steps=int(found.get("time_steps", 0)),
            padding=padding,
            masking=float(found["masking"]) if "masking" in found else None,
            words=int(found.get("words", 0)),
            classes=tuple(map(str, classes)) if isinstance(classes, list) else (),
            columns=series_columns.parse(found["columns"]) if "columns" in found else None,
            recordings=cuttings.parse(found["recordings"]) if "recordings" in found else None,
            detector=detectors.parse(found["detector"]) if "detector" in found else None,
            version=str(found.get("version", "")),
        )

    def to_entries(self) -> dict[str, str]:
        """Return it as a file's metadata takes it."""
        return {ENTRY: json.dumps(self.to_json(), ensure_ascii=False, separators=(",", ":"))}


def read(entries: Mapping[str, bytes]) -> About | None:
    """Return what the metadata entries of a .tflite file say of it, or None if there is nothing that can be read.

    Raises:
        ValueError, TypeError, OverflowError: as ``About.from_json``.
    """
    try:
        found = json.loads(entries.get(ENTRY, b"null"))
    except (ValueError, RecursionError):
        return None
    return About.from_json(found) if isinstance(found, dict) else None
