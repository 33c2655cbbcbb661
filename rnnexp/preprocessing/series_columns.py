"""What a network of series takes and gives: which columns of a table, and how many steps ahead."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rnnexp.preprocessing.calendar import Cycle

Finite = Annotated[float, Field(allow_inf_nan=False)]
# The column that a series has where nothing else is said.
COLUMN = "data"


class SeriesColumns(BaseModel):
    """The columns of a series, as features of a window and as outputs.

    A window's features are the targets, then the further inputs, then sine and cosine of each cycle of the calendar, of
    the time step after the one that they stand beside. Outputs are the targets, step after step.

    Attributes:
        targets: names of the columns that are predicted.
        inputs: names of the columns that are only seen.
        calendar: cycles of time that are inputs.
        horizon: steps ahead.
        step: the time from one value to the next, for people to read; empty where there is none.
        missing: numbers that stand for no value.
        time: names of the columns that say when, where they were named.
        resample: the step that means are taken over, as pandas writes it.
        fill: how short gaps are filled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    targets: Annotated[tuple[str, ...], Field(min_length=1)] = (COLUMN,)
    inputs: tuple[str, ...] = ()
    calendar: tuple[Cycle, ...] = ()
    horizon: Annotated[int, Field(ge=1, strict=True)] = 1
    step: str = ""
    missing: tuple[Finite, ...] = ()
    time: tuple[str, ...] = ()
    resample: str | None = None
    fill: Literal["none", "linear", "previous"] = "none"

    @property
    def features(self) -> int:
        """Of a window's time step."""
        return len(self.targets) + len(self.inputs) + 2 * len(self.calendar)

    @property
    def outputs(self) -> int:
        """How many numbers are predicted."""
        return self.horizon * len(self.targets)

    @property
    def plain(self) -> bool:
        """Whether it is what is meant where nothing is said: a column ``data``, one step ahead."""
        return self == SeriesColumns(step=self.step)

    @property
    def output_names(self) -> list[str]:
        """What the outputs are called: by the step ahead, by the target, where there are several."""
        return ["_".join(["prediction", *place]) for place in self._places]

    @property
    def output_places(self) -> list[str]:
        """What each output is, for tables: the step ahead, the target."""
        return [" ".join(place) for place in self._places]

    @property
    def _places(self) -> list[list[str]]:
        steps = [[str(step + 1)] if self.horizon > 1 else [] for step in range(self.horizon)]
        names = [[name] if len(self.targets) > 1 else [] for name in self.targets]
        return [[*step, *name] for step in steps for name in names]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it; what is as usual is left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


def parse(found: Any) -> SeriesColumns:
    """Return the columns that a JSON value says.

    Raises:
        ValueError: if it says none, naming what is wrong.
    """
    try:
        return SeriesColumns.model_validate(found)
    except ValidationError as error:
        problem = error.errors()[0]
        text = f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        raise ValueError(text if text.isprintable() else text.encode("unicode_escape").decode()) from None
