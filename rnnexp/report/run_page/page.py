"""The page of a run, from its report, its curves and its network."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from rnnexp.network.architecture import Architecture
from rnnexp.report import gates, text
from rnnexp.report.content import Generation, Report
from rnnexp.report.models import AbsentModel, ExportedModel
from rnnexp.report.page.charts import Chart
from rnnexp.report.page.drawing import Drawing
from rnnexp.report.page.page import Page
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page import int8, listening, micro, results, sentences, settings
from rnnexp.report.run_page.phrases import translated
from rnnexp.report.run_page.words import named


def page(report: Report, architecture: Architecture, charts: Sequence[Chart]) -> Page:
    """Return the page.

    Args:
        report: what the run came to.
        architecture: of its network.
        charts: the curves, by the names that ``curves`` gives them.
    """
    made = Page(Text.same(report.name))
    _summary(made, report)
    _results(made, report)
    plain = [chart for chart in charts if chart.name not in ("generation", "state-error")]
    if plain:
        made.heading("curves", Text("Curves", "グラフ"))
    for chart in plain:
        made.add(chart)
    if report.generation:
        _generation(made, report.generation, report, [chart for chart in charts if chart.name == "generation"])
    if report.listening:
        listening.add(made, report.listening)
    if report.degradation:
        made.heading("int8", Text.same("int8"))
        int8.add(made, report.degradation, report.bits or [])
        for chart in charts:
            if chart.name == "state-error":
                made.add(chart)
        made.folded(Text("Every tensor", "すべてのテンソル"), [int8.tensors(report.quantization or [])])
    made.heading("network", Text("Network", "ネットワーク"))
    made.add(Drawing(architecture))
    made.add(_files(report))
    in_c = sentences.sizes(report.exports)
    if in_c:
        made.paragraph(in_c)
    on_micro = micro.table(report)
    if on_micro:
        made.folded(Text.same("TensorFlow Lite Micro"), [on_micro])
    made.heading("training", Text("Training", "学習"))
    made.paragraph(sentences.training(report.training))
    made.heading("settings", Text("Settings", "設定"))
    differing, others = settings.tables(report)
    if differing:
        made.add(differing)
    else:
        made.paragraph(Text("All settings are the defaults.", "すべて既定値のままです。"))
    made.folded(Text("The other settings", "そのほかの設定"), [others])
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    made.paragraph(Text(f"Seed {report.seed}. {versions}.", f"シード {report.seed}。{versions}。"))
    return made


def _summary(made: Page, report: Report) -> None:
    """Add what matters most: the verdict, figures at a glance, what is to be known."""
    judgement = sentences.verdict(report)
    if judgement:
        made.lead(judgement)
    problems = [model.absent for model in report.models.by_kind.values() if isinstance(model, AbsentModel)]
    warnings = [warning.text for warning in report.warnings or []]
    outcomes = report.gates or []
    # Findings and problems can be among the warnings.
    found = dict.fromkeys([*text.findings(report), *problems, *warnings, *gates.failures(outcomes)])
    made.warnings([translated(problem) for problem in found])
    made.facts(_facts(report))
    preset = settings.preset(report)
    for sentence in (*([preset] if preset else []), *sentences.data(report.data, text.units(report))):
        made.paragraph(sentence)
    kept = gates.describe(outcome for outcome in outcomes if not outcome.failure)
    made.notes([translated(note) for note in (*report.data.notes, *kept)])


def _facts(report: Report) -> list[tuple[Text, Text, Text]]:
    accuracy = report.task == "classification"
    metric = Text("accuracy", "正解率") if accuracy else Text.same("RMSE")
    found = []
    for kind, model in reversed(report.models.exported.items()):
        value = getattr(model.metrics, "accuracy" if accuracy else "rmse", None)
        found.append(
            (Text(f"{kind}, ", f"{kind}、") + metric, Text.same(text.number(value)), Text.same(report.data.units))
        )
    if report.verdict:
        best = Text("best baseline", "最良のベースライン")
        found.append((best, Text.same(text.number(report.verdict.best)), named(report.verdict.best_baseline)))
    if report.degradation:
        lost = Text("int8 against float32 (gap)", "int8 と float32 の差 (gap)")
        limit = f"{report.degradation.limit:.2g}"
        found.append((lost, Text.same(f"{report.degradation.gap:+.2g}"), Text(f"limit {limit}", f"限度 {limit}")))
    deployed = list(report.models.exported.values())[-1:]
    for model in deployed:
        size = Text(f"{model.bytes:,} bytes", f"{model.bytes:,} バイト")
        latency = Text(f"{model.latency_us:.0f} µs an inference", f"推論 1 回 {model.latency_us:.0f} µs")
        found.append((Text("exported model", "書き出したモデル"), size, latency))
    return found


def _results(made: Page, report: Report) -> None:
    made.heading("results", Text("Results", "結果"))
    table, before = results.comparison(report)
    made.add(table)
    where = translated(report.data.evaluation_part)
    made.notes(
        [
            Text(
                f"Figures of the {where.en}; the models are the exported files, run by LiteRT.",
                f"{where.ja}での値。モデルは書き出したファイルを LiteRT で実行したものです。",
            ),
            *(named(name) + Text.same(": ") + translated(note) for name, note in (report.baseline_notes or {}).items()),
        ]
    )
    for table in results.classes(report):
        made.add(table)
    if report.examples:
        made.add(results.examples(report.examples))
    outputs = results.outputs(report)
    if outputs:
        made.folded(Text("Every output", "すべての出力"), [outputs])
    if before:
        made.folded(Text("Before the training, and after one epoch", "学習前と 1 エポック後"), [before])


def _generation(made: Page, found: Generation, report: Report, charts: Sequence[Chart]) -> None:
    made.heading("generation-section", Text("Closed-loop generation", "閉ループでの生成"))
    where, units = translated(report.data.evaluation_part), report.data.units
    made.paragraph(
        Text(
            f"From the window just before the {where.en}, every prediction is fed back as an input.",
            f"{where.ja}の直前の窓から始め、予測値を順に入力として戻します。",
        )
    )
    for chart in charts:
        made.add(chart)
    broken_off = {name: errors.absent for name, errors in found.errors.items() if errors.absent}
    made.notes([named(name) + Text.same(": ") + translated(reason) for name, reason in broken_off.items()])
    caption = Text(f"RMSE over the first steps, in {units}", f"最初のステップからの RMSE (単位: {units})")
    made.add(results.generation(found.horizons, found.errors, caption))
    many = found.from_origins
    if many:
        caption = Text(
            f"The same from {many.origins} origins spread over the {where.en}, {many.steps} steps from each",
            f"{where.ja}に均等に置いた {many.origins} か所から、それぞれ {many.steps} ステップ生成した場合",
        )
        made.add(results.generation(many.horizons, many.errors, caption))


def _files(report: Report) -> Table:
    """Return the files that the run has left, which are beside the page."""

    def row(name: str, size: int, model: ExportedModel | None = None) -> list[Cell]:
        latency = None if model is None else model.latency_us
        shown = "" if latency is None else f"{latency:.0f} µs"
        return [
            Cell(Text.same(name), link=quote(name)),
            Cell.number(size, f"{size:,}"),
            Cell.number(latency, shown) if latency is not None else Cell(Text.same(shown)),
        ]

    return Table(
        Text("Files beside this page", "このページと同じフォルダーのファイル"),
        [Text("file", "ファイル"), Text("bytes", "バイト"), Text("an inference", "推論 1 回")],
        [
            *(row(model.file, model.bytes, model) for model in report.models.exported.values()),
            *(row(file.file, file.bytes) for file in report.exports.files),
        ],
    )
