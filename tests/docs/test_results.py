"""Tables of the pages have the figures that the benchmarks have left in benchmarks/results/."""

import json
import re
import runpy
import statistics

import pytest
from helpers.runs import PROJECT


def benchmark(name):
    return runpy.run_path(str(PROJECT / "benchmarks" / f"{name}.py"), run_name="read")


def results(name):
    return json.loads((PROJECT / "benchmarks" / "results" / f"{name}.json").read_text())


def page(name):
    return (PROJECT / name).read_text().splitlines()


def test_public_series():
    line = benchmark("own_data")["line"]
    found = results("own_data")["rows"]
    assert len(found) > 40
    rows = [line(row) for row in found]
    lines = page("docs/series.md")
    assert [row for row in rows if row not in lines] == []


@pytest.mark.parametrize("name", ["README.md", "README.ja.md", "docs/series.md"])
def test_public_series_in_a_line(name):
    total = results("own_data")["summary"]
    (row,) = [line for line in page(name) if line.startswith(("| RMSE over ridge", "| RMSE / ridge"))]
    named = ("over_ridge_median", "over_ridge_nine_tenths", "over_ridge_worst")
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [f"{total[key]:.2f}" for key in named]
    (row,) = [line for line in page(name) if line.startswith(("| RMSE over the best", "| RMSE / 最良"))]
    named = ("over_best_median", "over_best_nine_tenths", "over_best_worst")
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [f"{total[key]:.2f}" for key in named]
    (row,) = [line for line in page(name) if line.startswith(("| int8 over float32", "| int8 / float32"))]
    named = ("int8_median", "int8_nine_tenths", "int8_worst")
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [f"{total[key]:.3f}" for key in named]


def test_fastgrnn():
    line, found = benchmark("fastgrnn")["line"], results("fastgrnn")
    assert [line(row) for row in found] == [
        each for each in page("docs/cells.md") if "| digits |" in each or "| speech" in each
    ]
    for gru, whole, _ in (found[:3], found[3:]):
        accuracies = [statistics.median(row["int8"]) for row in (gru, whole)]
        assert accuracies[1] > accuracies[0] - 0.01
        assert whole["flash"] < 0.5 * gru["flash"]


def test_recordings():
    lines = page("docs/recordings.md")
    for row in results("recordings"):
        euclid = "-" if row["euclid"] is None else f"{row['euclid']:.3f}"
        medians = [statistics.median(row[kind]) for kind in ("float32", "int8")]
        figures = " | ".join(f"{value:.3f}" for value in (row["warped"], *medians))
        assert f"| {row['name']} | {row['train']}, {row['test']} | {euclid} | {figures} |" in lines


def test_recordings_in_a_sentence():
    leads, lost = [], []
    for row in results("recordings"):
        leads.append(100 * (statistics.median(row["float32"]) - max(row["warped"], row["euclid"] or 0.0)))
        lost.append(100 * statistics.median(a - b for a, b in zip(row["float32"], row["int8"], strict=True)))
    text = " ".join(page("docs/recordings.md"))
    assert f"The median is {statistics.median(leads):.1f} points above the better nearest neighbour" in text
    assert f"int8 loses {statistics.median(lost):.1f} points in the median and {max(lost):.1f} at worst" in text


def test_lengths():
    line = benchmark("lengths")["line"]
    lines = page("docs/lengths.md")
    found = results("lengths")
    assert len(found) == sum(bool(re.match(r"\| (simple|lstm|gru)", each)) for each in lines)
    for row in found:
        assert line(row) in lines


@pytest.mark.parametrize(
    ("name", "words"), [("docs/sweeps.md", "took {:.1f} times"), ("docs/sweeps.ja.md", "{:.1f} 倍")]
)
def test_sweeps(name, words):
    found = results("sweep_speed")
    assert found["same"]
    assert found["ratios"]["wall"] >= 6
    assert words.format(found["ratios"]["wall"]) in " ".join(page(name))


def test_bursts():
    line, lines = benchmark("bursts")["line"], page("docs/int8.md")
    found = results("bursts")
    assert [row for row in map(line, found) if row not in lines] == []
    for row in found:
        for coarse, fine in zip(row["bits"]["8"], row["bits"]["16"], strict=True):
            assert fine["int8"] <= 1.1 * fine["float32"]
            assert "IO_BITS" in coarse["diagnosis"]


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_conversions(name):
    row, found = benchmark("convert")["page_row"], results("convert")
    assert len(found) >= 10
    lines = page(name)
    assert [text for text in map(row, found) if text not in lines] == []


@pytest.mark.parametrize("name", ["docs/convert.md", "docs/convert.ja.md"])
def test_public_models(name):
    row, found = benchmark("public_models")["page_row"], results("public_models")
    lines = page(name)
    assert len(found) == sum(line.startswith("| `silero_vad") for line in lines)
    assert [text for text in map(row, found) if text not in lines] == []
    assert all(each["equal"] >= 740 and each["decisions"] == 744 for each in found)


