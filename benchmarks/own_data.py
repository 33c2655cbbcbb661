"""How networks of public series stand to ridge regression and to the best baseline, defaults only.

    python benchmarks/own_data.py                     prints a table and writes benchmarks/results/own_data.json
    python benchmarks/own_data.py --only airline --alone --activation tanh --output /tmp/alone.json

The series are those that statsmodels, sktime and vega_datasets ship (``pip install sktime vega_datasets``, in an
environment of its own: sktime holds pandas below 3); of what is not installed it says so. Every figure is that of a
whole run with the script's defaults, read from its report: the RMSE of the float32 file over that of ridge regression
on the same windows, over that of the best of all baselines, and that of the int8 file over float32's; the median of
the seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rnnexp.config import RegressionConfig
from rnnexp.experiment.run import run
from rnnexp.report.content import Report

RESULTS = Path(__file__).parent / "results" / "own_data.json"
# Fewer values leave no window of 20 to hold out.
LEAST_VALUES = 36
FIGURES = ("over_ridge", "over_best", "int8")


def from_statsmodels() -> Iterator[tuple[str, pd.DataFrame]]:
    """Return the series that statsmodels ships, each with its dates where they are known."""
    from statsmodels import datasets

    def dated(name: str, values: Any, start: str, step: str) -> tuple[str, pd.DataFrame]:
        numbers = np.asarray(values, np.float64)
        dates = pd.date_range(start, periods=len(numbers), freq=step)
        return name, pd.DataFrame({"date": dates.strftime("%Y-%m-%d"), "data": numbers})

    yield dated("sunspots", datasets.sunspots.load_pandas().data["SUNACTIVITY"], "1700", "YS")
    yield dated("nile", datasets.nile.load_pandas().data["volume"], "1871", "YS")
    weekly = datasets.co2.load_pandas().data["co2"]
    yield dated("co2, months", weekly.resample("MS").mean().interpolate(), "1958-03", "MS")
    yield dated("co2, weeks", weekly.interpolate(), "1958-03-29", "W-SAT")
    temperatures = datasets.elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()
    yield dated("el nino", temperatures, "1950-01", "MS")
    macro = datasets.macrodata.load_pandas().data
    for name in macro.columns.drop(["year", "quarter"]):
        yield dated(f"US macro, {name}", macro[name], "1959-01", "QS")
    interest = datasets.interest_inflation.load_pandas().data["R"]
    yield dated("interest", interest, "1972-04", "QS")


def from_sktime() -> Iterator[tuple[str, pd.DataFrame]]:
    """Return the series that sktime ships."""
    from sktime import datasets

    def plain(name: str, values: Any) -> tuple[str, pd.DataFrame]:
        return name, pd.DataFrame({"data": np.asarray(values, np.float64)})

    yield plain("airline", datasets.load_airline())
    yield plain("lynx", datasets.load_lynx())
    yield plain("shampoo", datasets.load_shampoo_sales())
    yield plain("PBS", datasets.load_PBS_dataset())
    consumption, others = datasets.load_uschange()
    yield plain("US change, consumption", consumption)
    for name in others.columns:
        yield plain(f"US change, {name.lower()}", others[name])


def from_vega() -> Iterator[tuple[str, pd.DataFrame]]:
    """Return the series that vega_datasets ships."""
    from vega_datasets import local_data

    weather = local_data.seattle_weather().rename(columns={"date": "time"})
    for name in ("temp_max", "temp_min", "wind", "precipitation"):
        yield f"Seattle, {name}", pd.DataFrame({"date": weather["time"], "data": weather[name]})
    for symbol, prices in local_data.stocks().groupby("symbol"):
        yield f"stock, {symbol}", prices[["date", "price"]].rename(columns={"price": "data"})
    for name in ("seattle_temps", "sf_temps"):
        hourly = getattr(local_data, name)()
        yield f"{name}, hours", hourly[["date", "temp"]].rename(columns={"temp": "data"}).drop_duplicates("date")
    employment = local_data.us_employment()
    for name in ("nonfarm", "construction", "government", "information"):
        yield f"employment, {name}", pd.DataFrame({"date": employment["month"], "data": employment[name]})


SOURCES: dict[str, Callable[[], Iterator[tuple[str, pd.DataFrame]]]] = {
    "statsmodels": from_statsmodels,
    "sktime": from_sktime,
    "vega_datasets": from_vega,
}


def measure(series: pd.DataFrame, seed: int, folder: Path, **settings: Any) -> Report:
    """Run one series and return its report."""
    path = folder / "series.csv"
    series.to_csv(path, index=False)
    folders = {"output_dir": folder / "out", "runs_dir": folder / "runs"}
    report = run(RegressionConfig(dataset_name=str(path), seed=seed, quiet=True, **folders, **settings))
    if report.exit_code:
        raise SystemExit(f"seed {seed}: the run failed")
    return report


def ratios(report: Report) -> tuple[float, float, float]:
    """Return the RMSE over ridge's, over the best baseline's, and int8's over float32's."""
    assert report.verdict is not None
    float32, int8 = (report.models.by_kind[kind].metrics.rmse for kind in ("float32", "int8"))
    return float32 / report.baselines["ridge"].rmse, float32 / report.verdict.best, int8 / float32


def line(row: dict[str, Any]) -> str:
    """Return the line of the table of a series."""
    figures = " | ".join(f"{row[name]:.3f}" for name in FIGURES)
    return f"| {row['series']} | {row['values']} | {row['best']} | {figures} |"


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return what the promises are about."""
    total: dict[str, float] = {"series": len(rows)}
    for name in FIGURES:
        values = [row[name] for row in rows]
        total[f"{name}_median"] = statistics.median(values)
        total[f"{name}_nine_tenths"] = float(np.quantile(values, 0.9))
        total[f"{name}_worst"] = max(values)
    return total


def main() -> None:
    """Run all series and print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="only series whose name contains this")
    parser.add_argument("--activation", default="custom")
    parser.add_argument("--alone", action="store_true", help="recurrent layers alone, without the linear path")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    settings = {"activation": arguments.activation, **({"linear_path": False} if arguments.alone else {})}
    rows: list[dict[str, Any]] = []
    print("| series | values | best baseline | over ridge | over the best | int8 over float32 |\n" + "| --- " * 6 + "|")
    for package, source in SOURCES.items():
        try:
            found = [one for one in source() if arguments.only in one[0]]
        except ModuleNotFoundError:
            print(f"{package} is not installed: pip install sktime vega_datasets")
            continue
        for name, series in found:
            series = series.dropna()
            if len(series) < LEAST_VALUES:
                continue
            with tempfile.TemporaryDirectory() as folder:
                reports = [measure(series, seed, Path(folder), **settings) for seed in range(arguments.seeds)]
            verdict = reports[0].verdict
            assert verdict is not None
            three = zip(*map(ratios, reports), strict=True)
            figures = dict(zip(FIGURES, map(statistics.median, three), strict=True))
            row = {"series": name, "values": len(series), "best": verdict.best_baseline, **figures}
            rmse = statistics.median(report.models.float32.metrics.rmse for report in reports)
            rows.append({**row, "rmse": rmse, "normalization": reports[0].data.normalization})
            print(line(row), flush=True)
    if not rows:
        raise SystemExit(f"no series has {arguments.only!r} in its name, or none is installed")
    total = summary(rows)
    print(", ".join(f"{name} {value:.4g}" for name, value in total.items()))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps({"summary": total, "rows": rows}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
