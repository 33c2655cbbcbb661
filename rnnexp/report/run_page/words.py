"""Names of a report in both languages: of baselines and models, and of metrics."""

from __future__ import annotations

import re

from rnnexp.report.page.texts import Text

# Behind the names, which stay as they are in files and messages.
BASELINES = {
    "persistence": "直前の値",
    "seasonal naive": "1 周期前の値",
    "ridge": "リッジ回帰",
    "ETS": "指数平滑法",
    "always up": "常に上がる",
    "mean": "平均値",
    "majority class": "最多クラス",
    "logistic regression": "ロジスティック回帰",
    "1-NN Euclid": "最近傍法",
    "1-NN DTW": "最近傍法",
    "linear path alone": "線形経路のみ",
    "simple models": "単純なモデル",
    "sum without carry": "繰り上がりなしの和",
    "majority character": "最多の文字",
    "most frequent answer": "最多の答え",
    "always 1": "常に 1",
    "clean sine": "雑音のない正弦波",
}
METRICS = {
    "corr.": "相関係数",
    "RMSE ratio": "RMSE 比",
    "direction": "方向の正解率",
    "capacity": "記憶容量",
    "accuracy": "正解率",
    "balanced": "クラス平均の正解率",
    "sequences": "系列の完全一致率",
    "cross-ent.": "交差エントロピー",
}
_EPOCH = re.compile(r"(float32|int8) epoch (\d+)(?: \(of (\d+)\))?")


def named(name: str) -> Text:
    """Return the name of a row: a baseline, or a model after so many epochs."""
    epoch = _EPOCH.fullmatch(name)
    if epoch:
        some = f" ({epoch[3]} 系列)" if epoch[3] else ""
        return Text(name, f"{epoch[1]}、エポック {epoch[2]}{some}")
    # Of several seasons, the name goes on with the length.
    known = next((word for word in BASELINES if name == word or name.startswith(f"{word} ")), None)
    return Text.same(name) if known is None else Text(name, f"{name} ({BASELINES[known]})")


def output(place: str) -> Text:
    """Return the name of one of several outputs: how many steps ahead, the column."""
    step, _, column = place.partition(" ")
    if not step.isdigit():
        return Text.same(place)
    ahead = Text(f"{step} step{'s' * (step != '1')} ahead", f"{step} ステップ先")
    return Text(f"{column}, ", f"{column}、") + ahead if column else ahead


def metric(heading: str) -> Text:
    """Return the heading of a column."""
    return Text(heading, METRICS.get(heading, heading))
