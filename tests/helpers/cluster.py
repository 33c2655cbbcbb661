"""Ray clusters for tests: real raylets on this machine, each a node of one core."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from helpers.runs import PROJECT

# A cluster needs a process of its own: Ray has one at a time. Its nodes have a core each, and as much memory for what
# is sent as they need: by itself Ray takes a third of the machine's.
PROGRAM = """if True:
    import json, os, sys
    from ray.cluster_utils import Cluster

    cluster, nodes = Cluster(), []
    for line in sys.stdin:
        environment = json.loads(line)
        if environment is None:
            cluster.remove_node(nodes.pop(), allow_graceful=False)
        else:
            os.environ |= environment
            options = {} if nodes else {"include_dashboard": False}
            nodes.append(cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20, **options))
        print("address", cluster.address, flush=True)
    cluster.shutdown()
"""


class Cluster:
    """Nodes of one core each; the first one is the head.

    Args:
        nodes: how many.
    """

    def __init__(self, nodes=2):
        environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
        # The suite's, of which nodes elsewhere would not know.
        environment.pop("CUDA_VISIBLE_DEVICES", None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.address = ""
        for _ in range(nodes):
            self.add()

    def add(self, **environment):
        """Have another node join; its workers find the package by ``PYTHONPATH``."""
        self._tell({"PYTHONPATH": str(PROJECT), **environment})

    def kill(self):
        """Kill the node that has joined last, with all that runs there."""
        self._tell(None)

    def _tell(self, what):
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            name, _, self.address = line.strip().partition(" ")
            if name == "address":
                return
        raise AssertionError("Ray has ended")

    def close(self):
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def cluster(nodes=2):
    """A cluster that ends with the block; the test is skipped where Ray is not installed."""
    pytest.importorskip("ray", reason="Ray is not installed (poetry install --with cluster)")
    started = Cluster(nodes)
    try:
        yield started
    finally:
        started.close()


class Driver:
    """A sweep in a process of its own.

    Args:
        arguments: of ``rnnexp sweep``.
        folder: that it runs in.
    """

    def __init__(self, arguments, folder):
        self._log = folder / "log.txt"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rnnexp", "sweep", *map(str, arguments)],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def said(self):
        return self._log.read_text()

    def wait_until(self, text):
        """Wait until the sweep has said something."""
        while text not in self.said:
            assert self._process.poll() is None, self.said
            time.sleep(0.05)

    def send(self, number=signal.SIGINT):
        self._process.send_signal(number)

    def end(self):
        """Wait for the end, and return the exit code."""
        return self._process.wait()
