"""A Ray cluster: whether it answers, and which of its nodes compute the same as this machine."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from rnnexp.errors import UserError
from rnnexp.experiment.sweep.machine import Machine

# Seconds: Ray itself tries for minutes, and writes lines of its own meanwhile.
ANSWERS_WITHIN, NODE_ANSWERS_WITHIN = 10.0, 60.0
# How often, and how long, a head is tried that has answered before.
ATTEMPTS, ATTEMPT_SECONDS = 3, 3.0
_OPTIONS: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
_ELSEWHERE = (
    "Is it running, and this machine one of its nodes ('ray start --address=...')? From any other machine it is --ray "
    "ray://HOST:10001"
)
_RAISED = re.compile(r"^\w[\w.]*(?:Error|Exception): (.+)$", re.MULTILINE)
# A process of its own, since Ray cannot be stopped while it tries to connect.
_PROBE = f"import sys, ray; print(flush=True); ray.init(sys.argv[1], **{_OPTIONS!r})"


@dataclass(frozen=True)
class Node:
    """A node of a cluster.

    Attributes:
        id: as Ray has it.
        name: its address.
        cores: that Ray may use there.
    """

    id: str
    name: str
    cores: int


class ClusterGoneError(UserError):
    """The cluster that was there is not any more."""

    exit_code = 1


class Cluster:
    """A connection with a Ray cluster. Use as a context manager; leaving it ends the connection.

    Args:
        address: ``HOST:PORT``, ``ray://HOST:PORT``, or ``auto`` for the one that this machine is a node of.

    Raises:
        UserError: if Ray is not installed, no cluster answers, or a node would not compute the same as this machine.

    Attributes:
        ray: the package.
        gone: whether it has been found not to answer any more.
    """

    def __init__(self, address: str) -> None:
        # Nobody is told of what is computed where.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError:
            raise UserError(
                "--ray needs Ray, which is not installed: install it with 'pip install ray', or in a checkout with "
                "'poetry install --with cluster'"
            ) from None
        _check(address)
        self.ray: Any = ray
        terminated = signal.getsignal(signal.SIGTERM)
        ray.init(address, **_OPTIONS)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, terminated)  # Ray's own would end the process at once
        self.gone = False
        self._head: tuple[str, int] | None = None
        if not address.startswith("ray://"):
            host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
            self._head = host.strip("[]"), int(port)
        self._known = set(self.nodes())
        unsuitable = [f"node {node.name} has {reason}" for node, reason in self._unsuitable(self._known).items()]
        if unsuitable:
            ray.shutdown()
            more = f"; so would those of {len(unsuitable) - 1} more nodes" if len(unsuitable) > 1 else ""
            raise UserError(f"--ray {address}: trials would come to other bits, or to none: {unsuitable[0]}{more}")

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Ray would wait for a cluster that has gone, and then end the process with messages of its own.
        if not self.gone:
            self.ray.shutdown()

    def nodes(self) -> list[Node]:
        """Return the nodes that are there now, and have cores.

        Raises:
            ClusterGoneError: if the cluster answers no more.
        """
        self._check_head()
        return [
            Node(node["NodeID"], node["NodeManagerAddress"], cores)
            for node in self.ray.nodes()
            if node["Alive"] and (cores := int(node["Resources"].get("CPU", 0)))
        ]

    def _check_head(self) -> None:
        """See that the head still answers; of one that is reached as a client Ray sees to it itself."""
        if self._head is None or any(_answers(self._head) for _ in range(ATTEMPTS)):
            return
        self.gone = True
        raise ClusterGoneError("the Ray cluster answers no more; what is done is kept, and the same command goes on")

    def options(self, node: Node) -> dict[str, Any]:
        """Return what has a task or an actor run on a node."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node.id, soft=False)}

    def joined(self, nodes: Iterable[Node]) -> dict[Node, str]:
        """Return of nodes that are new and would not compute the same as this machine what they have instead."""
        joined = set(nodes) - self._known
        self._known |= joined
        return self._unsuitable(joined)

    def _unsuitable(self, nodes: Iterable[Node]) -> dict[Node, str]:

        def there() -> Machine | str:
            # Sent as it is, so that it can say that the package is missing.
            try:
                from rnnexp.experiment.sweep.machine import Machine

                return Machine.this()
            except ImportError as error:
                return f"{error} (Python {sys.executable})"

        ask = self.ray.remote(there)
        asked = {node: ask.options(num_cpus=0, max_retries=0, **self.options(node)).remote() for node in nodes}
        here, found = Machine.this(), dict[Node, str]()
        if asked:
            self.ray.wait(list(asked.values()), num_returns=len(asked), timeout=NODE_ANSWERS_WITHIN)
        for node, answer in asked.items():
            try:
                machine = self.ray.get(answer, timeout=0)
            except self.ray.exceptions.GetTimeoutError:
                found[node] = f"not answered within {NODE_ANSWERS_WITHIN:.0f} s"
                continue
            except self.ray.exceptions.RayError as error:
                found[node] = str(error).strip().splitlines()[-1]
                continue
            differences = [machine] if isinstance(machine, str) else here.differences(machine)
            if differences:
                found[node] = "; ".join(differences)
        return found


def _answers(head: tuple[str, int]) -> bool:
    """Tell whether somebody takes calls; if not, a moment later."""
    try:
        socket.create_connection(head, timeout=ATTEMPT_SECONDS).close()
    except OSError:
        time.sleep(ATTEMPT_SECONDS)
        return False
    return True


def _check(address: str) -> None:
    """See that a cluster answers.

    Raises:
        UserError: if none does.
    """
    with subprocess.Popen(
        [sys.executable, "-c", _PROBE, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as probe:
        assert probe.stdout is not None
        probe.stdout.readline()  # Ray is loaded: how busy this machine is does not count
        try:
            _, said = probe.communicate(timeout=ANSWERS_WITHIN)
        except subprocess.TimeoutExpired:
            probe.kill()
            raise UserError(
                f"--ray {address}: no Ray cluster answers there within {ANSWERS_WITHIN:.0f} s. {_ELSEWHERE}"
            ) from None
    if probe.returncode == 0:
        return
    if address == "auto" and "ConnectionError" in said:
        raise UserError(
            "--ray auto: this machine is not a node of a running Ray cluster; 'ray start --head' starts one, or give "
            "its address"
        )
    # Where Ray ends the process itself there is none.
    raised = _RAISED.findall(said)
    raise UserError(f"--ray {address}: {raised[-1] if raised else f'Ray cannot connect from here. {_ELSEWHERE}'}")
