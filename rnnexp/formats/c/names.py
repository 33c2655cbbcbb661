"""Names that a function in C can have: none of its own words, and none for two things."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

# What names of products, tables and results must not be in C: its own words, and those of the templates.
TAKEN = re.compile(
    "accumulator|add_four_rows|add_two_rows|added|arrives|auto|between|break|case|char|clamp|clear|code_of|codes|"
    "codes_of_inputs|codes_of_pair|codes_of_values|const|continue|copy|default|do|double|else|embeddings|empty|enum|"
    "extern|float|for|goto|if|inline|input|inputs|int|int16_t|int32_t|int64_t|int8_t|long|look_up|main|multiply|"
    "multiply_rows|output|output_bias|output_kernel|output_layer|pair|register|restrict|return|round_shift|row_of|"
    "row_result|row_sum|saturated|short|signed|sizeof|slide|state|static|struct|switch|typedef|uint16_t|uint32_t|"
    "uint64_t|uint8_t|union|unit|unsigned|value_code|value_codes|values|void|volatile|while|window"
)


class Names:
    """The names of a function."""

    def __init__(self, parameters: Iterable[str], reserved: Collection[str]) -> None:
        """Begin with its parameters, and with what else no name may be."""
        self._reserved = reserved
        self._names: dict[str, object] = dict.fromkeys(parameters, self)

    def unique(self, name: str, what: object) -> str:
        """Return a name that C can have, and that is nothing else's in this function than that of ``what``."""
        plain = re.sub(r"[^a-z0-9_]", "_", name.lower())
        if TAKEN.fullmatch(plain) or plain in self._reserved or not plain[:1].isalpha():
            plain = f"number_{plain}"
        found, number = plain, 1
        while self._names.setdefault(found, what) != what:
            number += 1
            found = f"{plain}_{number}"
        return found
