"""requirements.txt and poetry.lock are the same set of packages."""

import re

from helpers.runs import PROJECT

LOCK = (PROJECT / "poetry.lock").read_text()
REQUIREMENTS = (PROJECT / "requirements.txt").read_text()
HASH = r"sha256:[0-9a-f]{64}"


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked():
    """(name, version) -> hashes, of the groups main and dev. Parsed by hand: Python 3.10 has no tomllib."""
    packages = {}
    for block in LOCK.split("[[package]]\n")[1:]:
        name, version = (re.search(rf'^{key} = "(.+)"$', block, re.MULTILINE)[1] for key in ("name", "version"))
        groups = re.search(r"^groups = \[(.*)\]$", block, re.MULTILINE)[1]
        if {"main", "dev"} & set(re.findall(r'"(\w+)"', groups)):
            packages[normal(name), version] = set(re.findall(rf'hash = "({HASH})"', block))
    return packages


def required():
    """(name, version) -> hashes."""
    packages = {}
    for entry in REQUIREMENTS.replace("\\\n", " ").splitlines():
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        name, version = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", entry).groups()
        packages.setdefault((normal(name), version), set()).update(re.findall(rf"--hash=({HASH})", entry))
    return packages


def test_the_same_versions():
    assert len(locked()) > 30
    assert set(required()) == set(locked())


def test_the_same_hashes():
    assert all(hashes for hashes in required().values())
    assert required() == locked()


def test_every_package_that_the_project_names_is_there():
    text = (PROJECT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)[1]
    block += re.search(r"^\[tool\.poetry\.group\.dev\.dependencies\]\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)[1]
    named = {normal(name) for name in re.findall(r'^\s*"?([A-Za-z][A-Za-z0-9._-]*)', block, re.MULTILINE)}
    assert {"tensorflow", "numpy", "pytest", "ruff"} <= named
    assert named <= {name for name, _ in required()}


def test_no_host_of_a_registry_is_written_down():
    for line in REQUIREMENTS.splitlines():
        assert "://" not in line
        assert not line.lstrip().startswith(
            ("-i", "--index-url", "--extra-index-url", "--find-links", "--trusted-host")
        )
    assert "[package.source]" not in LOCK
    # A list is an extra of that name, as onnx has one.
    assert not re.search(r'^\s*(url|reference) = "', LOCK, re.MULTILINE)
    assert not re.search(r"\bfile = \"[^\"]*://", LOCK)
