"""Where a training stands after an epoch: from there it goes on as if it had never been stopped."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rnnexp.training.history import Epoch, History


@dataclass(frozen=True)
class TrainingState:
    """A training after an epoch.

    Attributes:
        variables: of the model: its weights, and the states of the random numbers that its layers draw.
        optimizer: the variables of the optimiser, its count of steps among them.
        random: what is drawn from -> the state of its random numbers.
        history: the epochs so far.
        best: the weights after the best of them, where one is looked for, else the last ones.
        best_loss: its validation loss.
    """

    variables: Sequence[np.ndarray]
    optimizer: Sequence[np.ndarray]
    random: Mapping[str, Mapping[str, Any]]
    history: History
    best: Sequence[np.ndarray]
    best_loss: float

    def to_bytes(self) -> bytes:
        """Return the state as an .npz file."""
        facts = {"random": self.random, "history": dataclasses.asdict(self.history), "best_loss": self.best_loss}
        arrays: dict[str, Any] = {"facts": np.array(json.dumps(facts))}
        for name in ("variables", "optimizer", "best"):
            arrays |= {f"{name}/{number}": array for number, array in enumerate(getattr(self, name))}
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> TrainingState:
        """Return the state that an .npz file holds.

        Raises:
            ValueError: if it is none.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = dict(file)
            facts = json.loads(str(arrays["facts"]))
            history = facts["history"]
            epochs = [Epoch(**epoch) for epoch in history.pop("epochs")]
            lists = {
                name: [
                    arrays[f"{name}/{number}"] for number in range(sum(key.startswith(f"{name}/") for key in arrays))
                ]
                for name in ("variables", "optimizer", "best")
            }
            return cls(
                random=facts["random"],
                history=History(epochs, **history),
                best_loss=float(facts["best_loss"]),
                **lists,
            )
        # Of what is no such file, NumPy and zipfile raise many kinds.
        except Exception as error:
            raise ValueError(f"no state of a training: {error}") from error


class StateKeeper(Protocol):
    """What keeps states, so that little is lost when the training is stopped."""

    def due(self) -> bool:
        """Tell whether it is time to keep one."""

    def keep(self, state: TrainingState) -> None:
        """Keep a state."""
