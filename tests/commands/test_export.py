"""``rnnexp export``: from a run of S&P 500 to projects whose programs answer what ``rnnexp run`` does."""

import csv
import io
import json
import re
import shutil
import sys
from typing import get_args, get_type_hints

import pytest
from helpers.board_projects import built, call, needs, numbers
from helpers.runs import PROJECT, folders, once, run

from rnnexp import cli
from rnnexp.commands.export import Options
from rnnexp.config import RegressionConfig
from rnnexp.formats.c.boards.registry import BOARDS
from rnnexp.formats.c.chips.chip import CHIPS, STARTUP

UNO = next(chip for chip in CHIPS if chip.name == "ATmega328P")
# Of the network's state and of whatever its C has, in an ATmega328P.
MOST_RAM = 60


@pytest.fixture(scope="module")
def default_run(tmp_path_factory):
    """The default network of run_regression.py, hardly trained."""

    def make(path):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(PROJECT)
            return run(RegressionConfig(epochs=1, **folders(path)))

    return once(tmp_path_factory, "default", make)


@pytest.fixture
def command(monkeypatch, capsys):
    """Run ``rnnexp`` and return its exit code, what it prints, and what it says of errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rnnexp", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        output = capsys.readouterr()
        return caught.value.code, output.out, output.err

    return run


@pytest.fixture
def exported(here, default_run, command):
    """Export to a board, and return the project's folder."""

    def export(board, *arguments):
        code, out, errors = command("export", default_run.folder, "--board", board, *arguments)
        assert (code, errors) == (0, "")
        written, rest = out.split("\n\n", 1)
        assert all((here / path).is_file() for path in written.splitlines())
        assert f"cd SP500-custom-{board}\n" in rest
        return here / f"SP500-custom-{board}"

    return export


def predictions(command, finished, source, folder):
    """Return what ``rnnexp run`` says of the sequences in an example's C."""
    values = re.search(r"given\[SEQUENCES\].*?= \{(.*?)\};", source, re.DOTALL)[1]
    rows = [row.strip() for row in re.findall(r"\{(.*?)\}", values, re.DOTALL)]
    (folder / "windows.csv").write_text("\n".join(rows) + "\n")
    model = finished.config.output_dir / "SP500-custom-int8.tflite"
    code, out, errors = command("run", model, folder / "windows.csv")
    assert (code, errors) == (0, "")
    return rows, [float(row["prediction"]) for row in csv.DictReader(io.StringIO(out))]


def test_a_board_of_the_command_is_one_of_the_registry():
    assert get_args(get_args(get_type_hints(Options, include_extras=True)["board"])[0]) == tuple(BOARDS)


@needs("cmake", "cc", "make")
def test_the_program_prints_what_rnnexp_run_does(exported, command, default_run, here):
    folder = exported("cmake")
    source = (folder / "examples" / "SP500-custom-main.c").read_text()
    rows, said = predictions(command, default_run, source, here)
    series = [float(line.split(",")[-1]) for line in (PROJECT / "data" / "SP500.csv").read_text().splitlines()[1:]]
    for row in rows:
        # Raw values, as they are in the file.
        window = [float(value) for value in row.split(",")]
        assert any(series[i : i + len(window)] == window for i in range(len(series)))
    program = built(folder)
    found, expected = numbers(call(program, "./example")).T
    assert found == pytest.approx(said, rel=1e-6)
    assert expected == pytest.approx(said, rel=1e-6)


@pytest.mark.parametrize("name", ["cortex-m4", "rv32imc", "atmega328p"])
def test_an_emulated_chip_prints_what_rnnexp_run_does(exported, command, default_run, here, name):
    (chip,) = [chip for chip in CHIPS if chip.name.lower() == name]
    if chip.missing or not shutil.which("cmake"):
        pytest.skip(f"not installed: {', '.join(chip.missing) or 'cmake'}")
    folder = exported("cmake")
    _, said = predictions(command, default_run, (folder / "examples" / "SP500-custom-main.c").read_text(), here)
    program = built(folder, f"-DCMAKE_TOOLCHAIN_FILE=cmake/{name}.cmake")
    printed = call(program, "cmake", "--build", ".", "--target", "run")
    assert numbers(printed)[:, 0] == pytest.approx(said, rel=1e-6)
    assert "SP500-custom: as expected" in printed
    assert "100% tests passed, 0 tests failed out of 2" in call(program, "ctest")


@needs(*UNO.tools)
def test_the_default_network_in_an_uno(exported, tmp_path):
    """A stream of samples: 42 bytes of state, and nothing else of the network in RAM; all else is the C library's."""
    source = exported("arduino") / "src" / "SP500-custom.c"
    (tmp_path / "stream.c").write_text("""
#include "SP500-custom.h"

static sp500_custom_state state;

int main(void)
{
    volatile int8_t code = 3;
    int8_t input[SP500_CUSTOM_FEATURES] = {code}, output[SP500_CUSTOM_OUTPUTS];
    sp500_custom_init(&state);
    sp500_custom_step(&state, input);
    sp500_custom_output(&state, output);
    return output[0];
}
""")
    flags = [*UNO.flags, "-Os", f"-I{source.parent}"]
    call(tmp_path, "avr-gcc", *flags, "stream.c", source, STARTUP / "avr.c", "-o", "stream.elf")
    variables = re.findall(r"^\w+ (\w+) [bBdD] (\w+)$", call(tmp_path, "avr-nm", "-S", "stream.elf"), re.MULTILINE)
    of_library = {"serial", "__iob"}
    sizes = {name: int(size, 16) for size, name in variables if name not in of_library}
    assert sizes == {"state": 42}
    assert sum(sizes.values()) <= MOST_RAM
    call(tmp_path, "avr-gcc", *flags, "-c", source, "-o", "network.o")
    _, data, bss = map(int, call(tmp_path, "avr-size", "network.o").splitlines()[1].split()[:3])
    assert (data, bss) == (0, 0)


