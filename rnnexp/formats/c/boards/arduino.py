"""An Arduino library with an example sketch, in the format of the Arduino Library Specification (1.5)."""

from __future__ import annotations

from rnnexp.formats.c.boards.project import Filler, Project, within
from rnnexp.formats.c.boards.sketch import header, sketch
from rnnexp.formats.c.boards.sources import Sources


def project(sources: Sources) -> Project:
    """Return the library.

    Raises:
        UserError: if no sketch can be made of the example.
    """
    fill = Filler("arduino", sources)
    return Project(
        {
            "library.properties": fill("library.properties"),
            "keywords.txt": fill("keywords.txt"),
            **within("src", {**sources.network, **header(sources)}),
            "examples/Predict/Predict.ino": sketch(sources),
        },
        "the Arduino IDE, or arduino-cli with the core of your board (arduino:avr for an Uno)",
        (
            "arduino-cli compile --fqbn arduino:avr:uno --library . examples/Predict",
            "arduino-cli upload --fqbn arduino:avr:uno -p /dev/ttyACM0 examples/Predict",
            "arduino-cli monitor -p /dev/ttyACM0 --config baudrate=115200",
        ),
    )
