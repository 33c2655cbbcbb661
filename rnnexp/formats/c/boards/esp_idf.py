"""An ESP-IDF component with an example project."""

from __future__ import annotations

from rnnexp.formats.c.boards.project import Filler, Project, within
from rnnexp.formats.c.boards.sources import Sources


def project(sources: Sources) -> Project:
    """Return the component, in a folder of its own, since that is what ESP-IDF calls a component after."""
    fill, component = Filler("esp-idf", sources), sources.library
    example = f"{component}/examples/predict"
    return Project(
        {
            f"{component}/CMakeLists.txt": fill("CMakeLists.txt"),
            f"{component}/idf_component.yml": fill("idf_component.yml"),
            **within(component, sources.network),
            f"{example}/CMakeLists.txt": fill("project.cmake"),
            f"{example}/sdkconfig.defaults": fill("sdkconfig.defaults"),
            f"{example}/main/CMakeLists.txt": fill("main.cmake"),
            f"{example}/main/main.c": fill("main.c"),
            f"{example}/main/{sources.name}-main.c": sources.main,
        },
        "ESP-IDF 5.0 or later, its environment set up (. export.sh)",
        (
            f"cd {example}",
            "# Or esp32s3, esp32c3, ...:",
            "idf.py set-target esp32",
            "idf.py build",
            "idf.py -p /dev/ttyUSB0 flash monitor",
        ),
    )
