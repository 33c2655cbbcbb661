"""What the exported C takes on emulated chips: instructions a step, flash and RAM, beside the same network in float C.

python benchmarks/microcontroller.py            all chips and networks: a few minutes; needs Debian's packages
                                                gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm,
                                                gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
                                                qemu-system-misc, and gcc-avr avr-libc simavr
python benchmarks/microcontroller.py --update   also writes them to results/microcontroller.json

Instructions are counted by the emulator, cycles on AVR: the same on every machine. A network of random weights takes
as many as a trained one. The first line is the network that ``run_regression.py`` trains by default, with its linear
path. The compiler is told -O2. Float C has the equations as they are, with the C library's functions; on Cortex-M4 it
may use the floating-point unit, which the others do not have.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnnexp.formats.about import About
from rnnexp.formats.c.chips.chip import CHIPS, Chip
from rnnexp.formats.c.files import to_c
from rnnexp.network.architecture import Architecture
from rnnexp.network.layer import Layer
from rnnexp.network.network import Network
from rnnexp.quantization.interpolation import Tables
from rnnexp.quantization.quantizer import quantize
from rnnexp.runtimes.emulator.firmware import Firmware

RESULTS = Path(__file__).parent / "results" / "microcontroller.json"
STEPS = 20
UNITS = (10, 32, 64)
CELLS = ("simple", "lstm", "gru", "lstm-peephole", "fastgrnn")
# What the pages show.
PAGE = ("default", "simple 32", "lstm 32", "gru 32")
# What an AVR of 2 KB of RAM has room for.
SMALL = ("default", "lstm 10", "gru 10")
# Networks that are measured with interpolated tables too, and the chips of the pages' table of them.
LINES = ("lstm 10", "gru 10", "gru 32")
PAGE_OF_LINES = ("Cortex-M0+", "Cortex-M4", "ATmega328P")
# Flags of a chip's floating-point unit.
FLOAT_UNITS = {"Cortex-M4": ("-mfpu=fpv4-sp-d16", "-mfloat-abi=softfp")}

MAIN = """
#include <stdio.h>
#include "count.h"
#include "net.h"

static net_state state;
static volatile unsigned char *lowest;

/* As deep as what is called next goes, and no deeper than the chip's memory. */
static __attribute__((noinline)) void paint(void)
{
    volatile unsigned char here[PAINT];
    int i;
    for (i = 0; i < PAINT; i++) {
        here[i] = 0xA5;
    }
    lowest = here;
}

static __attribute__((noinline)) int painted_over(void)
{
    int i = 0;
    while (i < PAINT && lowest[i] == 0xA5) {
        i++;
    }
    return PAINT - i;
}