def test_a_network_by_every_name(here, default_run, command):
    models, runs = default_run.config.output_dir, default_run.config.runs_dir
    names = [models / f"SP500-custom{end}" for end in ("-int8.tflite", "-step-int8.tflite", ".h", "-main.c", "")]
    names += [models, default_run.folder, "SP500-custom", default_run.folder.name[:15]]
    for number, name in enumerate(names):
        code, _, errors = command("export", name, "--board", "zephyr", f"to-{number}", "--runs-dir", runs)
        assert (code, errors) == (0, ""), name
        source = here / f"to-{number}" / "src" / "SP500-custom.c"
        assert source.read_bytes() == (models / "SP500-custom.c").read_bytes()


@pytest.mark.parametrize("board", BOARDS)
def test_every_board_has_the_network_unchanged(exported, default_run, board):
    folder = exported(board)
    for name in ("SP500-custom.h", "SP500-custom.c"):
        (path,) = folder.glob(f"**/{name}")
        assert path.read_bytes() == (default_run.folder / name).read_bytes()
    text = (folder / "README.md").read_text()
    assert "SP500-custom: as expected" in text
    assert str(PROJECT) not in text
    listed = json.loads((folder / "rnnexp-export.json").read_text())["files"]
    assert set(listed) == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "rnnexp-export.json"
    }


def test_a_folder_with_other_files_is_left_alone(here, default_run, command):
    (here / "other").mkdir()
    (here / "other" / "notes.txt").write_text("mine")
    code, out, errors = command("export", default_run.folder, "other", "--board", "pico")
    assert (code, out) == (2, "")
    assert "FOLDER: other has files, and no rnnexp-export.json" in errors
    assert [path.name for path in (here / "other").iterdir()] == ["notes.txt"]
    assert command("export", default_run.folder, "other", "--board", "pico", "--force")[0] == 0
    assert (here / "other" / "notes.txt").read_text() == "mine"
    assert (here / "other" / "example" / "main.c").is_file()


def test_an_export_replaces_an_earlier_one_and_nothing_else(here, exported, default_run, command):
    folder = exported("pico")
    (folder / "build").mkdir()
    (folder / "build" / "predict.uf2").write_text("built")
    assert exported("pico") == folder
    # A file that this export no longer has goes, if nobody has changed it.
    manifest = json.loads((folder / "rnnexp-export.json").read_text())
    (folder / "old.c").write_text("old")
    manifest["files"]["old.c"] = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"
    manifest["files"]["../outside"] = manifest["files"]["old.c"]
    (here / "outside").write_text("old")
    (folder / "rnnexp-export.json").write_text(json.dumps(manifest))
    exported("pico")
    assert not (folder / "old.c").exists()
    assert (here / "outside").exists()
    assert (folder / "build" / "predict.uf2").read_text() == "built"
    (folder / "example" / "main.c").write_text("/* my own program */")
    code, out, errors = command("export", default_run.folder, "--board", "pico")
    assert (code, out) == (2, "")
    assert "SP500-custom-pico was exported to earlier, and changed since then: example/main.c;" in errors
    assert (folder / "example" / "main.c").read_text() == "/* my own program */"
    exported("pico", "--force")
    assert "my own" not in (folder / "example" / "main.c").read_text()


def test_what_cannot_be_exported(here, default_run, command):
    (here / "empty").mkdir()
    (here / "two").mkdir()
    for name in ("a", "b"):
        (here / "two" / f"{name}-main.c").write_text("")
    (here / "part").mkdir()
    for end in (".h", "-test.c", "-main.c"):
        (here / "part" / f"net{end}").write_text("")
    (here / "a file").write_text("")
    runs = ("--runs-dir", default_run.config.runs_dir)
    for arguments, message in (
        (["empty", *runs], "empty has no network in C: there is no file NAME-main.c in it"),
        (["two", *runs], "two has several networks: name one of them, two/a, two/b"),
        (["part", *runs], "part does not have net.c, of which a project is made"),
        (["SP500-custum", *runs], "there is no run 'SP500-custum'"),
        (["missing/x-int8.tflite"], "cannot read runs, where runs should be"),
        ([default_run.folder, "a file"], "FOLDER is 'a file'"),
        ([default_run.folder, "/proc/x"], "FOLDER is '/proc'"),
    ):
        code, out, errors = command("export", *arguments, "--board", "cmake")
        assert (code, out) == (2, ""), errors
        assert message in errors.replace(str(here) + "/", ""), errors
        assert "Traceback" not in errors
    code, _, errors = command("export", default_run.folder)
    assert code == 2
    assert "--board" in errors
