"""Compiling the exported C in tests, as a user would."""

import shutil
import subprocess

import pytest

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]

COMPILER = shutil.which("cc") is not None

needs_compiler = pytest.mark.skipif(not COMPILER, reason="there is no C compiler `cc` here")


def build_and_run(folder, name, *options):
    """Compile ``<name>.c`` and ``<name>-test.c``, run the self-test, and return the finished process."""
    command = ["cc", *STRICT, *options, "-o", "self-test", f"{name}.c", f"{name}-test.c"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return subprocess.run(["./self-test"], cwd=folder, capture_output=True, text=True, check=False)
