"""The wheel, in a fresh environment and an empty folder: what ``pip install rnnexp`` gives a user.

Its dependencies have the versions of requirements.txt, or with the environment variable ``RNNEXP_NEWEST`` the newest
that pip finds.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from helpers.runs import PROJECT

import rnnexp
from rnnexp import starter

pytestmark = pytest.mark.slow
# What the checkout or its environment would lend to the one under test.
LENT = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def call(*command, cwd, code=0):
    """Run a program, see that it ends with ``code``, and return what it printed."""
    env = {name: value for name, value in os.environ.items() if name not in LENT}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == code, f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, PROJECT, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory):
    """The folder with the programs of a fresh environment that has the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", folder, cwd=folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    options = []
    if not os.environ.get("RNNEXP_NEWEST"):
        # Without hashes, since the wheel has none, and extras, which constraints must not have.
        text = re.sub(r"\s*\\\n\s*--hash=\S+", "", (PROJECT / "requirements.txt").read_text())
        (folder / "versions.txt").write_text(re.sub(r"\[\w+\]==", "==", text))
        options = ["--constraint", folder / "versions.txt"]
    # What is never imported need not be compiled.
    call(programs / "python", "-m", "pip", "install", "--quiet", "--no-compile", *options, wheel, cwd=folder)
    yield programs
    shutil.rmtree(folder)  # two gigabytes, which pytest would keep


def test_what_is_in_the_wheel(wheel):
    assert wheel.name == f"rnnexp-{rnnexp.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for name in [*starter.SCRIPTS, "data/README.md", "data/SP500.csv", "data/airline-passengers.csv"]:
            assert archive.read(f"rnnexp/share/{name}") == (PROJECT / name).read_bytes()
        assert archive.read(f"rnnexp-{rnnexp.__version__}.dist-info/licenses/LICENSE")
    modules = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "rnnexp").rglob("*.py")}
    assert modules <= names
    assert "rnnexp/py.typed" in names
    assert not {name for name in names if name.startswith(("tests/", "data/", "run_"))}


def test_the_commands_in_an_empty_folder(programs, tmp_path):
    command = programs / "rnnexp"
    assert call(command, "--version", cwd=tmp_path) == f"rnnexp {rnnexp.__version__}\n"
    assert call(programs / "python", "-m", "rnnexp", "--version", cwd=tmp_path) == f"rnnexp {rnnexp.__version__}\n"
    code = "import rnnexp; print(rnnexp.__file__, rnnexp.RegressionConfig.__name__)"
    place, name = call(programs / "python", "-c", code, cwd=tmp_path).split()
    assert (str(programs.parent) in place, name) == (True, "RegressionConfig")
    assert "did you mean 'SP500'" in call(command, "regression", "--dataset-name", "SP50", cwd=tmp_path, code=2)
    assert list(tmp_path.iterdir()) == []

    assert "persistence" in call(command, "regression", "--epochs", "2", cwd=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs", "tflite_models"]
    report = json.loads((tmp_path / "tflite_models" / "SP500-custom-report.json").read_text())
    assert report["data"]["units"] == "index points"
    assert report["versions"]["rnnexp"] == rnnexp.__version__
    assert set(report["models"]["int8"]) >= {"file", "bytes", "metrics"}
    model = tmp_path / "tflite_models" / "SP500-custom-int8.tflite"
    assert "WHILE" in call(command, "inspect", model, cwd=tmp_path)


def test_a_folder_made_by_init(programs, tmp_path):
    assert "python run_regression.py" in call(programs / "rnnexp", "init", "mine", cwd=tmp_path)
    there = tmp_path / "mine"
    assert {*starter.SCRIPTS, "data"} == {path.name for path in there.iterdir()}
    assert "memory" in call(programs / "python", "run_memory.py", "--epochs", "1", cwd=there)
    model = there / "tflite_models" / "memory-tanh-int8.tflite"
    assert model.stat().st_size > 0
    assert "run_memory.py" in call(programs / "rnnexp", "init", "mine", cwd=tmp_path, code=2)
