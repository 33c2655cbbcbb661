"""Sweeps on Ray clusters, with real raylets on this machine, and where there is no cluster to be found."""

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from helpers.cluster import Driver, cluster
from helpers.runs import PROJECT, wave, write_series

from rnnexp.commands.sweep import main
from rnnexp.errors import UserError

SMALL = ["--epochs", "3", "--hidden-size", "4", "--qat-epochs", "2", "--gap-limit", "1e-6"]


def rows(folder):
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def trials(folder, *axes):
    return [tuple(row[name] for name in (*axes, "seed")) for row in rows(folder)]


def test_without_ray_it_says_how_to_install_it(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"--ray needs Ray, which is not installed: install it with 'pip install ray'"):
        main(["memory", "--activation", "relu", "tanh", "--ray", "auto"])
    assert not list(here.glob("sweeps/*"))


def test_ray_is_not_loaded_unless_it_is_asked_for(here):
    program = "import sys; from rnnexp.commands.sweep import main; main(sys.argv[1:]); print(*sys.modules)"
    arguments = ["memory", "--epochs", "0", "--memory-n", "8", "--memory-signal-length", "60", "--seed", "0", "1"]
    command = [sys.executable, "-c", program, *arguments, "--keep", "none", "--workers", "1"]
    done = subprocess.run(
        command, cwd=here, env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.splitlines()[-1].split()
    assert "rnnexp.experiment.sweep.remote" in loaded
    assert "ray" not in loaded


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("auto", "--ray auto: this machine is not a node of a running Ray cluster; 'ray start --head' starts one"),
        ("nonsense", "--ray nonsense: "),
        ("127.0.0.1:{silent}", "no Ray cluster answers there within 10 s"),
        ("ray://127.0.0.1:{silent}", "no Ray cluster answers there within 10 s"),
    ],
)
def test_an_address_that_does_not_answer_is_one_message(here, address, message, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed (poetry install --with cluster)")
    if address == "auto" and ray._private.services.find_gcs_addresses():
        pytest.skip("this machine is a node of a cluster")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    # Somebody who takes calls, and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = address.format(silent=silent.getsockname()[1])
        started = time.monotonic()
        driver = Driver(["memory", "--activation", "relu", "tanh", "--ray", address, "--name", "s"], here)
        assert driver.end() == 2
        assert time.monotonic() - started < 20
    assert message in driver.said
    assert driver.said.count("\n") == 1, driver.said
    assert not list(here.glob("sweeps/*"))


@pytest.fixture(scope="module")
def two_nodes():
    """A cluster of two nodes with a core each."""
    with cluster(2) as started:
        yield started


def test_two_nodes_come_to_the_bits_of_this_machine(here, two_nodes):
    """With data of one's own, whose file is on this machine alone; what fails says why, and does not end the sweep."""
    project = here / "project"
    project.mkdir()
    write_series(here, "own", wave())
    own = here / "data" / "own.csv"
    command = ["regression", "--dataset-name", own, *SMALL, "--activation", "relu", "tanh", "--seed", "0", "1"]
    command += ["--sequence-length", "6", "--learning-rate", "0.01", "1e30", "--name", "s"]
    driver = Driver([*command, "--keep", "all", "--ray", two_nodes.address], project)
    assert driver.end() == 0, driver.said
    there = project / "sweeps" / "s"
    driver = Driver([*command, "--keep", "none", "--workers", "1", "--sweeps-dir", "local"], project)
    assert driver.end() == 0, driver.said
    found, expected = rows(there), rows(project / "local" / "s")
    assert len(found) == len({(row["activation"], row["learning_rate"], row["seed"]) for row in found}) == 8
    for name in ("status", "message", "digest", "error", "gap", "val_loss", "epochs_run"):
        assert [row[name] for row in found] == [row[name] for row in expected]
    assert {row["status"] for row in found} == {"done", "failed"}
    # A folder for each run, all of them whole, and nothing else.
    runs = {row["run"] for row in found if row["status"] == "done"}
    assert len(runs) == 4
    assert {path.name for path in (there / "runs").iterdir()} == runs
    for run in runs:
        report = json.loads((there / "runs" / run / "report.json").read_text())
        # As seen from where the sweep runs.
        assert report["config"]["dataset_name"] == "../data/own.csv"
        assert (there / "runs" / run / f"{report['name']}.c").is_file()
    assert len(list((there / "models").iterdir())) == 4
    # The same command again has nothing to do, and the same results.
    before = (there / "results.csv").read_bytes()
    driver = Driver([*command, "--keep", "all", "--ray", two_nodes.address], project)
    assert driver.end() == 0, driver.said
    assert (there / "results.csv").read_bytes() == before


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or os.cpu_count() == 1, reason="binds nodes to two cores")
def test_two_nodes_do_nearly_twice_the_trials_a_minute(tmp_path):
    """On a machine that has nothing else to do."""
    pytest.importorskip("ray", reason="Ray is not installed (poetry install --with cluster)")
    command = [sys.executable, PROJECT / "benchmarks" / "cluster_speed.py", "--seeds", "16"]
    done = subprocess.run([*command, "--output", tmp_path / "speed.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((tmp_path / "speed.json").read_text())["ratios"]["per_minute"] >= 1.8


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_sweep_that_is_stopped_goes_on(here, two_nodes, number):
    command = ["regression", "--dataset-name", "sine", *SMALL, "--seed", "0..7", "--name", "s"]
    command += ["--ray", two_nodes.address]
    driver = Driver(command, here)
    driver.wait_until("2/8")
    driver.send(number)
    assert driver.end() == (-signal.SIGKILL if number == signal.SIGKILL else 130), driver.said
    assert number == signal.SIGKILL or "what is done is kept" in driver.said
    before = driver.said.count("/8  ")
    driver = Driver(command, here)
    assert driver.end() == 0, driver.said
    assert f"{before} of 8 trials are done already" in driver.said
    assert trials(here / "sweeps" / "s") == [(str(seed),) for seed in range(8)]
    assert len({row["digest"] for row in rows(here / "sweeps" / "s")}) == 8
    assert not list((here / "sweeps" / "s").rglob(".rnnexp-*"))


@pytest.mark.slow
def test_hopeless_trials_are_ended_there_too(here, two_nodes):
    command = ["memory", "--epochs", "12", "--memory-n", "8", "--memory-signal-length", "100", "--name", "s"]
    command += ["--learning-rate", "1e-6..1e-1", "--trials", "10", "--pruner", "median", "--keep", "none"]
    driver = Driver([*command, "--ray", two_nodes.address], here)
    assert driver.end() == 0, driver.said
    assert {row["status"] for row in rows(here / "sweeps" / "s")} == {"done", "pruned"}


@pytest.mark.slow
def test_when_a_node_is_killed_every_trial_is_there_once(here):
    command = ["regression", "--dataset-name", "sine", *SMALL, "--seed", "0..9", "--name", "s", "--keep", "none"]
    with cluster(2) as nodes:
        driver = Driver([*command, "--ray", nodes.address], here)
        driver.wait_until("3/10")
        nodes.kill()
        driver.wait_until("6/10")
        # Another one joins, and gets its share.
        nodes.add()
        assert driver.end() == 0, driver.said
    assert trials(here / "sweeps" / "s") == [(str(seed),) for seed in range(10)]
    assert {row["status"] for row in rows(here / "sweeps" / "s")} == {"done"}
    driver = Driver([*command, "--workers", "1", "--sweeps-dir", "local"], here)
    assert driver.end() == 0, driver.said
    assert [row["digest"] for row in rows(here / "sweeps" / "s")] == [
        row["digest"] for row in rows(here / "local" / "s")
    ]


@pytest.mark.slow
def test_when_the_head_is_killed_it_is_said_and_the_sweep_goes_on_elsewhere(here):
    command = ["regression", "--dataset-name", "sine", *SMALL, "--seed", "0..5", "--name", "s"]
    with cluster(1) as nodes:
        driver = Driver([*command, "--ray", nodes.address], here)
        driver.wait_until("2/6")
        nodes.kill()
        assert driver.end() == 1
    message = "rnnexp sweep: error: the Ray cluster answers no more; what is done is kept, and the same command goes on"
    assert driver.said.splitlines()[-1] == message
    assert "Traceback" not in driver.said
    before = driver.said.count("/6  ")
    driver = Driver([*command, "--workers", "1"], here)
    assert driver.end() == 0, driver.said
    assert f"{before} of 6 trials are done already" in driver.said
    assert trials(here / "sweeps" / "s") == [(str(seed),) for seed in range(6)]


def test_a_node_with_other_code_is_refused_by_name(here, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(PROJECT / "rnnexp", other / "rnnexp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", other)
    with (other / "rnnexp" / "version.py").open("a") as file:
        file.write("# another version\n")
    with cluster(1) as nodes:
        nodes.add(PYTHONPATH=str(other))
        driver = Driver(["memory", "--activation", "relu", "tanh", "--ray", nodes.address], here)
        assert driver.end() == 2
        (line,) = driver.said.splitlines()
        host = nodes.address.partition(":")[0]
        assert f"--ray {nodes.address}: trials would come to other bits, or to none: node {host} has rnnexp" in line
    assert not list(here.glob("sweeps/*"))
