"""The scripts' command line, in this process."""

import pytest

from rnnexp import cli
from rnnexp.config import CONFIGS


def parse(arguments=(), task="regression", **constants):
    return cli.parse(
        f"run_{task}.py", CONFIGS[task], {name.lower(): v for name, v in constants.items()}, list(arguments)
    )


def ended(capsys, arguments=(), task="regression", constants=None):
    """Run a script in this process; return its exit code, and what it wrote."""
    with pytest.raises(SystemExit) as caught:
        cli.run_script(task, {"__file__": f"/somewhere/run_{task}.py", **(constants or {})}, list(arguments))
    output = capsys.readouterr()
    return caught.value.code, output.out, output.err
