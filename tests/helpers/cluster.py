"""Ray clusters for tests: real raylets on this machine, each a node of one core."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from helpers.runs import PROJECT

OBJECTS = 100 * 2**20  # bytes, for what is sent: Ray takes a third of the memory by itself


class Cluster:
    """Nodes of one core each; the first one is the head.

    Args:
        nodes: how many.
    """

    def __init__(self, nodes=2):
        from ray import cluster_utils

        self._cluster = cluster_utils.Cluster()
        self._nodes = []
        for _ in range(nodes):
            self.add()
        self.address = self._cluster.address

    def add(self, **environment):
        """Have another node join; its workers find the package by ``PYTHONPATH``."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"PYTHONPATH": str(PROJECT), "RAY_USAGE_STATS_ENABLED": "0", **environment}.items():
                patch.setenv(name, value)
            # The suite's, of which nodes elsewhere would not know.
            patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
            options = {} if self._nodes else {"include_dashboard": False}
            self._nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=OBJECTS, **options))

    def kill(self):
        """Kill the node that has joined last, with all that runs there."""
        self._cluster.remove_node(self._nodes.pop(), allow_graceful=False)

    def close(self):
        self._cluster.shutdown()


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
