"""Public models in int8, from their recurrent layer on: how many of their decisions stay as they are.

    python benchmarks/public_models.py --clips FOLDER    prints a table and writes benchmarks/results/public_models.json

silero-vad (https://github.com/snakers4/silero-vad, MIT) tells for each 32 ms whether somebody speaks: a short-time
Fourier transform and convolutions in float, then an LSTM of 128 units. onnxruntime runs the file of its Python package
on clips of speech, in chunks of 512 samples with the 64 ahead of them, and also gives what the LSTM reads. The network
from there on is converted with some clips; on others, what it decides is compared with what the original does. FOLDER
has .wav files of 16 kHz, in folders: Speech Commands, for example.
"""

from __future__ import annotations

import argparse
import json
import random
import wave
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "public_models.json"
CHUNK, CONTEXT, CHUNKS = 512, 64, 31
CALIBRATION, EVALUATION = 200, 24
UNITS = 128
# file of the package -> the operator that is the LSTM, and the tensor that it reads
FILES = {
    "silero_vad_16k_sequence.onnx": ("/recurrent/LSTM", "/Transpose_output_0"),
    "silero_vad_16k_op15.onnx": ("/model/decoder/rnn/LSTM", ""),
    "silero_vad.onnx": ("If_0_then_branch__Inline_0__/decoder/rnn/LSTM", ""),
}
ORIGINAL = "silero_vad_16k_sequence.onnx"


@dataclass(frozen=True)
class Row:
    """A file, and what int8 makes of it.

    Attributes:
        file: its name in the package.
        begin: the operator that it was converted from on.
        decisions, equal: chunks of the evaluation, and of how many int8 says the same as the original.
        largest: the largest difference of the probabilities.
        ratio: the error of the int8 outputs over that of rounding them alone.
        input: as it was chosen.
        int8_bytes: of the file of whole sequences.
    """

    file: str
    begin: str
    decisions: int
    equal: int
    largest: float
    ratio: float
    input: str
    int8_bytes: int


def clips(folder: Path, count: int) -> list[np.ndarray]:
    """Return whole seconds of speech as chunks ``[31, 576]``, of files in an order of chance."""
    paths = sorted(path for path in folder.glob("*/*.wav") if not path.parent.name.startswith("_"))
    random.Random(0).shuffle(paths)
    found: list[np.ndarray] = []
    for path in paths:
        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768.0
        if len(samples) >= CHUNK * CHUNKS:
            padded = np.concatenate([np.zeros(CONTEXT, np.float32), samples])
            found.append(np.stack([padded[n * CHUNK : n * CHUNK + CHUNK + CONTEXT] for n in range(CHUNKS)]))
        if len(found) == count:
            return found
    raise SystemExit(f"{folder} has {len(found)} .wav files of a second or more in its folders; {count} are needed")


def original(package: Path, chunks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return what the LSTM reads ``[n, 31, 128]``, and the probabilities of speech ``[n, 31]``."""
    import onnx
    import onnxruntime

    model = onnx.load(package / ORIGINAL)
    tensor = FILES[ORIGINAL][1]
    model.graph.output.append(onnx.ValueInfoProto(name=tensor))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    zeros = np.zeros((1, 1, UNITS), np.float32)
    found = [session.run([tensor, "speech_probs"], {"input": each, "h": zeros, "c": zeros}) for each in chunks]
    return np.stack([read[:, 0] for read, _ in found]), np.stack([speech.reshape(-1) for _, speech in found])


def measured(package: Path, name: str, x: np.ndarray, speech: np.ndarray) -> Row:
    """Convert a file from its LSTM on, and compare decisions on the last sequences."""
    import rnnexp

    begin, _ = FILES[name]
    converted = rnnexp.convert(package / name, calibration=x[:-EVALUATION], begin=begin, float32=False)
    made = converted(x[-EVALUATION:])[..., 0]
    exact = speech[-EVALUATION:]
    return Row(
        name,
        begin,
        exact.size,
        int(np.sum((made > 0.5) == (exact > 0.5))),
        float(np.abs(made - exact).max()),
        converted.report.fidelity.ratio,
        converted.report.chosen,
        converted.report.models["int8"].bytes,
    )


def page_row(row: dict[str, Any]) -> str:
    """Return the row of the pages' table."""
    return (
        f"| `{row['file']}` | `--from {row['begin']}` | {row['equal']} / {row['decisions']} | {row['largest']:.3f} "
        f"| {row['ratio']:.2f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all files, print a table, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    import silero_vad

    package = Path(silero_vad.__file__).parent / "data"
    x, speech = original(package, clips(options.clips, CALIBRATION + EVALUATION))
    rows = []
    for name in FILES:
        rows.append(asdict(measured(package, name, x, speech)))
        print(page_row(rows[-1]), flush=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
