"""The section of a run's page on a network that listens without a break."""

from __future__ import annotations

from rnnexp.report.listening import Detections, Listening, minutes
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text

HEADINGS = (
    Text("words found", "検出した単語の割合"),
    Text("taken for another word", "別の単語と誤った割合"),
    Text("other words taken for one", "対象外の単語への誤検出の割合"),
    Text("false alarms an hour, in pauses", "1 時間あたりの誤検出 (発話の合間)"),
    Text("false alarms an hour, noise", "1 時間あたりの誤検出 (雑音)"),
)


def add(made: Page, found: Listening) -> None:
    """Add the section."""
    speech, noise = minutes(found.speech_minutes), minutes(found.noise_minutes)
    made.heading("listening", Text("Listening without a break", "連続音声からの検出"))
    others = (
        Text(f" and {found.other_words:,} others", f"、対象外 {found.other_words:,} 語") if found.other_words else None
    )
    counted = Text(f"{found.words:,} words", f"対象の単語 {found.words:,} 語")
    made.paragraph(
        (counted + others if others else counted)
        + Text(
            f" in {speech} minutes of speech, and {noise} minutes of noise, of the "
            "test part, run by the models of one time step, whose state is carried from the beginning to the end. A "
            f"word is heard where the mean of its probability passes {found.threshold:g}: of the thresholds with at "
            f"most {found.limit:g} false alarms an hour of other noise, the one by which most words of the validation "
            "part are found.",
            f"を含む音声 {speech} 分と、雑音 {noise} 分 (いずれもテスト部分) を、1 "
            "ステップのモデルで、状態を最初から最後まで引き継いで処理しました。確率の移動平均がしきい値 "
            f"{found.threshold:g} を超えた単語を検出とみなします。しきい値は、別の雑音での誤検出が 1 時間あたり "
            f"{found.limit:g} 回以下のもののうち、検証部分の単語を最も多く検出するものです。",
        )
    )
    models = [[Cell(Text.same(kind)), *_cells(detections)] for kind, detections in found.models.items()]
    made.add(Table(Text("What the models find", "モデルごとの検出結果"), [Text("model", "モデル"), *HEADINGS], models))
    rows = [[Cell.number(each.threshold, f"{each.threshold:g}"), *_cells(each.detections)] for each in found.thresholds]
    caption = Text("The trained network on the validation part", "検証部分での、学習したネットワークの結果")
    table = Table(caption, [Text("threshold", "しきい値"), *HEADINGS], rows)
    made.folded(Text("Other thresholds", "ほかのしきい値"), [table])


def _cells(detections: Detections) -> list[Cell]:
    values = (
        detections.found,
        detections.confused,
        detections.others_taken,
        detections.false_alarms_in_pauses,
        detections.false_alarms_per_hour,
    )
    return [Cell.number(value, text) for value, text in zip(values, detections.cells, strict=True)]