int main(void)
{
    static INPUT input[FEATURES];
    uint32_t spent;
    int time, stack;
    net_init(&state);
    net_step(&state, input);
    paint();
    net_step(&state, input);
    stack = painted_over();
    count_from_here();
    for (time = 0; time < TIMES; time++) {
        input[0] = (INPUT)(time % 50);
        net_step(&state, input);
    }
    spent = counted();
    printf("spent %lu stack %d state %d\\n", (unsigned long)spent, stack, (int)sizeof state);
    return 0;
}
"""


@dataclass(frozen=True)
class Measured:
    """What a network takes on a chip.

    Attributes:
        chip: its name.
        network: what it is.
        arithmetic: ``int8``, the same with interpolated tables, or ``float``.
        step: instructions or cycles of a step.
        flash: bytes of code and constants, without the C library.
        state: bytes that are kept from step to step.
        stack: bytes that a step takes besides.
    """

    chip: str
    network: str
    arithmetic: str
    step: float
    flash: int
    state: int
    stack: int


def network(cell: str, units: int, *, path: bool = False) -> Network:
    """Return a network with random weights that keeps its states within bounds."""
    activation = "custom" if cell == "simple" else "tanh"
    architecture = Architecture(STEPS, 1, (Layer(cell, units),), False, 1, activation, linear_path=path)
    random = np.random.default_rng(0)
    weights = [
        # The custom activation works around a quarter, where training starts.
        random.normal(size=shape) * 0.1 + (0.25 if activation == "custom" else 0.0)
        if len(shape) == 1
        else random.normal(size=shape) * 0.5 / shape[0] ** 0.5
        for shape in architecture.shapes.values()
    ]
    return Network.of(architecture, weights)


def networks() -> Iterator[tuple[str, Network]]:
    """Yield names and networks."""
    yield "default", network("simple", UNITS[0], path=True)
    for cell in CELLS:
        for units in UNITS:
            yield f"{cell} {units}", network(cell, units)


def in_integers(real: Network, tables: Tables = "full") -> dict[str, str]:
    """Return the exported C."""
    random = np.random.default_rng(1)
    x = np.tanh(np.cumsum(random.normal(size=(64, STEPS, 1)), axis=1) * 0.2)
    files = to_c(quantize(real, x, tables=tables), "net", About(), np.zeros((1, STEPS, 1), np.int8))
    return {"net.h": files.header, "net.c": files.source}


def in_float(real: Network) -> dict[str, str]:
    """Return the same network in C with float, as it would be written by hand."""
    (layer,), units = real.architecture.layers, real.architecture.layers[0].units
    kernel, recurrent, bias = real.weights[:3]
    arrays = [
        _floats("kernel", kernel[0]),
        _floats("recurrent", recurrent.T.reshape(-1)),
        _floats("bias", np.atleast_2d(bias)[0]),
    ]
    header = (
        "#ifndef NET_H\n#define NET_H\n"
        f"typedef struct {{ float h[{units}]; float c[{units}]; }} net_state;\n"
        "void net_init(net_state *state);\nvoid net_step(net_state *state, const float *input);\n#endif\n"
    )
    return {"net.h": header, "net.c": "\n".join(["#include <math.h>", '#include "net.h"', *arrays, FLOAT[layer.cell]])}


def _floats(name: str, values: Sequence[float] | np.ndarray) -> str:
    return f"static const float {name}[] = {{{', '.join(f'{float(value):.8e}f' for value in values)}}};"


COMMON = """
#define UNITS ((int)(sizeof ((net_state *)0)->h / sizeof(float)))

static float sum_of(int row, const float *h, float input)
{
    const float *weights = recurrent + row * UNITS;
    float sum = bias[row] + kernel[row] * input;
    int i;
    for (i = 0; i < UNITS; i++) {
        sum += weights[i] * h[i];
    }
    return sum;
}

static inline float sigmoid(float value)
{
    return 1.0f / (1.0f + expf(-value));
}

void net_init(net_state *state)
{
    int i;
    for (i = 0; i < UNITS; i++) {
        state->h[i] = state->c[i] = 0.0f;
    }
}
"""
FLOAT = {
    "simple": COMMON
    + """
void net_step(net_state *state, const float *input)
{
    float h[UNITS];
    int i;
    for (i = 0; i < UNITS; i++) {
        const float sum = sum_of(i, state->h, input[0]);
        h[i] = sum <= 0.0f ? 0.0f : sum >= 1.0f ? 1.0f : sqrtf(sum);
    }
    for (i = 0; i < UNITS; i++) {
        state->h[i] = h[i];
    }
}
""",
    "lstm": COMMON
    + """
void net_step(net_state *state, const float *input)
{
    float h[UNITS];
    int i;
    for (i = 0; i < UNITS; i++) {
        const float in = sigmoid(sum_of(i, state->h, input[0]));
        const float forget = sigmoid(sum_of(UNITS + i, state->h, input[0]));
        const float candidate = tanhf(sum_of(2 * UNITS + i, state->h, input[0]));
        const float out = sigmoid(sum_of(3 * UNITS + i, state->h, input[0]));
        state->c[i] = forget * state->c[i] + in * candidate;
        h[i] = out * tanhf(state->c[i]);
    }
    for (i = 0; i < UNITS; i++) {
        state->h[i] = h[i];
    }
}
""",
    "gru": COMMON
    + """
