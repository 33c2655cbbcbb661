"""A PlatformIO project for several boards: the network as a library, and the example as a sketch."""

from __future__ import annotations

from rnnexp.formats.c.boards.project import Filler, Project, within
from rnnexp.formats.c.boards.sketch import header, sketch
from rnnexp.formats.c.boards.sources import Sources


def project(sources: Sources) -> Project:
    """Return the project.

    Raises:
        UserError: if no sketch can be made of the example.
    """
    fill, library = Filler("platformio", sources), f"lib/{sources.library}"
    return Project(
        {
            "platformio.ini": fill("platformio.ini"),
            "src/main.cpp": f"#include <Arduino.h>\n\n{sketch(sources)}",
            f"{library}/library.json": fill("library.json", dashed=sources.library.replace("_", "-")[-50:].strip("-")),
            **within(f"{library}/src", {**sources.network, **header(sources)}),
        },
        "PlatformIO (pip install platformio), which fetches compilers and frameworks by itself",
        (
            "# Or nano33ble, esp32dev, pico; platformio.ini has them, and takes others:",
            "pio run -e uno",
            "pio run -e uno -t upload",
            "pio device monitor -b 115200",
        ),
    )
