"""docs/architecture.md names every folder of the package, and no other."""

import re

from helpers.runs import PROJECT

PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_package_has_a_line_and_every_line_a_package():
    table = re.search(r"^\| in `rnnexp/` \|.*?\n\n", PAGE, re.DOTALL | re.MULTILINE)[0]
    named = [name for row in table.strip().splitlines()[2:] for name in re.findall(r"`([\w/]+)/`", row.split("|")[1])]
    package = PROJECT / "rnnexp"
    there = {path.parent.relative_to(package).as_posix() for path in package.glob("*/**/__init__.py")}
    assert len(there) > 15
    assert set(named) == there
    assert len(named) == len(there)


def test_every_module_at_the_top_is_named():
    for path in (PROJECT / "rnnexp").glob("*.py"):
        assert path.stem.startswith("__") or f"`{path.name}`" in PAGE, path.name


def test_its_layers_are_those_that_lint_checks():
    contract = re.search(r"^layers = \[\n(.*?)^\]", (PROJECT / "pyproject.toml").read_text(), re.DOTALL | re.MULTILINE)[
        1
    ]
    checked = [re.split(r" [|:] ", line.strip(' ",')) for line in contract.splitlines()]
    assert [re.findall(r"`(\w+)`", line) for line in re.findall(r"^\d+\. (.*)$", PAGE, re.MULTILINE)] == checked


def test_the_files_that_it_points_to_are_there():
    for name in re.findall(r"`((?:datasets|layers|network|experiment|tests|data|rnnexp)/[\w/.]+)`", PAGE):
        if "NAME" not in name and not name.startswith("rnnexp/share"):
            assert (PROJECT / name).exists() or (PROJECT / "rnnexp" / name).exists(), name
    for name in re.findall(r"\]\(([\w-]+\.md)\)", PAGE):
        assert (PROJECT / "docs" / name).is_file(), name
