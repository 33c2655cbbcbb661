"""docs/add-your-own.md does what it says: its files, lines and tests, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from helpers.runs import PROJECT

PAGE = (PROJECT / "docs" / "add-your-own.md").read_text(encoding="utf-8")
FILE = re.compile(r"`([\w/]+\.py)`(?:, continued)?:\n\n```python\n(.*?)\n```", re.DOTALL)
LINE = re.compile(r"in `([\w/]+\.py)`[^`]*(?:`classification`)?:\n\n```diff\n (.*)\n\+(.*)\n```")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project with everything that the page adds."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("rnnexp", "tests", "data"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", folder)
    texts = {}
    for name, text in FILE.findall(PAGE):
        texts[name] = f"{texts[name]}\n\n\n{text}" if name in texts else text
    for name, text in texts.items():
        assert not (folder / name).exists()
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    for name, before, added in LINE.findall(PAGE):
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(f"{before}\n") == 1
        (folder / name).write_text(text.replace(f"{before}\n", f"{before}\n{added}\n"), encoding="utf-8")
    return folder


def run(project, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=project, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_file_one_line_and_one_test_each(project):
    added = {str(path.relative_to(project)) for path in project.rglob("*.py")}
    added -= {str(path.relative_to(PROJECT)) for name in ("rnnexp", "tests") for path in (PROJECT / name).rglob("*.py")}
    assert added == {
        "rnnexp/datasets/chirps.py",
        "tests/test_datasets_chirps.py",
        "rnnexp/layers/light.py",
        "tests/test_layers_light.py",
    }
    assert [name for name, *_ in LINE.findall(PAGE)] == ["rnnexp/datasets/__init__.py", "rnnexp/network/cells.py"]


def test_the_pages_own_tests_and_those_of_every_cell_pass(project):
    own = ["tests/test_datasets_chirps.py", "tests/test_layers_light.py", "tests/cells/test_registry.py"]
    every = [
        "tests/training/test_model.py",
        "tests/quantization/test_integer_network.py",
        "tests/formats/tflite/int8/test_graph.py",
    ]
    every += ["tests/formats/npz/test_integers.py", "tests/formats/c/test_files.py"]
    told = run(project, "pytest", "-p", "no:cacheprovider", *own, *every, "-k", "light or chirps")
    passed = int(re.search(r"(\d+) passed", told)[1])
    assert passed > 30


def test_the_code_is_as_the_projects_own(project):
    pytest.importorskip("ruff")
    written = [name for name, _ in FILE.findall(PAGE)]
    run(project, "ruff", "check", *written)
    run(project, "ruff", "format", "--check", *written)
