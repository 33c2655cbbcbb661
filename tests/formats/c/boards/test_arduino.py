"""The Arduino library and the PlatformIO project: the sketch on an emulated Uno, and files as their formats have it."""

import configparser
import json
import re

import pytest
from helpers.board_projects import (
    FRAMEWORKS,
    JAPANESE,
    call,
    needs,
    numbers,
    of_classes,
    of_codes,
    of_lengths,
    of_values,
    of_words,
    project,
)

from rnnexp.errors import UserError
from rnnexp.formats.c.boards.registry import make
from rnnexp.formats.c.boards.sources import Sources
from rnnexp.formats.c.chips.chip import CHIPS, STARTUP

UNO = next(chip for chip in CHIPS if chip.name == "ATmega328P")
M0 = next(chip for chip in CHIPS if chip.name == "Cortex-M0+")
NETWORKS = [
    of_values(), of_values(JAPANESE), of_classes("two words"), of_codes("3rd"), of_lengths("lengths"), of_words("words")
]  # fmt: skip
# The Arduino Library Specification: what has to be there, and what a category may be.
FIELDS = ("name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures")
CATEGORIES = (
    "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
    "Data Processing", "Other",
)  # fmt: skip


def program(folder, chip, sketch, library):
    """Compile a sketch as Arduino does, for a chip, and return the path of the program."""
    stub = FRAMEWORKS / "arduino"
    flags = [
        flag for flag in (*chip.flags, *chip.libraries, "-Os", "-Wall", "-Wextra", "-Werror") if "-std" not in flag
    ]
    (folder / "sketch.cpp").write_text(f"#include <Arduino.h>\n#line 1\n{sketch.read_text()}")
    includes = [f"-I{stub}", f"-I{library}"]
    plain = [*sorted(library.glob("*.c")), *(STARTUP / name for name in chip.startup if name.endswith((".c", ".S")))]
    for number, path in enumerate(plain):
        call(folder, f"{chip.prefix}gcc", "-std=gnu11", *flags, *includes, "-c", path, "-o", f"{number}.o")
    for name in (folder / "sketch.cpp", stub / "core.cpp"):
        options = ["-std=gnu++11", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"]
        call(folder, f"{chip.prefix}g++", *options, *flags, *includes, "-c", name, "-o", f"{name.stem}.o")
    scripts = [f"-T{STARTUP / name}" for name in chip.startup if name.endswith(".ld")]
    objects = [f"{number}.o" for number in range(len(plain))]
    # Debian's compiler for Arm comes without the C++ library, of which nothing is used.
    call(folder, f"{chip.prefix}gcc", *flags, *objects, "sketch.o", "core.o", f"-L{STARTUP}", *scripts, "-o", "out.elf")
    return folder / "out.elf"


@needs(*UNO.tools, "avr-g++")
@pytest.mark.parametrize("sources", NETWORKS, ids=lambda made: made.prefix)
def test_the_sketch_runs_on_an_uno(tmp_path, sources):
    folder = project(tmp_path, "arduino", sources)
    sketch = folder / "examples" / "Predict" / "Predict.ino"
    printed = call(tmp_path, *UNO.emulator, program(tmp_path, UNO, sketch, folder / "src"))
    assert f"{sources.name if sources.name.isascii() else ''}: as expected" in printed
    made, expected = numbers(printed).T
    assert len(made) >= 4
    assert made == pytest.approx(expected, rel=2e-6)


@needs(*M0.tools, "arm-none-eabi-g++")
def test_the_sketch_runs_on_a_chip_of_32_bits(tmp_path):
    folder = project(tmp_path, "platformio", of_classes())
    made = program(tmp_path, M0, folder / "src" / "main.cpp", folder / "lib" / "my_net_network" / "src")
    printed = call(tmp_path, *M0.emulator, made)
    assert '"no" %d: 0.' in printed or "left: 0." in printed or "right: 0." in printed
    assert "my-net: as expected" in printed


@needs(*UNO.tools, "avr-g++")
def test_numbers_of_the_sketch_stay_in_flash(tmp_path):
    """Values and what is expected of a sketch with 4 sequences of 9 floats would take 160 bytes."""
    folder = project(tmp_path, "arduino", of_values())
    sketch = folder / "examples" / "Predict" / "Predict.ino"
    found = call(tmp_path, "avr-nm", "-S", program(tmp_path, UNO, sketch, folder / "src"))
    in_ram = {name for kind, name in re.findall(r" (\w) (\w+)$", found, re.MULTILINE) if kind in "bBdD"}
    assert {"_ZL6window", "_ZL4made", "_ZL6wanted"} <= in_ram
    assert not {name for name in in_ram if "given" in name or "expected" in name}


@pytest.mark.parametrize("sources", [*NETWORKS, of_values("Arduino" + 80 * "x")], ids=lambda made: made.prefix[:20])
def test_the_library_is_as_the_specification_has_it(tmp_path, sources):
    folder = project(tmp_path, "arduino", sources)
    lines = (folder / "library.properties").read_text(encoding="utf-8").splitlines()
    found = dict(line.split("=", 1) for line in lines)
    assert all(found[field].strip() for field in FIELDS)
    assert re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", found["name"])
    assert not found["name"].lower().startswith("arduino")
    assert not found["maintainer"].lower().startswith("arduino")
    assert re.fullmatch(r"\d+\.\d+\.\d+", found["version"])
    assert found["category"] in CATEGORIES
    assert re.fullmatch(r"https?://[\w./-]+", found["url"])
    assert (folder / "src" / found["includes"]).is_file()
    (sketch,) = folder.glob("examples/*/*.ino")
    assert sketch.stem == sketch.parent.name
    assert f"#include <{found['includes']}>" in sketch.read_text(encoding="utf-8")
    for line in (folder / "keywords.txt").read_text().splitlines():
        assert re.fullmatch(r"#.*|\w+\t(KEYWORD[123]|LITERAL1)", line)


@pytest.mark.parametrize("sources", NETWORKS, ids=lambda made: made.prefix)
def test_the_platformio_project_is_as_its_documentation_has_it(tmp_path, sources):
    folder = project(tmp_path, "platformio", sources)
    found = configparser.ConfigParser()
    found.read(folder / "platformio.ini", encoding="utf-8")
    environments = [name for name in found.sections() if name.startswith("env:")]
    assert f"env:{found['platformio']['default_envs']}" in environments
    assert {"env:uno", "env:nano33ble", "env:esp32dev", "env:pico"} == set(environments)
    assert found["env"]["framework"] == "arduino"
    assert all({"platform", "board"} == set(found[name]) for name in environments)
    (manifest,) = folder.glob("lib/*/library.json")
    library = json.loads(manifest.read_text(encoding="utf-8"))
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", library["name"])
    assert len(library["name"]) <= 50
    assert re.fullmatch(r"\d+\.\d+\.\d+", library["version"])
    assert len(library["description"]) <= 255
    assert (manifest.parent / "src" / library["headers"]).is_file()
    assert (folder / "src" / "main.cpp").read_text(encoding="utf-8").startswith("#include <Arduino.h>\n")


def test_of_an_earlier_versions_example_no_sketch_is_made():
    made = of_values()
    before = Sources(made.name, made.header, made.source, made.test, made.main.replace("static int answer(", "int x("))
    for board in ("arduino", "platformio"):
        with pytest.raises(UserError, match="it was written by an earlier version of rnnexp; run"):
            make(board, before)
    assert make("cmake", before).files
