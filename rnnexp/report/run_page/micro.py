"""What files take in TensorFlow Lite Micro, as a table of a run's page."""

from __future__ import annotations

from rnnexp.report.content import Report
from rnnexp.report.micro import Micro
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page.phrases import translated


def table(report: Report) -> Table | None:
    """Return the table; None for a report from before there was such."""
    files = [file for file in (*report.models.exported.values(), *report.exports.files) if file.micro]
    if not files:
        return None
    return Table(
        Text(
            "The least arena in which a file runs, measured where pointers have 64 bits (with 32 it is less), and its "
            "operators as calls of tflite::MicroMutableOpResolver",
            "ファイルの実行に必要な最小のアリーナ (64 ビット環境での測定値。32 ビットではより小さくなる) と、"
            "使用する演算子 (tflite::MicroMutableOpResolver の呼び出し)",
        ),
        [Text("file", "ファイル"), Text("arena, bytes", "アリーナ [バイト]"), Text("operators", "演算子")],
        [[Cell(Text.same(file.file)), _arena(file.micro), _calls(file.micro)] for file in files if file.micro],
    )


def _arena(micro: Micro) -> Cell:
    if micro.arena_bytes is not None:
        return Cell.number(micro.arena_bytes, f"{micro.arena_bytes:,}")
    reason = translated(micro.absent or "")
    return Cell(Text(f"not measured: {reason.en}", f"未測定 ({reason.ja})"))


def _calls(micro: Micro) -> Cell:
    return Cell(Text.same(" ".join(micro.resolver)))
