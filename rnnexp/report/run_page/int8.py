"""The section of a run's page on what int8 costs, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

from rnnexp.report import text
from rnnexp.report.bits import Bits, described
from rnnexp.report.int8 import Contribution, Degradation, Tensor
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text, together
from rnnexp.report.run_page.phrases import translated

_NAMES = {
    "input": Text("input", "入力 (input)"),
    "output": Text("output", "出力 (output)"),
    "all": Text("everything together", "すべて"),
}


def add(page: Page, cost: Degradation, same: Sequence[Bits]) -> None:
    """Add what int8 costs, where its bits were compared, and which tensors the cost comes from."""
    page.paragraph(together(_gap(cost)))
    if same:
        page.paragraph(_bits(same))
    page.warnings([translated(found) for found in (cost.diagnosis, cost.robust_diagnosis) if found])
    if cost.contributions:
        page.add(_contributions(cost.contributions))
        page.notes(
            [
                Text(
                    "Each row but the last rounds one tensor, and leaves all else in float; the last one is the int8 "
                    "network. What the parts leave of it is the rounding of states and pre-activations, and how errors "
                    "add up over time. Measured on up to 256 sequences.",
                    "最後の行以外は、そのテンソルだけを丸め、ほかは float のままにした場合です。"
                    "最後の行は int8 ネットワークそのものです。各行で説明できない分は、状態と活性化前の値の丸めと、"
                    "時間方向の誤差の累積によるものです。最大 256 系列で測定しました。",
                )
            ]
        )


def _bits(same: Sequence[Bits]) -> Text:
    equal = "、".join(f"{each.runtime} ({each.sequences} 系列)" for each in same if each.absent is None)
    reasons = {each.runtime: translated(each.absent).ja for each in same if each.absent is not None}
    absent = "".join(f"。{runtime} は確かめていません ({reason})" for runtime, reason in reasons.items())
    return Text(f"The bits are the same in {described(same)}.", f"ビットは NumPy、{equal}で一致しました{absent}。")


def _gap(cost: Degradation) -> list[Text]:
    gap = Text(f"The gap is {cost.gap:+.2g}, that is, ", f"劣化 (gap) は {cost.gap:+.2g} です: ")
    found = [gap + translated(cost.gap_means) + Text(".", "。")]
    if cost.sequences_lost is not None:
        lost = f"{cost.sequences_lost:+.2g}"
        found.append(Text(f"Of whole sequences it is {lost}.", f"系列全体では {lost} です。"))
    if cost.robust_gap_means:
        means = translated(cost.robust_gap_means)
        robust = "" if cost.robust_gap is None else f" は {cost.robust_gap:+.2g} です"
        japanese = f"中央値による劣化 (robust gap){robust}: {means.ja}。"
        found.append(Text(f"The robust gap: {text.robust_gap(cost)}.", japanese))
    if cost.fine_tuned:
        found.append(
            Text(
                f"Before fine-tuning it was {cost.plain_gap:+.2g}.",
                f"量子化認識学習 (QAT) によるファインチューニングの前は {cost.plain_gap:+.2g} でした。",
            )
        )
    else:
        found.append(Text("It was not fine-tuned.", "ファインチューニングはしていません。"))
    if cost.tables:
        added, kept = f"{cost.tables.added:+.2g}", ", ".join(cost.tables.full)
        in_full = f" すべての要素を持つ関数: {kept}。" if kept else ""
        japanese = (
            f"表は補間しています。そのための劣化はファインチューニングの前で {added} です。{in_full}"
            if cost.tables.smaller
            else f"補間できる表はありません。{in_full}"
        )
        found.append(Text(f"Tables are {cost.tables}.", japanese))
    state = f"{cost.state_error:.1%}"
    found.append(
        Text(
            f"The limit is {cost.limit:.2g}. The hidden state is at most {state} of full scale off.",
            f"限度は {cost.limit:.2g} です。隠れ状態の誤差は最大でフルスケールの {state} です。",
        )
    )
    return found


def _contributions(found: Sequence[Contribution]) -> Table:
    largest = max(each.output_error for each in found) or 1.0
    return Table(
        Text(
            "Where the loss comes from: what rounding each tensor alone does",
            "劣化の原因: テンソルごとに単独で丸めた場合",
        ),
        [
            Text("rounded", "丸めるもの"),
            Text("change of the outputs, % of their deviation", "出力の変化 (標準偏差に対する %)"),
            Text("added to the gap", "gap への寄与"),
        ],
        [
            [
                Cell(_NAMES.get(each.name, Text.same(each.name))),
                Cell.number(each.output_error, f"{100 * each.output_error:.3g} %", each.output_error / largest),
                Cell.number(each.gap, f"{each.gap:+.2g}"),
            ]
            for each in found
        ],
        strong=frozenset(number for number, each in enumerate(found) if each.name == "all"),
    )


def tensors(found: Sequence[Tensor]) -> Table:
    """Return every tensor of the int8 network."""
    return Table(
        Text("Tensors of the int8 network", "int8 ネットワークのテンソル"),
        [
            Text("tensor", "テンソル"),
            Text("type", "型"),
            Text("shape", "形状"),
            Text("scale", "スケール"),
            Text("zero point", "ゼロ点"),
            Text("smallest", "最小"),
            Text("largest", "最大"),
            Text("cut off", "切り捨てられた割合"),
        ],
        [
            [
                Cell(Text.same(tensor.name)),
                Cell(Text.same(tensor.dtype)),
                Cell(Text.same(" × ".join(map(str, tensor.shape)))),
                Cell.number(tensor.scale, f"{tensor.scale:.6g}"),
                Cell.number(tensor.zero_point, str(tensor.zero_point)),
                Cell.number(tensor.min, text.number(tensor.min)),
                Cell.number(tensor.max, text.number(tensor.max)),
                Cell.number(
                    tensor.saturated_share, "-" if tensor.saturated_share is None else f"{tensor.saturated_share:.2%}"
                ),
            ]
            for tensor in found
        ],
    )
