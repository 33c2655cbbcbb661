"""What a sweep leaves in its folder: the same results as CSV, JSON, tables, figures and a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rnnexp import files
from rnnexp.experiment.sweep import figures, page, tables
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
        report: of that run, the only thing that has seen the test part; None where there is none.
    """

    definition: Definition
    combinations: list[Combination]
    statistics: Statistics
    run: str = ""
    report: Report | None = None

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
        return cls(definition, combinations, summarize(definition, combinations, study.baselines), run, report)


def write(results: Results, folder: Path, *, finished: bool) -> list[Path]:
    """Write everything into the sweep's folder, each file whole; while it goes on, only what is quickly done.

    Returns:
        The files, ``results.csv`` first.
    """
    contents: dict[str, str | bytes] = {"results.csv": to_csv(results)}
    if finished:
        pictures = figures.draw(results.definition, results.statistics)
        contents |= {
            "results.json": json.dumps(to_json(results), indent=1, allow_nan=False, ensure_ascii=False) + "\n",
            "table.md": tables.markdown(results.definition, results.statistics, ends(results)),
            "table.tex": tables.latex(results.definition, results.statistics),
        }
        contents |= {f"{name}.{kind}": data for name, kinds in pictures.items() for kind, data in kinds.items()}
        drawn = {name: kinds["svg"] for name, kinds in pictures.items()}
        contents["index.html"] = page.page(folder.name, results.definition, results.statistics, ends(results), drawn)
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


def ends(results: Results) -> list[str]:
    """Return what is to be said of a sweep below its table, in sentences."""
    statistics, definition = results.statistics, results.definition
    lines = [_intervals(definition.seeds, results.part)]
    failed: Mapping[int, int] = {item.number: len(item.failures) for item in statistics.summaries if item.failures}
    if failed:
        lines.append(f"{sum(failed.values())} trials came to nothing; results.csv says why.")
    if results.report is None:
        return lines
    part = results.report.data.evaluation_part
    look = "the same as in the table" if part == results.part else "read once, for this trial alone"
    found = ", ".join(
        f"{kind} {tables.number(error_of(definition.task, numbers(model.metrics)))}"
        for kind, model in results.report.models.exported.items()
    )
    lines.append(f"The best trial on the {part} ({look}): {tables.error_name(definition.task)} {found}.")
    verdict = text.verdict(results.report)
    lines += [f"{line[0].upper()}{line[1:]}." for line in verdict]
    lines.append(f"Its run is in {RUNS}/{results.run}.")
    return lines


def _intervals(seeds: Sequence[int], part: str) -> str:
    chosen = f"The {part} chooses the best one: of many combinations the best looks better than it is."
    if len(seeds) < 2:
        return f"One seed says nothing of chance; several (SEED) have intervals. {chosen}"
    return (
        f"Means over {len(seeds)} seeds, ± half the 95 % interval (Student's t), in Markdown with standard deviations "
        f"in brackets; differences are paired by seed. {chosen}"
    )
