"""What ``import rnnexp`` gives, what it costs, and where the version and the shipped files are."""

import subprocess
import sys
from importlib import metadata

import pytest
from helpers.runs import PROJECT

import rnnexp
from rnnexp import config, starter
from rnnexp.experiment import run as experiment
from rnnexp.formats.npz import reader
from rnnexp.network import network
from rnnexp.report import file
from rnnexp.version import version

# ---- the public names


def test_every_public_name_is_there_and_listed():
    assert rnnexp.run is experiment.run
    assert rnnexp.RegressionConfig is config.RegressionConfig
    assert rnnexp.load is reader.load
    assert rnnexp.Network is network.Network
    assert rnnexp.read_report is file.read_report
    for name in rnnexp.__all__:
        assert getattr(rnnexp, name)
    assert set(rnnexp.__all__) <= set(dir(rnnexp))


def test_any_other_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'rnnexp' has no attribute 'RegresionConfig'"):
        _ = rnnexp.RegresionConfig


def test_importing_the_package_alone_loads_nothing_else():
    code = "import sys; before = set(sys.modules); import rnnexp; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "rnnexp" in loaded
    assert loaded - {"rnnexp"} <= sys.stdlib_module_names


# ---- the version


def checkout(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    return version(tmp_path / "rnnexp")


def test_a_checkout_has_the_version_of_its_pyproject(tmp_path):
    text = (PROJECT / "pyproject.toml").read_text()
    assert text.count(f'\nversion = "{rnnexp.__version__}"\n') == 1
    changed = text.replace(f'\nversion = "{rnnexp.__version__}"\n', '\nversion = "12.3.4rc5"\n')
    assert checkout(tmp_path, changed) == "12.3.4rc5"


def test_an_installed_package_has_the_version_of_its_metadata(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: {"rnnexp": "7.8.9"}[name])
    assert version(tmp_path / "rnnexp") == "7.8.9"
    assert checkout(tmp_path, '[project]\nname = "another"\nversion = "1.0"\n') == "7.8.9"


# ---- the shipped files


def test_a_checkout_has_the_scripts_and_the_data_at_its_top():
    assert starter.folder() == PROJECT
    assert sorted(path.name for path in PROJECT.glob("run_*.py")) == sorted(starter.SCRIPTS)


def test_an_installed_package_has_them_inside(tmp_path, monkeypatch):
    monkeypatch.setattr(starter, "__file__", str(tmp_path / "rnnexp" / "starter.py"))
    assert starter.folder() == tmp_path
    (tmp_path / "rnnexp" / "share").mkdir(parents=True)
    assert starter.folder() == tmp_path / "rnnexp" / "share"
