"""What SECURITY.md promises of the code itself: nothing in it runs what is in a file, or asks a shell."""

import ast
import re

import pytest
from helpers.runs import PROJECT

SOURCES = sorted((PROJECT / "rnnexp").rglob("*.py"))
PAGE = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
# Modules whose files are programs in disguise, or that write where others can wait for it.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "runpy", "code", "xmlrpc"}
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
METHODS = {"extractall", "mktemp", "system", "popen", "read_pickle", "to_pickle", "unsafe_load", "full_load"}
# Modules that are imported by a name which is not in the code as a text: all names are the package's own.
BY_NAME = {
    "rnnexp/__init__.py",  # what it exports, by its own table
    "rnnexp/network/cells.py",  # the registry of cells
    "rnnexp/datasets/checks/module.py",  # the registry of data sets
    "rnnexp/formats/keras/framework_child.py",  # a table of the package's own layers
}
# Keras reads models by their classes: of the project's own files, which a run has just written, alone.
BY_CLASS = {
    "rnnexp/formats/keras/model.py",  # a run's own model
    "rnnexp/formats/keras/framework_child.py",  # JSON that the package has made, of layers that it knows
}
UNSAFE = {"allow_pickle": True, "shell": True, "safe_mode": False, "weights_only": False}


def name(node):
    """The last part of what is called."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def findings(tree, path=""):
    """Yield what code does that could run what is in a file: the line and what it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from ((node.lineno, each) for each in named if each.partition(".")[0] in MODULES)
        if not isinstance(node, ast.Call):
            continue
        called, plain = name(node.func), isinstance(node.func, ast.Name)
        if (plain and called in CALLS) or (not plain and called in METHODS):
            yield node.lineno, called
        for option in node.keywords:
            if option.arg in UNSAFE and getattr(option.value, "value", object()) == UNSAFE[option.arg]:
                yield node.lineno, f"{option.arg}={UNSAFE[option.arg]}"
        texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
        if called == "import_module" and not texts and path not in BY_NAME:
            yield node.lineno, called
        if called in ("load_model", "deserialize_keras_object", "model_from_json") and path not in BY_CLASS:
            yield node.lineno, called
        if called == "load" and isinstance(node.func, ast.Attribute) and name(node.func.value) == "np":
            options = {option.arg: getattr(option.value, "value", None) for option in node.keywords}
            # A file that is mapped into memory cannot hold objects.
            if options.get("allow_pickle") is not False and not options.get("mmap_mode"):
                yield node.lineno, "np.load without allow_pickle=False"
        if called == "load" and isinstance(node.func, ast.Attribute) and name(node.func.value) == "torch":
            yield node.lineno, "torch.load"


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from marshal import loads", "eval(text)", "exec(text)", "yaml.unsafe_load(text)",
        "archive.extractall(folder)", "np.load(path, allow_pickle=True)", "np.load(path)", "torch.load(path)",
        "subprocess.run(text, shell=True)", "os.system(text)", "importlib.import_module(found)",
        "keras.saving.load_model(path)", "tempfile.mktemp()",
    ],
)  # fmt: skip
def test_what_must_not_be_there_would_be_found(text):
    assert list(findings(ast.parse(text)))


def test_nothing_in_the_package_runs_what_is_in_a_file():
    found = []
    for path in SOURCES:
        short = path.relative_to(PROJECT).as_posix()
        found += [(short, *each) for each in findings(ast.parse(path.read_text(encoding="utf-8")), short)]
    assert found == []


def test_what_is_excepted_is_still_there():
    for path in BY_NAME | BY_CLASS:
        assert re.search("import_module|load_model|deserialize", (PROJECT / path).read_text(encoding="utf-8")), path


def test_the_page_names_files_and_tests_that_there_are():
    named = set(re.findall(r"`((?:rnnexp|tests)/[\w/.]+\.py)`", PAGE))
    assert len(named) >= 10
    assert [path for path in sorted(named) if not (PROJECT / path).is_file()] == []
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert all("tests/" in row for row in rows)


def test_the_tools_that_the_page_names_run_every_night():
    nightly = (PROJECT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8")
    assert "pip-audit --requirement requirements.txt --require-hashes" in nightly
    assert "bandit --configfile pyproject.toml" in nightly
