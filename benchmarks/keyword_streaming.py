"""Words found in streams of sound, with a state that is carried all the time: three seeds, float32 beside int8.

    python benchmarks/keyword_streaming.py --data-dir FOLDER
    python benchmarks/keyword_streaming.py --data-dir FOLDER --seeds 1

The folder has the layout of Speech Commands. Settings are those of the preset ``keyword-streaming``, and nothing else.
Figures are of the exported files of one time step, on the test part: every word of it once, with pauses and noise, and
30 minutes of noise without speech. Thresholds were chosen by the validation part. The flash is what the C takes on a
Cortex-M4 with ``-Os``, where its compiler is installed. It prints a table and writes
benchmarks/results/keyword_streaming.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rnnexp.config import ClassificationConfig
from rnnexp.experiment.run import run
from rnnexp.formats.about import About
from rnnexp.formats.c.chips.chip import CHIPS
from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.presets import PRESETS
from rnnexp.report.content import Report
from rnnexp.report.listening import HEADINGS, Detections
from rnnexp.runtimes.emulator.firmware import Firmware

RESULTS = Path(__file__).parent / "results" / "keyword_streaming.json"
PRESET = "keyword-streaming"
CHIP = "Cortex-M4"


@dataclass(frozen=True)
class Result:
    """What a seed came to.

    Attributes:
        seed: of everything random.
        threshold: that the validation part chose.
        words: in the test part's streams.
        other_words: that are not asked for.
        speech_minutes: of these streams.
        noise_minutes: of noise without any speech.
        models: kind of model -> what it found.
        flash: bytes of code and constants on a Cortex-M4, of the network and of it with the features of sound; None
            without its compiler.
        seconds: of the run.
    """

    seed: int
    threshold: float
    words: int
    other_words: int
    speech_minutes: float
    noise_minutes: float
    models: dict[str, Detections]
    flash: tuple[int, int] | None
    seconds: float


def flash_of(folder: Path, name: str) -> tuple[int, int] | None:
    """Return the flash that the C of a network takes, without its features of sound and with them."""
    chip = next(chip for chip in CHIPS if chip.name == CHIP)
    if chip.missing:
        return None
    network = from_tflite((folder / f"{name}-int8.tflite").read_bytes())
    codes = np.zeros((1, network.sequence_length, network.features), network.input.dtype)
    alone = to_c(network, name, About(), codes)
    own = {f"{name}{suffix}": (folder / f"{name}{suffix}").read_text(encoding="utf-8") for suffix in (".c", ".h")}
    sizes = []
    for sources in ({f"{name}.c": alone.source, f"{name}.h": alone.header}, own):
        with tempfile.TemporaryDirectory() as place:
            sizes.append(Firmware(chip, Path(place), "-Os").sizes(f"{name}.c", sources)[0])
    return sizes[0], sizes[1]


def measure(data_dir: Path, cache: Path, seed: int) -> Result:
    """Train with a seed, and return what the exported files find."""
    with tempfile.TemporaryDirectory() as place:
        settings = {**PRESETS[PRESET].settings, "data_dir": data_dir, "cache_dir": cache, "seed": seed}
        folders = {"output_dir": Path(place) / "out", "runs_dir": Path(place) / "runs"}
        report: Report = run(ClassificationConfig(**settings, **folders, quiet=True))
        heard = report.listening
        assert heard is not None
        return Result(
            seed=seed,
            threshold=heard.threshold,
            words=heard.words,
            other_words=heard.other_words,
            speech_minutes=heard.speech_minutes,
            noise_minutes=heard.noise_minutes,
            models=heard.models,
            flash=flash_of(folders["output_dir"], report.name),
            seconds=report.training.total_seconds,
        )


def to_json(results: list[Result]) -> list[dict[str, object]]:
    """Return the results as JSON has them."""
    return [
        {**asdict(result), "models": {kind: made.model_dump() for kind, made in result.models.items()}}
        for result in results
    ]


def page_rows(results: list[dict[str, dict[str, dict[str, float]]]]) -> list[str]:
    """Return the rows of a table: a line for each seed and kind, then medians.

    Args:
        results: as JSON has them.
    """
    rows = []
    kinds = [kind for kind in ("float32", "int8") if kind in results[0]["models"]]
    for kind in kinds:
        own = [Detections(**result["models"][kind]) for result in results]
        named = [f"{kind}, seed {result['seed']}" for result in results]
        rows += [f"| {name} | {' | '.join(made.cells)} |" for name, made in zip(named, own, strict=True)]
        columns = zip(*([float(cell) for cell in made.cells] for made in own), strict=True)
        medians = [statistics.median(column) for column in columns]
        cells = [f"{value:.3f}" if place < 3 else f"{value:.1f}" for place, value in enumerate(medians)]
        rows.append(f"| **{kind}, median** | {' | '.join(cells)} |")
    return rows


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as cache:
        for seed in range(options.seeds):
            results.append(measure(options.data_dir, Path(cache), seed))
            print(f"seed {seed}: threshold {results[-1].threshold:g}, flash {results[-1].flash}", flush=True)
            for kind, made in results[-1].models.items():
                print(f"  {kind}: {dict(zip(HEADINGS, made.cells, strict=True))}", flush=True)
    found = to_json(results)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("\n".join(page_rows(found)))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
