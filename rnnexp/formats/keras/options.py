"""The options of a layer: each is read, has no meaning for what the layer computes, or is refused by name."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from rnnexp.errors import UserError

# Of training, of how the same thing is computed, and shapes that follow from the model's input.
IGNORED = re.compile(
    r"name|trainable|dtype|seed|batch_input_shape|batch_shape|input_shape|input_dtype|input_spec|build_input_shape"
    r"|.*_initializer|.*_regularizer|.*_constraint|init|inner_init|forget_bias_init|.*_learning_rate_multiplier"
    r"|implementation|consume_less|unroll|use_cudnn|[WUb]_regularizer|[Wb]_constraint|dropout_[WU]"
)
# In which layers compute; weights are float32 in all of them.
PRECISIONS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")


class Options:
    """A layer's options, of which only those that are known are read."""

    def __init__(self, place: str, config: Mapping[str, Any]) -> None:
        self.place = place
        self.config = config

    def problem(self, problem: str) -> UserError:
        """Return an error that says what is wrong with the layer."""
        return UserError(f"{self.place}: {problem}")

    def refuse(self, problem: str) -> NoReturn:
        """Say what is wrong with the layer."""
        raise self.problem(problem)

    def check(self, used: Collection[str], ignored: Collection[str], only: Mapping[str, tuple[Any, ...]]) -> None:
        """Refuse what is not known.

        Args:
            used: the options that are read.
            ignored: those that mean nothing, beside those of ``IGNORED``.
            only: those that have to have one of some values.
        """
        for option, value in self.config.items():
            if option in only:
                # True is not 1 here.
                if not any(value == each and type(value) is type(each) for each in only[option]):
                    known = " or ".join(map(repr, only[option]))
                    self.refuse(f"{option} is {_short(value)}; it can only be {known}")
            elif option not in used and option not in ignored and not IGNORED.fullmatch(option):
                self.refuse(f"the option {option} is not known (it is {_short(value)})")
        self._check_precision()

    def _check_precision(self) -> None:
        found = self.config.get("dtype")
        if isinstance(found, dict):
            policy = found.get("class_name")
            if policy not in ("DTypePolicy", "Policy", "PolicyV1"):
                self.refuse(f"its weights are stored as {_short(policy)}")
            inner = found.get("config")
            found = inner.get("name") if isinstance(inner, dict) else inner
        if found is not None and found not in PRECISIONS:
            self.refuse(f"dtype is {_short(found)}; known are {', '.join(PRECISIONS)}")

    def has(self, option: str) -> bool:
        """Tell whether it is there, and not None."""
        return self.config.get(option) is not None

    def flag(self, option: str, default: bool) -> bool:
        """Return a truth value."""
        found = self.config.get(option, default)
        if not isinstance(found, bool):
            self.refuse(f"{option} is {_short(found)}, neither true nor false")
        return found

    def count(self, option: str, default: int | None = None) -> int:
        """Return a whole number above 0."""
        found = self.config.get(option, default)
        if isinstance(found, bool) or not isinstance(found, int) or not 0 < found < 2**31:
            self.refuse(f"{option} is {_short(found)}, no number above 0")
        return found

    def number(self, option: str, default: float | None = None) -> float:
        """Return a real number; one may be stored as an array of NumPy."""
        found = self.config.get(option, default)
        if isinstance(found, dict):
            found = found.get("value")
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            self.refuse(f"{option} is {_short(found)}, no number")
        return float(found)

    def text(self, option: str, known: Collection[str], default: str | None = None) -> str:
        """Return one of some words."""
        found = self.config.get(option, default)
        if not isinstance(found, str) or found not in known:
            self.refuse(f"{option} is {_short(found)}; known are {', '.join(known)}")
        return found

    def counts(self, option: str, length: int, default: int | None = None) -> tuple[int, ...]:
        """Return so many whole numbers above 0; one alone stands for all."""
        found = unwrapped(self.config.get(option, default))
        many = found if isinstance(found, list) else [found] * length
        if len(many) != length or any(
            isinstance(each, bool) or not isinstance(each, int) or not 0 < each < 2**31 for each in many
        ):
            self.refuse(f"{option} is {_short(found)}, not {length} numbers above 0")
        return tuple(many)

    def integers(self, option: str) -> tuple[int, ...]:
        """Return whole numbers, also negative ones."""
        found = unwrapped(self.config.get(option))
        many = found if isinstance(found, list) else [found]
        if any(isinstance(each, bool) or not isinstance(each, int) or abs(each) >= 2**31 for each in many):
            self.refuse(f"{option} is {_short(found)}, no whole number")
        return tuple(many)


def unwrapped(value: Any) -> Any:
    """Return lists for the tuples that JSON has in other words."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        value = value.get("items", value.get("config"))
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
