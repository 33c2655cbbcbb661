"""The chips that QEMU and simavr emulate, and how programs are built for them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

STARTUP = Path(__file__).parent / "startup"


@dataclass(frozen=True)
class Chip:
    """A kind of processor on an emulated board.

    Attributes:
        name: as its vendor has it.
        prefix: of its compiler's tools.
        flags: that choose the processor.
        libraries: further flags, for a program that prints numbers of any kind.
        startup: the files that run ahead of ``main``, and the linker's script, in ``startup``.
        emulator: the command; the program's path follows.
        hertz: of the clock that a program counts with, where that is another one than the processor's.
        unit: what is counted.
    """

    name: str
    prefix: str
    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    startup: tuple[str, ...]
    emulator: tuple[str, ...]
    hertz: int = 0
    unit: str = "instructions"

    @property
    def defines(self) -> list[str]:
        """What its start-up files have to know."""
        return [f"-DCLOCK_HERTZ={self.hertz}"] if self.hertz else []

    @property
    def tools(self) -> tuple[str, str]:
        """The compiler and the emulator."""
        return f"{self.prefix}gcc", self.emulator[0]

    @property
    def missing(self) -> list[str]:
        """What has to be installed before it can be emulated."""
        return [tool for tool in self.tools if shutil.which(tool) is None]


def _cortex(name: str, processor: str, board: str, script: str, hertz: int, *flags: str) -> Chip:
    return Chip(
        name,
        "arm-none-eabi-",
        (f"-mcpu={processor}", "-mthumb", *flags),
        ("--specs=nano.specs", "--specs=rdimon.specs", "-Wl,-u,_printf_float"),
        ("cortex-m.S", script),
        ("qemu-system-arm", "-M", board, "-nographic", "-semihosting", "-icount", "shift=0", "-kernel"),
        hertz,
    )


# A board with QEMU's -icount shift=0 takes a nanosecond for each instruction.
CHIPS = (
    _cortex("Cortex-M0", "cortex-m0", "microbit", "small.ld", 16_000_000),
    _cortex("Cortex-M0+", "cortex-m0plus", "mps2-an385", "large.ld", 25_000_000),
    _cortex("Cortex-M3", "cortex-m3", "mps2-an385", "large.ld", 25_000_000),
    _cortex("Cortex-M4", "cortex-m4", "mps2-an386", "large.ld", 25_000_000),
    # With its vectors of integers, but without floating point. gcc has these where registers of that are allowed.
    _cortex("Cortex-M55", "cortex-m55+nofp", "mps3-an547", "large.ld", 32_000_000, "-mfloat-abi=softfp"),
    Chip(
        "RV32IMC",
        "riscv64-unknown-elf-",
        ("-march=rv32imc", "-mabi=ilp32"),
        ("--specs=picolibc.specs", "--oslib=semihost", "--crt0=hosted"),
        ("riscv.ld",),
        (
            "qemu-system-riscv32", "-M", "virt", "-bios", "none", "-nographic", "-semihosting-config",
            "enable=on,target=native", "-icount", "shift=0", "-kernel",
        ),
    ),
    Chip(
        "ATmega328P",
        "avr-",
        ("-mmcu=atmega328p", "-std=gnu99"),
        ("-Wl,-u,vfprintf", "-lprintf_flt"),
        ("avr.c",),
        ("simavr", "-m", "atmega328p", "-f", "16000000"),
        unit="cycles",
    ),
)  # fmt: skip
