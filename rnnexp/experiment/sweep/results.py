"""What a sweep leaves in its folder: the same results as CSV, JSON, tables, figures and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnexp import files
from rnnexp.experiment.sweep import figures, page, tables, words
from rnnexp.experiment.sweep.combination import Combination, distinct
from rnnexp.experiment.sweep.definition import Definition
from rnnexp.experiment.sweep.outcome import Outcome, error_of
from rnnexp.experiment.sweep.places import RUNS
from rnnexp.experiment.sweep.statistics import Estimate, Statistics, summarize
from rnnexp.experiment.sweep.study import Study
from rnnexp.report import text
from rnnexp.report.content import Report
from rnnexp.report.file import read_report
from rnnexp.report.metrics import numbers
from rnnexp.report.page.texts import Text, together
from rnnexp.report.run_page import sentences
from rnnexp.report.run_page.phrases import translated
from rnnexp.report.versions import versions

# Of ``results.json``.
SCHEMA = 1


@dataclass(frozen=True)
class Results:
    """All that is known of a sweep.

    Attributes:
        definition: of the sweep.
        combinations: each once, with what its seeds came to.
        statistics: of these.
        run: the name of the folder with the run of the best trial; empty where there is none.
        runs: combination and seed -> the name of that folder, of all trials that have one.
        report: of that run, the only thing that has seen the test part; None where there is none.
        note: what is to be said of that run, in a sentence; empty for nothing.
    """

    definition: Definition
    combinations: list[Combination]
    statistics: Statistics
    run: str = ""
    runs: Mapping[tuple[int, int], str] = field(default_factory=dict)
    report: Report | None = None
    note: str = ""

    @property
    def part(self) -> str:
        """The name of the part of the data that trials are judged on."""
        found = (outcome.part for combination in self.combinations for outcome in combination.outcomes.values())
        return next(found, "validation part")

    @classmethod
    def of(cls, definition: Definition, study: Study, folder: Path) -> Results:
        """Return what a study holds; ``folder`` is the sweep's."""
        combinations = distinct(study.combinations)
        run = study.chosen[1] if study.chosen else ""
        report = read_report(folder / RUNS / run / "report.json") if run else None
        statistics = summarize(definition, combinations, study.baselines)
        return cls(definition, combinations, statistics, run, study.runs, report, study.note)


def write(results: Results, folder: Path, *, finished: bool) -> list[Path]:
    """Write everything into the sweep's folder, each file whole; while it goes on, only what is quickly done.

    Returns:
        The files, ``results.csv`` first.
    """
    contents: dict[str, str | bytes] = {"results.csv": to_csv(results)}
    if finished:
        definition, statistics, said = results.definition, results.statistics, ends(results)
        pictures = figures.draw(definition, statistics)
        contents |= {
            "results.json": json.dumps(to_json(results), indent=1, allow_nan=False, ensure_ascii=False) + "\n",
            "table.md": tables.markdown(definition, statistics, [sentence.en for sentence in said]),
            "table.tex": tables.latex(definition, statistics),
        }
        contents |= {f"{name}.{kind}": data for name, kinds in pictures.items() for kind, data in kinds.items()}
        contents["index.html"] = page.page(
            folder.name, definition, statistics, results.combinations, said, results.runs, list(contents)
        ).html
    with files.explained(folder):
        for name, content in contents.items():
            files.write_atomically(folder / name, content)
    return [folder / name for name in contents]


