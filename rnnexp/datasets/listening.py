"""What a network that listens without a break is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Minutes:
    """Sound of two kinds, as the network sees it.

    Attributes:
        speech: with words in it, ``[time, features]``.
        words: ``[k, 3]``: of each of these its class, the step in which it begins and the one after which it has ended.
        noise: without any, ``[time, features]``.
    """

    speech: np.ndarray
    words: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True)
class Listening:
    """What is listened to.

    Attributes:
        validation: what thresholds are chosen by.
        evaluation: what they are judged by.
        steps_a_second: of the network.
        background: the class of what is no word.
        others: the class of words that are not asked for; None: there is none.
    """

    validation: Minutes
    evaluation: Minutes
    steps_a_second: float
    background: int
    others: int | None