@pytest.mark.parametrize("name", ["docs/memory-capacity.md", "docs/memory-capacity.ja.md"])
def test_memory_capacity(name):
    program, found = benchmark("memory_capacity"), results("memory_capacity")
    lines, text = page(name), "\n".join(page(name))
    rows, lost = found["capacity"], program["lost"]
    tables = [*program["capacity_lines"](rows), *program["loss_lines"](rows)]
    assert tables == [line for line in lines if re.match(r"\| (simple|gru|lstm), ", line)]
    means = {(row["cell"], row["activation"], row["units"]): statistics.mean(row["float32"]) for row in rows}
    worst = max(rows, key=lost)
    assert f"{lost(worst):.3f}" in text
    assert f"{statistics.mean(worst['float32']):.1f}" in text
    for activation in ("relu", "tanh"):
        assert f"{means['simple', activation, 40]:.1f}" in text
    slower = [f"{statistics.mean(row['float32']):.1f}" for row in found["capacity-slower"]]
    assert re.search("[,、] ?".join(map(re.escape, slower)), text)
    longer = {row["cell"]: f"{statistics.mean(row['float32']):.1f}" for row in found["capacity-longer"]}
    said = "tanh with 20 units comes to {simple}.|20 ユニットの記憶容量は {simple} です".format(**longer).split("|")
    said += "the GRU comes to {gru}, the LSTM to {lstm}.|GRU は {gru}、LSTM は {lstm} です".format(**longer).split("|")
    assert sum(sentence in " ".join(text.split()) for sentence in said) == 2
    # Not more than there are units, but for the noise of the estimate.
    assert all(mean < units + 0.2 for (_, _, units), mean in means.items())


@pytest.mark.parametrize("name", ["docs/convert.md", "docs/convert.ja.md"])
def test_time_of_conversions(name):
    row, found = benchmark("convert_time")["page_row"], results("convert_time")
    lines = page(name)
    assert len(found) >= 4
    assert [text for text in map(row, found) if text not in lines] == []
    assert all(each["beyond_imports"] <= 2.0 for each in found)
    assert any(each["fine_tuned"] for each in found)


def test_conversions_lose_what_the_page_says():
    for row in results("convert"):
        ours = row["ours"]
        assert ours["equal_bits"] == 1.0
        assert ours["points_lost"] <= 0.3
        assert ours["ratio"] <= (1.6 if "relu" in row["network"] and "SimpleRNN" in row["network"] else 1.3)


def test_fine_tuning():
    line = benchmark("fine_tuning")["line"]
    lines = page("docs/int8.md")
    found = results("fine_tuning")
    assert len(found) == 2 * len(benchmark("fine_tuning")["STRUCTURES"])
    assert [row for row in map(line, found) if row not in lines] == []
    seeds = [seed for row in found for seed in row["seeds"]]
    kept = [seed["kept"] for seed in seeds if seed["helped"]]
    assert f"Of {len(seeds)} networks {len(kept)} were kept; the worst of these comes to {max(kept):.2f}:" in " ".join(
        lines
    )


def test_codes_of_sound():
    program, found = benchmark("front_end"), results("front_end")
    lines = page("docs/speech-commands.md")
    rows = [*map(program["deviation_row"], found["codes"]), *map(program["accuracy_row"], found["accuracy"])]
    assert len(rows) >= 17
    assert [row for row in rows if row not in lines] == []
    assert all(row["within_1"] >= 0.999 for row in [*found["codes"], *found["accuracy"]])
    assert all(row["largest"] <= 1 for row in found["codes"] if row["bits"] == 8)
    assert all(abs(row["whole"] - row["python"]) <= 0.002 for row in found["accuracy"])


@pytest.mark.parametrize("name", ["docs/microcontroller.md", "docs/microcontroller.ja.md"])
def test_sound_on_microcontrollers(name):
    program, found = benchmark("front_end"), results("front_end")
    lines = page(name)
    rows = [*program["page_rows"](found["chips"]), *map(program["load_row"], found["loads"])]
    assert len(rows) >= 16
    assert [row for row in rows if row not in lines] == []
    frames = {
        (row["features"], row["frames"]): row["instructions"]
        for row in found["chips"]
        if (row["chip"], row["arithmetic"]) == ("Cortex-M4", "whole")
    }
    assert max(frames.values()) <= 60_000
    more = round(frames["mfcc", 49] - frames["log-mel", 49], -2)
    assert f" {more:,.0f} " in "\n".join(lines)
    assert max(row["share"] for row in found["loads"] if row["network"] == "GRU of 32") <= 0.05


@pytest.mark.parametrize("name", ["docs/microcontroller.md", "docs/microcontroller.ja.md"])
def test_microcontrollers(name):
    found = results("microcontroller")
    lines = page(name)
    program = benchmark("microcontroller")
    assert len(program["table_rows"](found)) >= 6
    rows = [*program["page_rows"](found), *program["table_rows"](found)]
    assert len(rows) >= 26
    assert [row for row in rows if row not in lines] == []
    steps = {row["chip"]: row["step"] for row in found if (row["network"], row["arithmetic"]) == ("default", "int8")}
    assert steps["Cortex-M4"] <= 500
    assert steps["Cortex-M3"] <= 900
    assert steps["Cortex-M0+"] <= 1400


def test_words_found_in_streams():
    program, found = benchmark("keyword_streaming"), results("keyword_streaming")
    lines = page("docs/speech-commands.md")
    rows = program["page_rows"](found)
    assert len(found) == 3
    assert [row for row in rows if row not in lines] == []
    for kind in ("float32", "int8"):
        own = [result["models"][kind] for result in found]
        assert statistics.median([each["found"] for each in own]) >= 0.85
        assert statistics.median([each["false_alarms_per_hour"] for each in own]) <= 4.0
    for result in found:
        assert result["noise_minutes"] == pytest.approx(30, abs=0.1)
        assert result["flash"][0] <= 40 * 1024
        float32, int8 = (result["models"][kind]["found"] for kind in ("float32", "int8"))
        assert abs(float32 - int8) <= 0.01