def to_csv(results: Results) -> str:
    """Return a row for each trial: what was set, how it ended, and all figures, of the validation part."""
    axes = [axis.name for axis in results.definition.axes]
    rows = []
    for combination in results.combinations:
        for seed, found in combination.results.items():
            row: dict[str, Any] = {"combination": combination.number, **combination.point, "seed": seed}
            if isinstance(found, Outcome):
                plain = asdict(found)
                metrics = {kind: plain.pop(kind) for kind in ("float32", "int8")}
                row |= {"status": "done", "error": error_of(results.definition.task, found.int8), **plain}
                row |= {f"{kind}_{name}": value for kind, own in metrics.items() for name, value in own.items()}
            else:
                row |= {"status": "pruned" if found.pruned else "failed", "message": found.message}
            rows.append(row)
    first = ["combination", *axes, "seed", "status", "error"]
    columns = list(dict.fromkeys([*first, *(name for row in rows for name in row if name != "message"), "message"]))
    content = io.StringIO()
    writer = csv.DictWriter(content, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue()


def to_json(results: Results) -> dict[str, Any]:
    """Return the content of ``results.json``."""
    definition, statistics = results.definition, results.statistics
    return {
        "schema": SCHEMA,
        "definition": {**definition.to_json(), "trials": definition.trials},
        "versions": versions(),
        "confidence": 0.95,
        "evaluation_part": results.part,
        "combinations": [
            {
                "combination": summary.number,
                "point": dict(summary.point),
                "default": summary.number == statistics.default,
                "on_front": summary.on_front,
                **{name: _estimate(found) for name, found in summary.estimates.items()},
                "difference_from_default": _estimate(summary.difference) if summary.difference else None,
                "baselines": dict(summary.baselines),
                "failures": {str(seed): message for seed, message in summary.failures.items()},
            }
            for summary in statistics.summaries
        ],
        "trials": [
            {"combination": combination.number, "seed": seed, **found.to_json()}
            for combination in results.combinations
            for seed, found in combination.results.items()
        ],
        "chosen": {**vars(statistics.chosen), "point": dict(statistics.chosen.point)} if statistics.chosen else None,
        "run": _run(results) if results.report else None,
    }


def _estimate(found: Estimate) -> dict[str, Any]:
    interval = found.interval
    return {"n": found.count, "mean": found.mean, "sd": found.sd, "interval": list(interval) if interval else None}


def _run(results: Results) -> dict[str, Any]:
    """Return what the run of the best trial says of the part that its report is of."""
    report = results.report
    assert report is not None
    return {
        "folder": f"{RUNS}/{results.run}",
        "evaluation_part": report.data.evaluation_part,
        **{kind: numbers(model.metrics) for kind, model in report.models.exported.items()},
        "gap": report.degradation.gap if report.degradation else None,
        "baselines": {name: numbers(metrics) for name, metrics in report.baselines.items()},
    }


def ends(results: Results) -> list[Text]:
    """Return what is to be said of a sweep below its table, in sentences."""
    statistics, definition = results.statistics, results.definition
    lines = _intervals(definition.seeds, results.part)
    failed = sum(len(summary.failures) for summary in statistics.summaries)
    if failed:
        lines.append(
            Text(
                f"{failed} trials came to nothing; results.csv says why.",
                f"{failed} 件の試行は結果を残していません。理由は results.csv にあります。",
            )
        )
    if results.report is None:
        return lines
    lines += [_judged_on(results, results.report), *_verdict(results.report)]
    where = Text(f"Its run is in {RUNS}/{results.run}.", f"その実行は {RUNS}/{results.run} にあります。")
    lines.append(together([where, Text.same(results.note)]) if results.note else where)
    return lines


def _judged_on(results: Results, report: Report) -> Text:
    """Return what the best trial came to on the part that its report is of."""
    part, task = translated(report.data.evaluation_part), results.definition.task
    look = Text("read once, for this trial alone", "この試行だけのために 1 回だけ読みました")
    if report.data.evaluation_part == results.part:
        look = Text("the same as in the table", "表と同じデータです")
    found = ", ".join(
        f"{kind} {tables.number(error_of(task, numbers(model.metrics)))}"
        for kind, model in report.models.exported.items()
    )
    error = words.error(task)
    return Text(
        f"The best trial on the {part.en} ({look.en}): {error.en} {found}.",
        f"最良の試行の{part.ja}での {error.ja} ({look.ja}): {found}。",
    )


def _verdict(report: Report) -> list[Text]:
    judgement = sentences.verdict(report)
    findings = [translated(finding) for finding in text.findings(report)]
    said = [Text(f"{found.en[0].upper()}{found.en[1:]}.", f"{found.ja}。") for found in findings]
    return [*([judgement] if judgement else []), *said]


def _intervals(seeds: Sequence[int], part: str) -> list[Text]:
    where = translated(part)
    chosen = Text(
        f"The {where.en} chooses the best one: of many combinations the best looks better than it is.",
        f"最良のものは{where.ja}で選びます。多くの組み合わせから選んだ最良のものは、実際よりも良く見えます。",
    )
    if len(seeds) < 2:
        one = Text(
            "One seed says nothing of chance; several (SEED) have intervals.",
            "シードが 1 つでは、偶然によるばらつきがわかりません。複数 (SEED) なら信頼区間を示します。",
        )
        return [one, chosen]
    means = Text(
        f"Means over {len(seeds)} seeds, ± half the 95 % interval (Student's t), in Markdown and on the page with "
        "standard deviations in brackets; differences are paired by seed.",
        f"{len(seeds)} 個のシードについての平均、± 95 % 信頼区間 (スチューデントの t 分布) の半幅です。"
        "Markdown の表とこのページでは、かっこ内に標準偏差を示します。差はシードごとに対にして求めます。",
    )
    return [means, chosen]
