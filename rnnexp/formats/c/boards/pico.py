"""A project for the Raspberry Pi Pico with its C SDK."""

from __future__ import annotations

from rnnexp.formats.c.boards.project import Filler, Project, within
from rnnexp.formats.c.boards.sources import Sources


def project(sources: Sources) -> Project:
    """Return the project."""
    fill = Filler("pico", sources)
    return Project(
        {
            "CMakeLists.txt": fill("CMakeLists.txt"),
            **within("src", sources.network),
            **within("example", {"main.c": fill("main.c"), f"{sources.name}-main.c": sources.main}),
        },
        "CMake, gcc-arm-none-eabi, and the Pico SDK, with PICO_SDK_PATH naming its folder",
        (
            "# Or pico_w, pico2, ...:",
            "cmake -S . -B build -DPICO_BOARD=pico",
            "cmake --build build",
            "# Or copy it to the drive of a Pico that was begun with BOOTSEL pressed:",
            "picotool load -f build/predict.uf2",
            "cat /dev/ttyACM0",
        ),
    )
