"""Compiling the exported C in tests, as a user would."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
SANITIZED = ("-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")

COMPILER = shutil.which("cc") is not None

needs_compiler = pytest.mark.skipif(not COMPILER, reason="there is no C compiler `cc` here")


def build_and_run(folder, name, *options, program="test", compiler="cc"):
    """Compile ``<name>.c`` and ``<name>-<program>.c``, the self-test, run it, and return the finished process."""
    with tempfile.TemporaryDirectory() as place:
        made = Path(place) / "program"
        command = [compiler, *STRICT, *options, "-o", made, f"{name}.c", f"{name}-{program}.c"]
        built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        return subprocess.run([made], cwd=folder, capture_output=True, text=True, check=False)


def run_example(folder, name, *options, compiler="cc"):
    """Compile the example program likewise, run it, which has to find its answers right, and return what it prints."""
    done = build_and_run(folder, name, "-Wconversion", "-Wshadow", *options, program="main", compiler=compiler)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write_files(folder, name, files):
    """Write the texts of a network as ``rnnexp.formats.c`` makes them."""
    for suffix, text in ((".h", files.header), (".c", files.source), ("-test.c", files.test), ("-main.c", files.main)):
        (folder / f"{name}{suffix}").write_text(text, encoding="utf-8")
