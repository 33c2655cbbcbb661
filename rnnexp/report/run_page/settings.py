"""The settings of a run's page: those that differ from the defaults first."""

from __future__ import annotations

from pydantic import JsonValue

from rnnexp.config import CONFIGS
from rnnexp.presets import PRESETS
from rnnexp.report.content import Report
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.validation import constant

# No result depends on where files go and what is said meanwhile.
ASIDE = frozenset({"output_dir", "runs_dir", "quiet", "resume", "tensorboard"})


def tables(report: Report) -> tuple[Table | None, Table]:
    """Return the settings that differ from the defaults, and the others."""
    defaults = _defaults(report)
    differing: list[tuple[str, JsonValue, bool]] = []
    others: list[tuple[str, JsonValue, bool]] = []
    for name, value in report.config.items():
        automatic = name in report.automatic
        differs = name in defaults and not automatic and value != defaults[name] and name not in ASIDE
        (differing if differs else others).append((name, value, automatic))
    first = None
    if differing:
        first = Table(
            Text("What differs from the defaults", "既定値と異なる設定"),
            [Text("setting", "設定"), Text("value", "値"), Text("default", "既定値")],
            [[_name(name), _cell(value), _cell(defaults[name])] for name, value, _ in differing],
        )
    decided = Text("automatic", "自動")
    rest = Table(
        Text("As they are by default, or decided by the run", "既定値のまま、または自動で決めた設定"),
        [Text("setting", "設定"), Text("value", "値"), Text.same("")],
        [
            [_name(name), _cell(value), Cell(decided if automatic else Text.same(""))]
            for name, value, automatic in others
        ],
    )
    return first, rest


def preset(report: Report) -> Text | None:
    """Return which preset's settings were taken; None where there was none."""
    name = report.config.get("preset")
    if not name:
        return None
    return Text(f"Preset {name}: {PRESETS[str(name)].about}.", f"プリセット {name}: {PRESETS[str(name)].about}。")


def _defaults(report: Report) -> dict[str, JsonValue]:
    """Return name -> default of all settings, as JSON has them."""
    fields = CONFIGS[report.task].model_fields
    return {
        name: str(field.default) if name in ASIDE else _json(field.get_default(call_default_factory=True))
        for name, field in fields.items()
    }


def _json(value: object) -> JsonValue:
    if isinstance(value, tuple):
        return [_json(each) for each in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _name(name: str) -> Cell:
    return Cell(Text.same(constant(name)))


def _cell(value: JsonValue) -> Cell:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return Cell(Text.same(shown or "-"))
