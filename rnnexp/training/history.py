"""How a training went, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Epoch:
    """What one epoch came to.

    ``number`` counts from 1; ``seconds`` is the time spent in training steps up to this one, without the first epoch of
    each time that the training was begun, which compiles. Where the trainer is watched, ``learning_rate`` is that after
    the epoch, and ``gradient_norm`` the mean length of the gradient over all weights, before it is clipped.
    """

    number: int
    loss: float
    val_loss: float
    seconds: float
    learning_rate: float | None = None
    gradient_norm: float | None = None


@dataclass
class History:
    """The epochs that were run and how the training ended.

    ``ended`` is ``"complete"``, ``"interrupted"`` (Ctrl-C), ``"early"`` (early stopping) or ``"diverged"``.
    ``best_epoch`` is the epoch whose weights the model holds at the end; ``seconds`` is everything, compilation too.
    ``begun`` counts how often it was begun: more than once, where it was resumed.
    """

    epochs: list[Epoch] = field(default_factory=list)
    ended: str = "complete"
    best_epoch: int = 0
    compile_seconds: float = 0.0
    seconds: float = 0.0
    steps_per_epoch: int = 0
    begun: int = 0

    @property
    def steps_per_second(self) -> float:
        """Training steps a second, but for epochs that compile. 0 if there were no others."""
        timed = len(self.epochs) - self.begun
        return timed * self.steps_per_epoch / self.epochs[-1].seconds if timed > 0 else 0.0
