"""The front end of sound in C: its codes beside those of Python's features, and what it takes on emulated chips.

    python benchmarks/front_end.py FOLDER --models A-int8.tflite B-int8.tflite
                                     all of it; FOLDER has Speech Commands in its official layout, and the models are
                                     int8 networks that were trained on its features
    python benchmarks/front_end.py   what it takes on chips, alone
    ... --update                     also writes what it found to results/front_end.json

Codes are compared on all clips of the test part; means, deviations and the codes' range are of the training part.
Accuracy is that of the same int8 network, from the features that Python makes and from the C's codes. Instructions are
counted by the emulator, the same on every machine; the compiler is told -O2. Beside whole numbers is the same C with
float, and on Cortex-M4 with its floating-point unit.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from rnnexp.datasets.speech_commands.division import Rule
from rnnexp.datasets.speech_commands.folder import scan
from rnnexp.datasets.speech_commands.recipe import FRAMES_MS, Recipe, Statistics
from rnnexp.formats.about import About
from rnnexp.formats.c.chips.chip import CHIPS, Chip
from rnnexp.formats.c.files import to_c
from rnnexp.formats.tflite.int8.reader import from_tflite
from rnnexp.formats.tflite.metadata import read_about
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.preprocessing.features import from_map, spectral
from rnnexp.preprocessing.input_map import SpectralSound, Spectrum
from rnnexp.preprocessing.wav import one_second
from rnnexp.quantization import reference
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.quantization.quantizer import quantize
from rnnexp.quantization.scales import INPUT_CODES, IoBits, affine
from rnnexp.runtimes.c import CompiledNetwork
from rnnexp.runtimes.emulator.firmware import Firmware

RESULTS = Path(__file__).parent / "results" / "front_end.json"
KINDS = [(kind, frames) for kind in ("log-mel", "mfcc") for frames in FRAMES_MS]
CLASSES = 12
# Layers of the networks whose steps are counted: one that listens on and on, and the preset's, which reads a second.
NETWORKS = {
    "GRU of 32": (Layer("gru", 32),),
    "preset: 2 GRUs of 32, both ways": (Layer("gru", 32, "both"), Layer("gru", 32, "both")),
}
FLOAT_UNITS = {"Cortex-M4": ("-mfpu=fpv4-sp-d16", "-mfloat-abi=softfp")}
HERTZ = 100e6
# Frames, behind the first, that are counted.
COUNTED = 5

HEAD = """
#include <stdio.h>
#include "count.h"
#include "net.h"

static volatile unsigned char *lowest;

/* As deep as what is called next goes. */
static __attribute__((noinline)) void paint(void)
{
    volatile unsigned char here[1500];
    int i;
    for (i = 0; i < 1500; i++) {
        here[i] = 0xA5;
    }
    lowest = here;
}

static __attribute__((noinline)) int painted_over(void)
{
    int i = 0;
    while (i < 1500 && lowest[i] == 0xA5) {
        i++;
    }
    return 1500 - i;
}
"""
LISTEN = """
static net_sound sound;
static int16_t wave[NET_FRAME_LENGTH];

static void piece(int32_t count)
{
    static uint32_t noise = 1;
    int32_t i;
    for (i = 0; i < count; i++) {
        noise = noise * 1664525u + 1013904223u;
        wave[i] = (int16_t)((int32_t)noise >> 18);
    }
}

