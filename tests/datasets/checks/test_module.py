"""Modules that are none of a data set are refused without a traceback."""

import sys

import pytest

from rnnexp import datasets
from rnnexp.config import CONFIGS
from rnnexp.errors import UserError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import nothing_like_it\n",
            r"imported: ModuleNotFoundError: No module named 'nothing_like_it' \(.*, line 1\)",
        ),
        ("def load(config:\n", r"module own_data, which cannot be imported: SyntaxError: .*own_data.py, line 1"),
        ("x = 1\ny = x / 0\n", r"imported: ZeroDivisionError: division by zero \(.*own_data.py, line 2\)"),
        ("def laod(config): ...\n", r"the module own_data has no function load\(config\); its functions are: laod"),
        ("def load(): ...\n", r"load\(\) in own_data must take the settings, load\(config\): too many positional"),
        ("def load(config): return [1]\n", r"load\(\) in own_data returned list, expected a Dataset"),
        ("def load(config): ...\n", r"load\(\) in own_data returned NoneType, expected a Dataset"),
        (
            "from rnnexp.datasets.dataset import Dataset\ndef load(config): return Dataset(name='mine')\n",
            r"load\(\) in own_data: Dataset.__init__\(\) missing \d+ required positional arguments: 'task', 'train'",
        ),
        (
            "from rnnexp.datasets.dataset import Split\ndef load(config): return Split(1, labels=2)\n",
            r"load\(\) in own_data: Split.__init__\(\) got an unexpected keyword argument 'labels'",
        ),
    ],
)
def test_a_module_that_is_none_of_a_data_set(tmp_path, monkeypatch, text, message):
    (tmp_path / "own_data.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_data", raising=False)
    monkeypatch.setitem(datasets.LOADERS["regression"], "mine", "own_data")
    with pytest.raises(UserError, match=f"data set 'mine': .*{message}"):
        datasets.load(CONFIGS["regression"](dataset_name="mine"))
    sys.modules.pop("own_data", None)


def test_a_module_that_is_not_there(monkeypatch):
    monkeypatch.setitem(datasets.LOADERS["regression"], "mine", "rnnexp.datasets.mien")
    with pytest.raises(
        UserError, match=r"module rnnexp.datasets.mien, which cannot be .*named 'rnnexp.datasets.mien'$"
    ):
        datasets.load(CONFIGS["regression"](dataset_name="mine"))


def test_what_goes_wrong_inside_of_load_keeps_its_traceback(load):
    def broken(config):  # noqa: ARG001
        return [] + 1

    with pytest.raises(TypeError, match="can only concatenate list"):
        load(broken)
