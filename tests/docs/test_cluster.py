"""docs/cluster.md and docs/cluster.ja.md: every sweep in them is one, and Ray takes what they tell it."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.pages import blocks
from helpers.runs import PROJECT
from helpers.sweeps import HereAndNow

from rnnexp.commands import sweep
from rnnexp.experiment.sweep import cluster, luggage, remote
from rnnexp.experiment.sweep.definition import Definition

PAGES = ("cluster.md", "cluster.ja.md")
# Of the cluster that the job has here: not where one may be already.
PORT = 6391


def code(page, *kinds):
    return [text for _, text in blocks(page, *kinds)]


def sweeps():
    """The sweeps of the page, as words."""
    text = "\n".join(code(PAGES[0], "sh", "bash"))
    return [shlex.split(line) for line in re.findall(r"rnnexp (sweep .*--ray (?:auto|\"\$head:6379\"))", text)]


@pytest.fixture
def trained(here, monkeypatch):  # noqa: ARG001 (the current folder is the test's own)
    """Address -> the trials that were started there; what they come to is arithmetic."""
    found = {}

    @contextmanager
    def connect(address):
        yield address

    def make(address, count, *_):
        executor = HereAndNow(most=count)
        found.setdefault(address, []).append(executor)
        return executor

    monkeypatch.setattr(cluster, "Cluster", connect)
    monkeypatch.setattr(remote, "RayExecutor", make)
    return lambda: {address: [job for own in made for job in own.started] for address, made in found.items()}


def test_both_pages_have_the_same_commands():
    assert blocks(PAGES[0], "sh", "bash", "yaml") == blocks(PAGES[1], "sh", "bash", "yaml")


@pytest.mark.parametrize(("number", "address", "least"), [(0, "auto", 45), (1, "$head:6379", 500), (2, "auto", 100)])
def test_every_command_is_a_sweep(trained, number, address, least):
    commands = sweeps()
    assert len(commands) == 3
    verb, *arguments = commands[number]
    assert verb == "sweep"
    assert sweep.main([*arguments, "--keep", "none", "--quiet"]) == 0
    assert list(trained()) == [address]
    assert len(trained()[address]) >= least


def test_a_script_can_have_it_and_it_is_no_other_sweep():
    assert '"RAY": "auto"' in (PROJECT / "docs" / PAGES[0]).read_text()
    options, settings = sweep._options("script", [], {"RAY": "auto", "SEED": [0, 1]})
    assert (options.ray, settings) == ("auto", {"seed": [0, 1]})
    assert "ray" not in Definition.__dataclass_fields__


def test_versions_and_limits_are_those_that_there_are():
    (wanted,) = re.findall(r'^ray = \{ version = "(.+?)"', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    for page in PAGES:
        text = (PROJECT / "docs" / page).read_text(encoding="utf-8")
        assert set(re.findall(r"ray\[\w+\](>=[\d.]+)", text)) == {wanted}
        assert re.search(rf"{cluster.ANSWERS_WITHIN:.0f}( s|\s*秒)", text)
        assert f"{luggage.MOST_BYTES // 2**30} GB" in text


def test_ray_takes_the_cloud():
    util = pytest.importorskip("ray.autoscaler._private.util", reason="Ray is not installed")
    yaml = pytest.importorskip("yaml")
    (text,) = code(PAGES[0], "yaml")
    config = util.prepare_config(yaml.safe_load(text))
    util.validate_config(config)
    assert config["available_node_types"]["worker"]["min_workers"] == 8


# Of the batch system: nodes are this machine, again and again; what is to run elsewhere runs here.
SHIMS = {
    "scontrol": "#!/bin/sh\necho 127.0.0.1\necho other\n",
    "srun": '#!/bin/bash\nwhile [[ $1 == --* ]]; do shift; done\nexec "$@" --object-store-memory=100000000\n',
    "rnnexp": f'#!/bin/bash\nexec {sys.executable} -m rnnexp "$@" --epochs 1 --keep none --sampler random\n',
}


def answers():
    """Tell whether the job's head is there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", PORT)) == 0


@pytest.mark.slow
def test_the_job_for_slurm_has_its_nodes_and_ends(here):
    pytest.importorskip("ray", reason="Ray is not installed (poetry install --with cluster)")
    (script,) = code(PAGES[0], "bash")
    # Another port, where nobody else's cluster is, and fewer trials.
    script = script.replace("6379", str(PORT)).replace("--trials 200 --seed 0 1 2", "--trials 3 --seed 0 1")
    shims = here / "shims"
    shims.mkdir()
    for name, text in SHIMS.items():
        (shims / name).write_text(text)
        (shims / name).chmod(0o755)
    path = os.pathsep.join([str(shims), str(Path(sys.executable).parent), os.environ["PATH"]])
    slurm = {"SLURM_JOB_NODELIST": "n[1-2]", "SLURM_JOB_NUM_NODES": "2", "SLURM_CPUS_PER_TASK": "1"}
    job = subprocess.Popen(
        ["bash", "-c", script],
        cwd=here,
        env={**os.environ, **slurm, "PATH": path, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = (here / "log.txt").open("w")
    try:
        for line in job.stdout:
            print(line, end="", file=output, flush=True)
            if "results.csv" in line or line.startswith("rnnexp sweep:"):
                break
    finally:
        # As Slurm does with what is left of a job.
        os.killpg(job.pid, signal.SIGTERM)
        output.close()
        while answers():
            time.sleep(0.5)
    (results,) = here.glob("sweeps/*/results.csv")
    assert results.read_text().count(",done,") == 6