int main(void)
{
    static int8_t codes[NET_FEATURES];
    uint32_t spent = 0;
    int frame, stack = 0;
    net_sound_init(&sound);
    for (frame = 0; frame <= COUNTED; frame++) {
        const int16_t *samples = wave;
        int32_t count = frame ? NET_FRAME_STEP : NET_FRAME_LENGTH;
        piece(count);
        paint();
        count_from_here();
        net_sound_push(&sound, &samples, &count, codes);
        spent += frame ? counted() : 0;
        stack = painted_over();
    }
    printf("spent %lu stack %d state %d\\n", (unsigned long)spent, stack, (int)sizeof sound);
    return 0;
}
"""
STEP = """
int main(void)
{
    static int8_t codes[NET_TIME_STEPS * NET_FEATURES], output[NET_OUTPUTS];
    static MEMORY memory;
    int stack;
    paint();
    RUN;
    stack = painted_over();
    count_from_here();
    RUN;
    printf("spent %lu stack %d state %d\\n", (unsigned long)counted(), stack, (int)sizeof memory);
    return 0;
}
"""


def input_map(spectrum: Spectrum, features: np.ndarray) -> SpectralSound:
    """Return a spectrum's input map, normalised by features ``[n, frames, features]``."""
    mean, deviation = (getattr(features.astype(np.float64), name)((0, 1)).tolist() for name in ("mean", "std"))
    return SpectralSound(**spectrum.to_json(), mean=mean, deviation=deviation)


