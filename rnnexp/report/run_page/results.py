"""The tables of a run's page on what came out: models beside baselines, classes, outputs, examples, generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnnexp.report import text
from rnnexp.report.content import Example, GenerationErrors, Report
from rnnexp.report.metrics import ClassificationMetrics, RegressionMetrics
from rnnexp.report.models import KINDS
from rnnexp.report.page.table import Cell, Table
from rnnexp.report.page.texts import Text
from rnnexp.report.run_page.words import metric, named, output

# More classes make a matrix that nobody reads.
MOST_CLASSES = 24


def comparison(report: Report) -> tuple[Table, Table | None]:
    """Return the exported models beside the baselines, and, where there are some, what the models were before that."""
    headings, rows = text.figures(report)
    values = dict(rows)
    last = [f"{kind} epoch {step.epoch}" for step in report.progress[-1:] for kind in reversed(KINDS)]
    models = [(name, values.pop(name)) for name in last if name in values]
    now = models + [(name, values.pop(name)) for name in report.baselines]
    before = list(values.items())
    strong = frozenset(range(len(models)))
    table = _table(Text("Exported models and baselines", "書き出したモデルとベースライン"), headings, now, strong)
    caption = Text("The models before they were trained, and after the first epoch", "学習前と 1 エポック後のモデル")
    return table, _table(caption, headings, before) if before else None


def _table(
    caption: Text,
    headings: Sequence[str],
    rows: Sequence[tuple[str, Sequence[float | None]]],
    strong: frozenset[int] = frozenset(),
) -> Table:
    # A bar for what the verdict is on.
    main = next((name for name in ("RMSE", "accuracy") if name in headings), None)
    place = headings.index(main) if main else -1
    largest = max((value for _, values in rows if (value := values[place]) is not None), default=0.0) if main else 0.0

    def cell(column: int, value: float | None) -> Cell:
        share = value / largest if column == place and value is not None and largest > 0 else None
        return Cell.number(value, text.number(value), share)

    return Table(
        caption,
        [Text("model", "モデル"), *map(metric, headings)],
        [[Cell(named(name)), *(cell(column, value) for column, value in enumerate(values))] for name, values in rows],
        strong,
    )


def classes(report: Report) -> list[Table]:
    """Return how much of each class is recognised, and what classes were taken for."""
    models = {
        kind: model.metrics
        for kind, model in report.models.exported.items()
        if isinstance(model.metrics, ClassificationMetrics)
    }
    if not models:
        return []
    names = report.data.classes
    counts = [sum(row) for row in next(iter(models.values())).confusion]
    counted = Text("steps", "ステップ数") if report.data.every_step else Text("sequences", "系列数")
    recall = Table(
        Text("The share of each class that is recognised (recall)", "クラスごとの再現率"),
        [Text("class", "クラス"), counted, *map(Text.same, models)],
        [
            [
                Cell(Text.same(name)),
                Cell.number(count, f"{count:,}"),
                *(_share(each.recall.get(name)) for each in models.values()),
            ]
            for name, count in zip(names, counts, strict=True)
        ],
    )
    if len(names) > MOST_CLASSES:
        return [recall]
    kind = "int8" if "int8" in models else next(iter(models))
    confusion = Table(
        Text(
            f"What {kind} took classes for: rows are true, columns predicted", f"{kind} の混同行列 (行: 正解、列: 予測)"
        ),
        [Text("class", "クラス"), *map(Text.same, names)],
        [
            [Cell(Text.same(name)), *(Cell.number(count, f"{count:,}", count / (sum(row) or 1)) for count in row)]
            for name, row in zip(names, models[kind].confusion, strict=True)
        ],
    )
    return [recall, confusion]


def _share(value: float | None) -> Cell:
    return Cell.number(value, text.number(value), value)


def outputs(report: Report) -> Table | None:
    """Return the RMSE of each of several outputs; None where there is one."""
    rows = {**report.baselines, **{kind: model.metrics for kind, model in report.models.exported.items()}}
    errors = {
        name: found.rmse_by_output
        for name, found in rows.items()
        if isinstance(found, RegressionMetrics) and found.rmse_by_output
    }
    if not errors:
        return None
    return Table(
        Text(f"RMSE of each output, in {report.data.units}", f"出力ごとの RMSE (単位: {report.data.units})"),
        [Text("output", "出力"), *map(named, errors)],
        [
            [Cell(output(name)), *(Cell.number(each[place], text.number(each[place])) for each in errors.values())]
            for place, name in enumerate(report.data.outputs or [])
        ],
    )


def examples(found: Sequence[Example]) -> Table:
    """Return some questions and answers, where they are texts."""
    names = {"question": "質問", "truth": "正解"}
    return Table(
        Text("Some questions, and after them some that a model answers wrongly", "例と、そのあとにモデルが間違えた例"),
        [Text(name, names.get(name, name)) for name in found[0].model_dump()],
        [[Cell(Text.same(answer or "")) for answer in example.model_dump().values()] for example in found],
    )


def generation(horizons: Sequence[int], errors: Mapping[str, GenerationErrors], caption: Text) -> Table:
    """Return errors over the first steps of a generation in closed loop."""

    def cell(values: Sequence[float], place: int) -> Cell:
        value = values[place] if place < len(values) else None
        return Cell.number(value, text.number(value))

    return Table(
        caption,
        [Text("steps", "ステップ"), *map(named, errors)],
        [
            [Cell.number(steps, f"{steps:,}"), *(cell(each.rmse, place) for each in errors.values())]
            for place, steps in enumerate(horizons)
        ],
    )
