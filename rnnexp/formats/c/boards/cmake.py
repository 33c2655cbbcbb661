"""A plain CMake project: a library, an example and a self-test, for the machine at hand and for chips and emulators."""

from __future__ import annotations

from rnnexp.formats.c.boards.project import Filler, Project, within
from rnnexp.formats.c.boards.sources import Sources
from rnnexp.formats.c.chips.chip import CHIPS, STARTUP, Chip


def project(sources: Sources) -> Project:
    """Return the project."""
    fill = Filler("cmake", sources)
    scripts = {"sections.ld"} | {name for chip in CHIPS for name in chip.startup}
    return Project(
        {
            "CMakeLists.txt": fill("CMakeLists.txt"),
            **within("src", sources.network),
            f"examples/{sources.name}-main.c": sources.main,
            f"tests/{sources.name}-test.c": sources.test,
            **{f"cmake/{file_name(chip)}.cmake": _toolchain(fill, chip) for chip in CHIPS},
            **{f"startup/{name}": (STARTUP / name).read_text(encoding="utf-8") for name in sorted(scripts)},
        },
        "CMake 3.16 and a C compiler; for chips the compilers of Debian's packages gcc-arm-none-eabi "
        "libnewlib-arm-none-eabi, gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf, gcc-avr avr-libc; to emulate "
        "them qemu-system-arm, qemu-system-misc, simavr",
        (
            "cmake -S . -B build",
            "cmake --build build",
            "cmake --build build --target run",
            "cmake --build build --target test",
            "",
            f"# For a chip, and run by its emulator; there are {', '.join(map(file_name, CHIPS))}:",
            "cmake -S . -B build-m4 -DCMAKE_TOOLCHAIN_FILE=cmake/cortex-m4.cmake",
            "cmake --build build-m4 && cmake --build build-m4 --target run",
        ),
    )


def file_name(chip: Chip) -> str:
    """Return the name of a chip's file, without suffix."""
    return chip.name.lower().replace("+", "plus")


def _toolchain(fill: Filler, chip: Chip) -> str:
    specs = [flag for flag in chip.libraries if flag.startswith("--specs")]
    scripts = [name for name in chip.startup if name.endswith(".ld")]
    return fill(
        "toolchain.cmake",
        chip=chip.name,
        compiler=f"{chip.prefix}gcc",
        # Of the language, CMakeLists.txt says which standard.
        flags=" ".join([*(flag for flag in chip.flags if not flag.startswith("-std")), *specs]),
        startup=" ".join(f'"${{startup}}/{name}"' for name in chip.startup if name not in scripts),
        link=" ".join(
            [
                *(flag for flag in chip.libraries if flag not in specs),
                '"-L${startup}"',
                *(f'"-T${{startup}}/{name}"' for name in scripts),
            ]
        ),
        emulator=" ".join(chip.emulator),
    )