def clips_of(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the clips of a part, int16 ``[n, samples]``, and the numbers of their classes."""
    skipped: list[str] = []
    found = [pair for file in scan(folder, (), Rule(0.2, 0)).clips(part, skipped) for pair in file]
    return np.stack([one_second(clip) for clip, _ in found]), np.array([number for _, number in found])


def small(sound: SpectralSound, bits: IoBits, limits: tuple[float, float] = (-4.0, 4.0)) -> IntegerNetwork:
    """Return a network of one unit that reads these features, within these limits."""
    made = random_network((Layer("simple", 1),), sound, bits)
    return replace(made, input=affine(limits, "input", INPUT_CODES[bits]))


def random_network(layers: Sequence[Layer], sound: SpectralSound, bits: IoBits = 8) -> IntegerNetwork:
    """Return a network with random weights: its steps take as many instructions as those of a trained one."""
    width, random = len(sound.mean), np.random.default_rng(0)
    architecture = Architecture(sound.frames, width, tuple(layers), False, CLASSES, "tanh", softmax=True)
    weights = [random.normal(size=shape) * 0.5 / shape[0] ** 0.5 for shape in architecture.shapes.values()]
    x = random.normal(size=(8, sound.frames, width)).clip(-4, 4)
    return quantize(Network.of(architecture, weights), x, io_bits=bits)


def codes_in_c(network: IntegerNetwork, sound: SpectralSound, clips: np.ndarray, arithmetic: str) -> np.ndarray:
    """Return the codes of the C, in whole numbers or in float."""
    compiler = os.environ.get("CC", "cc")
    os.environ["CC"] = compiler + (" -DNETWORK_FLOAT_SOUND" if arithmetic == "float" else "")
    try:
        return CompiledNetwork(network, sound).hear(clips)
    finally:
        os.environ["CC"] = compiler


def compared(made: np.ndarray, expected: np.ndarray) -> dict[str, Any]:
    """Return how far codes are from others."""
    apart = np.abs(made.astype(np.int64) - expected)
    return {
        "codes": apart.size,
        "same": float((apart == 0).mean()),
        "within_1": float((apart <= 1).mean()),
        "largest": int(apart.max()),
    }


def deviations(folder: Path) -> list[dict[str, Any]]:
    """Return how far codes of the test part are from those of Python's features."""
    (train, _), (clips, _) = clips_of(folder, "train"), clips_of(folder, "test")
    found = []
    for kind, frames in KINDS:
        unscaled = Recipe(kind, "first", frames, frames).input_map(Statistics(mean=[0.0], deviation=[1.0]))
        sound = input_map(Spectrum(**unscaled.model_dump(exclude={"mean", "deviation"})), spectral(train, unscaled))
        seen, x = from_map(train, sound), from_map(clips, sound)
        for bits in get_args(IoBits):
            network = small(sound, bits, (float(seen.min()), float(seen.max())))
            for arithmetic in ("whole", "float"):
                made = codes_in_c(network, sound, clips, arithmetic)
                row = {"features": kind, "frames": frames, "bits": bits, "arithmetic": arithmetic, "clips": len(clips)}
                found.append(row | compared(made, network.input.encode(x)))
                print(deviation_row(found[-1]), flush=True)
    return found


def accuracies(folder: Path, models: Sequence[Path]) -> list[dict[str, Any]]:
    """Return how often trained networks are right, by features of Python and of C."""
    clips, labels = clips_of(folder, "test")
    found = []
    for path in models:
        content = path.read_bytes()
        about, network = read_about(content), from_tflite(content)
        assert about is not None
        assert isinstance(about.input_map, SpectralSound)
        codes = {"python": network.input.encode(from_map(clips, about.input_map))}
        for arithmetic in ("whole", "float"):
            codes[arithmetic] = codes_in_c(network, about.input_map, clips, arithmetic)
        outputs = {name: reference.run(network, given) for name, given in codes.items()}
        row: dict[str, Any] = {"structure": about.structure, "clips": len(clips)}
        row |= {name: float((made.argmax(axis=-1) == labels).mean()) for name, made in outputs.items()}
        answers = {name: made.argmax(axis=-1) for name, made in outputs.items()}
        row["other_answers"] = int((answers["whole"] != answers["python"]).sum())
        found.append(row | compared(codes["whole"], codes["python"]))
        print(accuracy_row(found[-1]), flush=True)
    return found


def measure(chip: Chip, sources: Mapping[str, str], main: str, options: Sequence[str] = ()) -> tuple[int, int, int]:
    """Return what a program has spent, and the stack and the memory that it takes."""
    with tempfile.TemporaryDirectory() as folder:
        printed = Firmware(chip, Path(folder), options=options).run({**sources, "main.c": main})
    found = re.search(r"spent (\d+) stack (\d+) state (\d+)", printed)
    if not found:
        raise RuntimeError(f"{chip.name} printed {printed!r}")
    spent, stack, state = map(int, found.groups())
    return spent, stack, state


def flash(chip: Chip, sources: Mapping[str, str], options: Sequence[str]) -> int:
    """Return the bytes of code and constants of a network."""
    with tempfile.TemporaryDirectory() as folder:
        return Firmware(chip, Path(folder), options=options).sizes("net.c", sources)[0]


def sources_of(network: IntegerNetwork, about: About) -> dict[str, str]:
    """Return the exported C."""
    files = to_c(network, "net", about, np.zeros((1, network.sequence_length, network.features), np.int8))
    return {"net.h": files.header, "net.c": files.source}


def normalised(kind: Any, frames: Any) -> SpectralSound:
    """Return an input map whose means and deviations are like those of speech."""
    width = 40 if kind == "log-mel" else 10
    made = Recipe(kind, "first", frames, frames).input_map(Statistics(mean=[-2.0] * width, deviation=[3.0] * width))
    assert isinstance(made, SpectralSound)
    return made


def on_chips() -> list[dict[str, Any]]:
    """Return what a frame takes on chips."""
    found = []
    for chip in CHIPS:
        # An AVR's memory is too small for a spectrum.
        if chip.missing or chip.unit == "cycles":
            print(f"{chip.name}: left out {chip.missing}")
            continue
        for kind, frames in KINDS:
            sound = normalised(kind, frames)
            network = small(sound, 8)
            with_sound, without = (sources_of(network, About(input_map=each)) for each in (sound, About().input_map))
            for arithmetic in ("whole", "float"):
                options = ("-DNET_NO_FLOAT",)
                if arithmetic == "float":
                    options += ("-DNET_FLOAT_SOUND", *FLOAT_UNITS.get(chip.name, ()))
                main = f"#define COUNTED {COUNTED}\n{HEAD}{LISTEN}"
                spent, stack, state = measure(chip, with_sound, main, options)
                row = {"chip": chip.name, "features": kind, "frames": frames, "arithmetic": arithmetic}
                row |= {"instructions": spent / COUNTED, "state": state, "stack": stack}
                row["flash"] = flash(chip, with_sound, options) - flash(chip, without, options)
                found.append(row)
            print(chip_row(found[-2], found[-1]), flush=True)
    return found


def loads(measured: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what front end and network take together, of 100 MHz of a Cortex-M4."""
    (chip,) = [chip for chip in CHIPS if chip.name == "Cortex-M4"]
    if chip.missing:
        return []
    found = []
    for name, layers in NETWORKS.items():
        for frames in FRAMES_MS:
            sound = normalised("log-mel", frames)
            network = random_network(layers, sound)
            memory, run = ("net_buffers", "net_run(&memory, codes, output)")
            if network.streams:
                # A clip, step by step.
                step = "net_step(&memory, codes + time * NET_FEATURES);"
                run = f"{{ int time; net_init(&memory); for (time = 0; time < NET_TIME_STEPS; time++) {step} }}"
                memory, run = "net_state", f"{run} net_output(&memory, output)"
            main = f"{HEAD}#define MEMORY {memory}\n#define RUN {run}\n{STEP}"
            spent, stack, state = measure(chip, sources_of(network, About()), main, ("-DNET_NO_FLOAT",))
            (front,) = [
                row["instructions"]
                for row in measured
                if (row["chip"], row["features"], row["frames"], row["arithmetic"])
                == (chip.name, "log-mel", frames, "whole")
            ]
            step = spent / frames
            each_second = 1000 / FRAMES_MS[frames][1]
            row = {"network": name, "frames": frames, "front_end": front, "step": step, "state": state, "stack": stack}
            found.append(row | {"share": (front + step) * each_second / HERTZ})
            print(load_row(found[-1]), flush=True)
    return found


def deviation_row(row: Mapping[str, Any]) -> str:
    """Return the line of a page's table about codes."""
    arithmetic = "" if row["arithmetic"] == "whole" else ", float"
    name = f"{row['features']}, {row['frames']} frames{arithmetic}"
    shares = " | ".join(f"{100 * row[key]:.2f} %" for key in ("same", "within_1"))
    return f"| {name} | int{row['bits']} | {row['codes']:,} | {shares} | {row['largest']} |"


def accuracy_row(row: Mapping[str, Any]) -> str:
    """Return the line of a page's table about accuracy."""
    figures = " | ".join(f"{row[name]:.4f}" for name in ("python", "whole", "float"))
    shares = " | ".join(f"{100 * row[key]:.2f} %" for key in ("same", "within_1"))
    return f"| {row['structure']} | {figures} | {row['other_answers']} of {row['clips']} | {shares} |"


def chip_row(row: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return the line of a page's table about a chip, with float beside."""
    numbers = [f"{row['instructions']:,.0f}", f"{row['flash']:,}", f"{row['state']:,} + {row['stack']}"]
    numbers += [f"{other['instructions']:,.0f}", f"{other['flash']:,}"]
    times = other["instructions"] / row["instructions"]
    return f"| {row['chip']} | {row['features']}, {row['frames']} | {' | '.join(numbers)} | {times:.1f} |"


def page_rows(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the pages' table about chips: log-mel features, whole numbers beside float."""
    chosen = [row for row in found if row["features"] == "log-mel"]
    return [chip_row(*pair) for pair in zip(chosen[::2], chosen[1::2], strict=True)]


def load_row(row: Mapping[str, Any]) -> str:
    """Return the line of a page's table about front end and network together."""
    numbers = " | ".join(f"{row[key]:,.0f}" for key in ("front_end", "step"))
    return f"| {row['network']} | {row['frames']} | {numbers} | {100 * row['share']:.1f} % |"


def main() -> None:
    """Print and, if asked to, keep what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--models", nargs="*", type=Path, default=[])
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if options.folder:
        found["codes"] = deviations(options.folder)
        if options.models:
            found["accuracy"] = accuracies(options.folder, options.models)
    found["chips"] = on_chips()
    found["loads"] = loads(found["chips"])
    if options.update:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
