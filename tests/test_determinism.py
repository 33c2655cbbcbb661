"""The same bits on any x86-64: Python starts again with what tells libraries so."""

import os
import platform
import runpy
import shutil
import subprocess
import sys

import pytest
from helpers.runs import PROJECT

from rnnexp import cli, determinism
from rnnexp.config import MemoryConfig
from rnnexp.errors import UserError
from rnnexp.experiment.prepare import prepare

BENCHMARK = PROJECT / "benchmarks" / "determinism.py"
X86 = platform.machine().lower() in ("x86_64", "amd64")

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.skipif(not X86, reason="this is no x86-64")]


def called(monkeypatch, *words):
    """Call the command in this process, and return what it would start in its place."""
    found = []

    def execve(*given):
        found.append(given)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(sys, "argv", ["rnnexp", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, found


@pytest.mark.parametrize("command", [["memory"], ["sweep", "memory", "--seed", "0", "1"]])
def test_the_commands_start_again_with_the_variables(monkeypatch, here, command):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=dump")
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "rnnexp", *command])
    code, ((program, words, variables),) = called(monkeypatch, *command, "--deterministic")
    assert (code, program, words) == (0, sys.executable, [sys.executable, "-m", "rnnexp", *command])
    assert variables["XLA_FLAGS"].startswith("--xla_dump_to=dump --xla_cpu_max_isa=")
    assert variables["PATH"] == os.environ["PATH"]
    assert list(here.iterdir()) == []
    # Once they are there, they stay as they are.
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert determinism.holds()
    assert determinism.environment().items() <= variables.items()


def test_without_it_nothing_starts_again(monkeypatch):
    code, found = called(monkeypatch, "memory", "--no-deterministic", "--epochs", "-1")
    assert (code, found) == (2, [])


def test_on_another_kind_of_machine_it_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    code, found = called(monkeypatch, "memory", "--deterministic")
    assert (code, found) == (2, [])
    assert capsys.readouterr().err == (
        "rnnexp memory: error: DETERMINISTIC is for x86-64, and this machine is aarch64: leave it False; runs on "
        "machines of one kind give the same bits without it\n"
    )


def test_nodes_of_a_cluster_are_refused(monkeypatch, capsys):
    code, found = called(monkeypatch, "sweep", "memory", "--seed", "0", "1", "--deterministic", "--ray", "auto")
    assert (code, found) == (2, [])
    assert "nodes of --ray start Python by themselves" in capsys.readouterr().err


def test_a_program_of_ones_own_is_told_what_is_missing():
    with pytest.raises(UserError, match="the command rnnexp start again with them, other programs do not: XLA_FLAGS='"):
        prepare(MemoryConfig(deterministic=True))


def test_libraries_see_the_variables():
    program = (
        "from rnnexp import determinism; assert determinism.holds(); import threadpoolctl, numpy; "
        "print([one['architecture'] for one in threadpoolctl.threadpool_info() if one['internal_api'] == 'openblas'])"
    )
    variables = {**os.environ, **determinism.environment()}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False)
    assert not done.stderr
    assert done.stdout == "['Sandybridge']\n"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("qemu-x86_64"), reason="there is no qemu-x86_64 (Debian: qemu-user)")
def test_two_processors_same_bits():
    benchmark = runpy.run_path(str(BENCHMARK), run_name="read")
    here, *others = (
        benchmark["run"]("memory-gru", processor, deterministic=True)
        for processor in (benchmark["HERE"], *benchmark["PROCESSORS"])
    )
    assert {other.digest for other in others} == {here.digest}
