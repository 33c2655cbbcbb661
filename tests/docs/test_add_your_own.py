"""docs/add-your-own.md does what it says: its files, lines and tests, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter

import pytest
from helpers.runs import PROJECT

PAGE = (PROJECT / "docs" / "add-your-own.md").read_text(encoding="utf-8")
FILE = re.compile(r"`([\w/]+\.py)`(?:, continued)?:\n\n```python\n(.*?)\n```", re.DOTALL)
LINE = re.compile(r"in `([\w/]+\.py)`[^`]*(?:`classification`)?:\n\n```diff\n (.*)\n\+(.*)\n```")
# The page's own tests, and, of those of every cell, the files that it names.
OWN = ["tests/datasets/test_chirps.py", "tests/cells/test_light.py"]
EVERY = [
    "tests/cells/test_registry.py",
    "tests/network/test_network.py",
    "tests/training/test_unit_scale.py",
    "tests/quantization/test_network.py",
    "tests/formats/tflite/int8/test_graph.py",
    "tests/formats/c/test_files.py",
    "tests/formats/npz/test_integers.py",
]


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
        (folder / name).parent.mkdir(exist_ok=True)
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


def test_a_file_or_a_folder_and_one_line_and_one_test_each(project):
    added = {str(path.relative_to(project)) for path in project.rglob("*.py")}
    added -= {str(path.relative_to(PROJECT)) for name in ("rnnexp", "tests") for path in (PROJECT / name).rglob("*.py")}
    assert added == {
        "rnnexp/datasets/chirps.py",
        *(f"rnnexp/cells/light/{name}.py" for name in ("__init__", "cell", "layer", "integers")),
        *OWN,
    }
    assert [name for name, *_ in LINE.findall(PAGE)] == ["rnnexp/datasets/__init__.py", "rnnexp/network/cells.py"]


def test_the_page_names_the_tests_of_every_cell():
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE.split("The rest is tested for whatever is registered")[1])
    assert sorted(named) == sorted(EVERY)


def test_the_pages_own_tests_pass(project):
    told = run(project, "pytest", "-p", "no:cacheprovider", "-rA", *OWN)
    assert set(re.findall(r"^PASSED (tests/[\w/]+\.py)::", told, flags=re.MULTILINE)) == set(OWN)


@pytest.mark.slow
def test_the_pages_own_tests_and_those_of_every_cell_pass(project):
    told = run(project, "pytest", "-p", "no:cacheprovider", "-rA", *OWN, *EVERY, "-k", "light or chirps")
    passed = Counter(re.findall(r"^PASSED (tests/[\w/]+\.py)::", told, flags=re.MULTILINE))
    assert set(passed) == {*OWN, *EVERY}
    assert sum(passed.values()) > 100


def test_the_code_is_as_the_projects_own(project):
    pytest.importorskip("ruff")
    written = [name for name, _ in FILE.findall(PAGE)]
    run(project, "ruff", "check", *written)
    run(project, "ruff", "format", "--check", *written)


def test_its_types_are_checked_as_the_projects_own(project):
    pytest.importorskip("mypy")
    run(project, "mypy", "-p", "rnnexp.cells.light", "-m", "rnnexp.datasets.chirps")