void net_step(net_state *state, const float *input)
{
    float h[UNITS];
    int i;
    for (i = 0; i < UNITS; i++) {
        const float z = sigmoid(sum_of(i, state->h, input[0]));
        const float r = sigmoid(sum_of(UNITS + i, state->h, input[0]));
        const float read = kernel[2 * UNITS + i] * input[0];
        const float candidate = tanhf(read + r * (sum_of(2 * UNITS + i, state->h, input[0]) - read));
        h[i] = z * state->h[i] + (1.0f - z) * candidate;
    }
    for (i = 0; i < UNITS; i++) {
        state->h[i] = h[i];
    }
}
""",
}


def measure(chip: Chip, name: str, arithmetic: str, sources: dict[str, str], times: int) -> Measured:
    """Return what a network takes on a chip.

    Raises:
        UserError: if it does not fit there.
    """
    real = arithmetic == "float"
    unit = FLOAT_UNITS.get(chip.name) if real else None
    macros = {"INPUT": "float" if real else "int8_t", "FEATURES": "1", "TIMES": str(times)}
    # An AVR has 2 KB in all.
    macros["PAINT"] = "600" if chip.unit == "cycles" else "1500"
    head = "#include <stdint.h>\n" + "".join(f"#define {macro} {value}\n" for macro, value in macros.items())
    with tempfile.TemporaryDirectory() as folder:
        # Of integers, without the functions that take real values.
        firmware = Firmware(chip, Path(folder), options=unit or ("-DNET_NO_FLOAT",))
        printed = firmware.run({**sources, "main.c": head + MAIN})
        found = re.search(r"spent (\d+) stack (\d+) state (\d+)", printed)
        if not found:
            raise RuntimeError(f"{chip.name} printed {printed!r}")
        spent, stack, state = map(int, found.groups())
        flash, _ = firmware.sizes("net.c", sources)
    return Measured(chip.name, name, arithmetic, round(spent / times, 1), flash, state, stack)


def page_rows(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the pages' table: a few networks of each chip, int8 beside float."""
    rows, floats = [], {(row["chip"], row["network"]): row for row in found if row["arithmetic"] == "float"}
    for row in found:
        chosen = SMALL if row["chip"].startswith("AT") else PAGE
        if row["arithmetic"] == "int8" and row["network"] in chosen:
            numbers = [f"{row['step']:,.0f}", f"{row['flash']:,}", f"{row['state']} + {row['stack']}"]
            other = floats.get((row["chip"], row["network"]))
            numbers += [f"{other['step']:,.0f}", f"{other['flash']:,}"] if other else ["-", "-"]
            numbers.append(f"{other['step'] / row['step']:.1f}" if other else "-")
            rows.append(f"| {row['chip']} | {row['network']} | {' | '.join(numbers)} |")
    return rows


def table_rows(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the pages' table of interpolated tables, beside full ones."""
    full = {(row["chip"], row["network"]): row for row in found if row["arithmetic"] == "int8"}
    rows = []
    for row in found:
        if "interpolated" in row["arithmetic"] and row["chip"] in PAGE_OF_LINES:
            before = full[row["chip"], row["network"]]
            numbers = [f"{before['flash']:,}", f"{row['flash']:,}", f"{before['step']:,.0f}", f"{row['step']:,.0f}"]
            rows.append(f"| {row['chip']} | {row['network']} | {' | '.join(numbers)} |")
    return rows


def main() -> None:
    """Print and, if asked to, keep what networks take on chips."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    update = parser.parse_args().update
    found = []
    for chip in CHIPS:
        if chip.missing:
            print(f"{chip.name}: not installed: {', '.join(chip.missing)}")
            continue
        print(f"{chip.name}: {chip.unit} a step, bytes of flash, state and stack; the same in float")
        for name, real in networks():
            avr = chip.unit == "cycles"
            if avr and name not in SMALL:
                continue
            # Its float constants would be in RAM, and those of gates do not fit there.
            kinds = [("int8", in_integers(real), 20 if avr else 200)]
            by_hand = real.architecture.layers[0].cell in FLOAT
            kinds += [("float", in_float(real), 5 if avr else 20)] if by_hand and (name == "default" or not avr) else []
            if name in LINES:
                kinds.append(("int8, interpolated tables", in_integers(real, "interpolated"), 20 if avr else 200))
            made = [measure(chip, name, *kind) for kind in kinds]
            found += made
            texts = [f"{one.step:10.1f} {one.flash:7d} {one.state:5d} {one.stack:5d}" for one in made]
            others = [one for one in made if one.arithmetic == "float"]
            times = f"   {others[0].step / made[0].step:5.1f} times" if others else ""
            print(f"  {name:10s} {'   '.join(texts)}{times}", flush=True)
    if update:
        RESULTS.write_text(json.dumps([asdict(made) for made in found], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
