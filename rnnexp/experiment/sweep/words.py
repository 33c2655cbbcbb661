"""What a sweep's page calls things, in both languages."""

from __future__ import annotations

from rnnexp.report.page.texts import Text

_HEADINGS = {
    "seeds": "シード数",
    "gap": "gap",
    "flash bytes": "フラッシュ (バイト)",
    "against default": "既定との差",
    "best baseline": "最良のベースライン",
    "settings": "設定",
    "combination": "組み合わせ",
    "seed": "シード",
    "status": "結果",
}
_MARKS = {"best": "最良", "default": "既定", "baseline": "ベースライン"}
_STATUS = {"done": "完了", "failed": "失敗", "pruned": "打ち切り"}


def error(task: str) -> Text:
    """Return what errors are."""
    return Text("error rate", "誤り率") if task == "classification" else Text.same("RMSE")


def measure(name: str, task: str) -> Text:
    """Return what an objective is, as an axis has it."""
    if name in ("error", "float32"):
        return Text.same("int8 " if name == "error" else "float32 ") + error(task)
    return Text("int8 gap", "int8 の gap") if name == "gap" else Text("flash, bytes", "フラッシュ (バイト)")


def heading(name: str) -> Text:
    """Return the heading of a column."""
    return Text(name, _HEADINGS.get(name, name.replace("error rate", "誤り率")))


def mark(text: str) -> Text:
    """Return the marks of a row of the table, one or more with commas between."""
    return Text(text, "、".join(_MARKS[each] for each in text.split(", ")) if text else "")


def status(text: str) -> Text:
    """Return how a trial has ended."""
    return Text(text, _STATUS[text])
