"""The exported C has nothing that gcc, clang or cppcheck warns of."""

import shutil
import subprocess

import pytest
from helpers.c_compiler import STRICT, write_files
from helpers.c_networks import NETWORKS, written

from rnnexp.network.activations import ACTIVATIONS

PROGRAMS = ("net.c", "net-test.c", "net-main.c")
CHECKERS = {
    "gcc": ["gcc", *STRICT, "-Wconversion", "-Wshadow", "-O2", "-c", "-o", "one.o"],
    "clang": ["clang", *STRICT, "-Wconversion", "-Wshadow", "-O2", "-c", "-o", "one.o"],
    "cppcheck": [
        "cppcheck", "--std=c99", "--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet",
        "--suppress=missingIncludeSystem",
    ],
}  # fmt: skip


def needed(command):
    return pytest.mark.skipif(shutil.which(command[0]) is None, reason=f"not installed: {command[0]}")


@pytest.mark.parametrize(
    "command", [pytest.param(command, marks=needed(command), id=name) for name, command in CHECKERS.items()]
)
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_warned_of(tmp_path, name, command):
    if command[0] == "cppcheck" and name in ACTIVATIONS:
        pytest.skip("its C is that of other networks but for a table, and cppcheck takes seconds")
    write_files(tmp_path, "net", written(name))
    for program in PROGRAMS:
        done = subprocess.run([*command, program], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), program
