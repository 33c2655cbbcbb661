"""Compiling the exported C in tests, as a user would."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]

COMPILER = shutil.which("cc") is not None

needs_compiler = pytest.mark.skipif(not COMPILER, reason="there is no C compiler `cc` here")


def build_and_run(folder, name, *options):
    """Compile ``<name>.c`` and ``<name>-test.c``, run the self-test, and return the finished process."""
    with tempfile.TemporaryDirectory() as place:
        program = Path(place) / "self-test"
        command = ["cc", *STRICT, *options, "-o", program, f"{name}.c", f"{name}-test.c"]
        built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        return subprocess.run([program], cwd=folder, capture_output=True, text=True, check=False)
