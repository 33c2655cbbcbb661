"""The settings of a run's page: those that differ from the defaults first."""

from __future__ import annotations

from pydantic import JsonValue

from rnnexp.presets import PRESETS
from rnnexp.report.content import Report
from rnnexp.report.defaults import defaults, differing
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.validation import constant


def tables(report: Report) -> tuple[Table | None, Table]:
    """Return the settings that differ from the defaults, or from the preset's, and the others."""
    other = differing(report.task, report.config, report.automatic)
    name = report.config.get("preset")
    usual = defaults(report.task, name if isinstance(name, str) else None)
    first = None
    if other:
        first = Table(
            Text("What differs from the defaults", "既定値と異なる設定"),
            [Text("setting", "設定"), Text("value", "値"), Text("default", "既定値")],
            [[_name(name), _cell(value), _cell(usual[name])] for name, value in other.items()],
        )
    decided, plain = Text("automatic", "自動"), Text.same("")
    rest = Table(
        Text(
            "The data set, what changes no figure, and what is as it is by default",
            "データセット、結果に影響しない設定、既定値のままの設定",
        ),
        [Text("setting", "設定"), Text("value", "値"), Text.same("")],
        [
            [_name(name), _cell(value), Cell(decided if name in report.automatic else plain)]
            for name, value in report.config.items()
            if name not in other
        ],
    )
    return first, rest


def preset(report: Report) -> Text | None:
    """Return which preset's settings were taken; None where there was none."""
    name = report.config.get("preset")
    if not name:
        return None
    return Text(f"Preset {name}: {PRESETS[str(name)].about}.", f"プリセット {name}: {PRESETS[str(name)].about}。")


def _name(name: str) -> Cell:
    return Cell(Text.same(constant(name)))


def _cell(value: JsonValue) -> Cell:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return Cell(Text.same(shown or "-"))
