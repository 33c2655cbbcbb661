"""A Zephyr module with a sample."""

from __future__ import annotations

from rnnexp.formats.c.boards.project import Filler, Project, within
from rnnexp.formats.c.boards.sources import Sources

SAMPLE = "samples/predict"


def project(sources: Sources) -> Project:
    """Return the module."""
    fill = Filler("zephyr", sources)
    return Project(
        {
            "zephyr/module.yml": fill("module.yml"),
            "CMakeLists.txt": fill("CMakeLists.txt"),
            "Kconfig": fill("Kconfig"),
            **within("src", sources.network),
            f"{SAMPLE}/CMakeLists.txt": fill("sample.cmake"),
            f"{SAMPLE}/prj.conf": fill("prj.conf"),
            f"{SAMPLE}/sample.yaml": fill("sample.yaml"),
            f"{SAMPLE}/src/main.c": fill("main.c"),
            f"{SAMPLE}/src/{sources.name}-main.c": sources.main,
        },
        "Zephyr 3.7 or later with its SDK, west, and ZEPHYR_BASE naming the folder of Zephyr",
        (
            "# Emulated; Ctrl-A X ends it:",
            f"west build -b qemu_cortex_m3 {SAMPLE} && west build -t run",
            "# On a board, this one or another:",
            f"west build -p -b nrf52840dk/nrf52840 {SAMPLE} && west flash",
        ),
    )
