"""The sentences of a run's page that are composed from figures, in both languages."""

from __future__ import annotations

from rnnexp.report import text
from rnnexp.report.content import Data, Exports, Report, Training
from rnnexp.report.page.texts import Text, together
from rnnexp.report.run_page import words
from rnnexp.report.run_page.phrases import translated
from rnnexp.report.verdict import Standing

_JUDGEMENTS = {"better": "より良い結果です", "worse": "より悪い結果です", "as good": "と同程度です"}


def verdict(report: Report) -> Text | None:
    """Return whether the network is better than the best baseline; None where the report has no verdict."""
    found = report.verdict
    if found is None:
        return None
    deployed, *others = text.judged(report)
    first, baseline = deployed.standing, words.named(found.best_baseline).ja
    japanese = (
        f"{deployed.kind} は最良のベースライン {baseline} {_JUDGEMENTS[first.judgement]}。"
        f"{_metric(text.verdict_metric(report))}は {text.number(deployed.value)}、ベースラインは "
        f"{text.number(found.best)}{_difference(first)}。"
    )
    if first.judgement == "as good" and first.resolution:
        chance = _size(first, first.resolution)
        japanese += f"{report.data.evaluation:,} 系列では、{chance}までの差は偶然でも生じます。"
    for other in others:
        differs = other.standing.judgement != first.judgement
        said = f"ベースライン{_JUDGEMENTS[other.standing.judgement]}: " if differs else " "
        japanese += f"{other.kind} は{said}{text.number(other.value)}{_difference(other.standing)}。"
    line = text.verdict(report)[0]
    return Text(f"{line[0].upper() if line[0] != 'i' else line[0]}{line[1:]}.", japanese)


def _metric(name: str) -> str:
    return {"accuracy": "正解率", "RMSE in deviations": "標準偏差を単位とする RMSE "}.get(name, f"{name} ")


def _difference(standing: Standing) -> str:
    """Return how far a model is from the best baseline, in brackets; nothing where there is no measure of it."""
    if standing.ratio is not None and standing.ratio >= text.MANY:
        return f" ({standing.ratio:.3g} 倍)"
    more = standing.points if standing.ratio is None else standing.ratio - 1
    if more is None:
        return ""
    if not more or (standing.ratio is not None and abs(more) < text.SAME):
        return " (同じ)"
    way = ("高い" if more > 0 else "低い") if standing.points is not None else ("大きい" if more > 0 else "小さい")
    return f" ({_size(standing, abs(more))}{way})"


def _size(standing: Standing, difference: float) -> str:
    """Return a difference, as it stands before a word."""
    return text.amount(standing, difference).replace("%", "% ").replace("points", "ポイント")


def data(found: Data, units: str) -> list[Text]:
    """Return what the data is, and what the figures are of."""
    evaluated = translated(found.evaluation_part)
    steps = Text(f"{found.time_steps:,} steps", f"{found.time_steps:,} ステップ")
    if found.real_steps is not None:
        steps = Text(
            f"up to {found.time_steps:,} steps ({found.real_steps:.0%} of all are no padding)",
            f"最大 {found.time_steps:,} ステップ (うち {found.real_steps:.0%} がパディング以外)",
        )
    in_units = translated(units)
    return [
        together(
            [
                Text(f"{found.source}.", f"データ: {found.source}。"),
                Text(f"Units: {found.units}.", f"単位: {found.units}。"),
                Text("Normalisation: ", "正規化: ") + translated(found.normalization) + Text(".", "。"),
            ]
        ),
        Text(
            f"{found.train:,} sequences of {steps.en} to train on, {found.validation:,} to validate on; the figures "
            f"are of the {found.evaluation:,} sequences of the {evaluated.en}{f', {in_units.en}' if units else ''}.",
            f"学習用は {steps.ja}の系列 {found.train:,} 本、検証用は {found.validation:,} 本です。"
            f"以下の数値は{evaluated.ja}の {found.evaluation:,} 系列についてのものです"
            f"{f' ({in_units.ja})' if units else ''}。",
        ),
    ]


def training(found: Training) -> Text:
    """Return how the training went."""
    if not found.epochs_run:
        return Text(
            "None: the weights are those that training would have started from.",
            "学習していません。重みは学習開始時のものです。",
        )
    speed = Text.same("")
    if found.steps_per_second:
        speed = Text(
            f" ({text.steps_a_second(found)} after compilation)",
            f" (コンパイル後は毎秒 {text.steps_a_second(found).removesuffix(' steps a second')} ステップ)",
        )
    ended = {"complete": "最後まで実行", "interrupted": "中断", "early": "早期終了"}.get(found.ended, found.ended)
    went = Text(
        f"{text.epochs(found)} in {found.seconds:.1f} s{speed.en}, ended: {found.ended}.",
        f"{found.epochs_run:,} エポックを {found.seconds:.1f} 秒で学習しました{speed.ja}。終わり方: {ended}。",
    )
    return together([went, _kept(found)])


def _kept(found: Training) -> Text:
    """Return which epoch's weights were kept, and what chose it."""
    if not found.best_epoch:
        return Text(
            "The weights are those that training started from: what it learned was no better by more than chance.",
            "学習の結果は偶然の範囲を超えて良くはならなかったため、重みは学習開始時のものです。",
        )
    loss, val_loss = text.number(found.loss), text.number(found.val_loss)
    by = Text.same("")
    if found.inner:
        by = Text(
            f", of the last {found.inner:,} training sequences, which chose the epoch",
            f" (エポックを選ぶために学習から除いた最後の {found.inner:,} 系列)",
        )
    return Text(
        f"The weights are those of epoch {found.best_epoch:,}: loss {loss}, validation loss {val_loss}{by.en} (mean "
        "squared error at unit scale, or cross-entropy).",
        f"重みはエポック {found.best_epoch:,} のものです。損失 {loss}、検証損失 {val_loss}{by.ja} "
        "(単位スケールでの平均二乗誤差、または交差エントロピー)。",
    )


def sizes(exports: Exports) -> Text | None:
    """Return what the network takes in C; None where there is no C."""
    if exports.constant_bytes is None:
        return None
    constant, state, stack = (
        f"{size:,}" for size in (exports.constant_bytes, exports.state_bytes or 0, exports.stack_bytes or 0)
    )
    taken = Text(
        f"In C, the network takes {constant} bytes of flash for its numbers, besides code, {state} bytes of memory for "
        f"each stream or sequence, and {stack} on the stack for the codes of a time step.",
        f"C では、コードのほかに数値用のフラッシュ {constant} バイト、"
        f"ストリームまたは系列ごとのメモリー {state} バイト、1 ステップの符号用のスタック {stack} バイトを使います。",
    )
    if not exports.speed:
        return taken
    counted = ", ".join(f"{count} on {chip}" for chip, count in exports.speed)
    ja = "、".join(f"{chip} で {count}" for chip, count in exports.speed)
    return taken + Text(
        f" A step takes about so many instructions (with -O2): {counted}.",
        f"1 ステップの命令数の目安 (-O2) は、{ja} です。",
    )
