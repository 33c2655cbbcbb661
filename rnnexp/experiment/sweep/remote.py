"""Trials on the nodes of a Ray cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rnnexp import files
from rnnexp.experiment.sweep import luggage
from rnnexp.experiment.sweep.cluster import Cluster, Node
from rnnexp.experiment.sweep.executor import Event, Executor, Job, match
from rnnexp.experiment.sweep.luggage import Luggage
from rnnexp.experiment.sweep.slot import Slot

# How often it looks for nodes that have joined, and how long slots may take to clean up, in seconds.
LOOK_EVERY, CLOSE_WITHIN = 5.0, 10.0


@dataclass(eq=False)
class _Remote:
    """A slot, seen from here.

    Attributes:
        node: that it is on.
        actor: Ray's handle.
        pending: what it was asked for and has not returned yet; None for nothing.
        job: under way; None for none.
        forms: of jobs that it has compiled programs for.
        sent: the files that are there.
    """

    node: Node
    actor: Any
    pending: Any
    job: Job | None = None
    forms: set[Hashable] = field(default_factory=set)
    sent: set[tuple[Path, ...]] = field(default_factory=set)


class RayExecutor(Executor):
    """Actors on the nodes of a Ray cluster, one a core; nodes that join later get theirs, too.

    Args:
        cluster: that is connected.
        count: so many actors at most.
        trials_per_worker: after so many, an actor's process is renewed.
        say: prints a line.
    """

    def __init__(self, cluster: Cluster, count: int, trials_per_worker: int, say: Callable[[str], object]) -> None:
        self._cluster, self._ray, self._say = cluster, cluster.ray, say
        self._count, self._arguments = count, (str(Path.cwd()), trials_per_worker)
        self._actors = self._ray.remote(Slot)
        self._slots: list[_Remote] = []
        self._packed: dict[tuple[Path, ...], Any] = {}
        self._refused: set[Node] = set()
        self._looked, self._alone = 0.0, False
        self._look()

    def free(self) -> int:
        """Return how many actors are ready and have nothing to do."""
        return sum(slot.pending is None and slot.job is None for slot in self._slots)

    def start(self, jobs: Sequence[Job]) -> Job:
        """Start a job, with the files that it needs, where its program is compiled already, if there is one free."""
        slot, job = match([slot for slot in self._slots if slot.pending is None or slot.job], jobs)
        paths, sent = luggage.needed(job.settings), None
        if paths and paths not in slot.sent:
            if paths not in self._packed:
                self._packed[paths] = self._ray.put(luggage.pack(paths))
            sent = self._packed[paths]
        slot.pending = slot.actor.start.remote(replace(job, settings=luggage.translated(job.settings)), sent)
        slot.job = job
        slot.forms.add(job.form)
        slot.sent.add(paths)
        return job

    def wait(self) -> Event:
        """Wait for what any actor returns; what has gone with a node is lost."""
        while True:
            if time.monotonic() - self._looked > LOOK_EVERY:
                self._look()
            pending = {slot.pending: slot for slot in self._slots if slot.pending is not None}
            if not pending:
                if self.free():
                    return Event("idle")
                time.sleep(LOOK_EVERY)
                continue
            ready, _ = self._ray.wait(list(pending), num_returns=1, timeout=LOOK_EVERY)
            if ready:
                return self._take(pending[ready[0]])

    def _take(self, slot: _Remote) -> Event:
        """Return what an actor has returned, as an event."""
        job, pending, slot.pending = slot.job, slot.pending, None
        try:
            found = self._ray.get(pending)
        except self._ray.exceptions.RayError as error:
            self._slots.remove(slot)
            self._ray.kill(slot.actor)
            there, reason = slot.node in self._cluster.nodes(), str(error).strip().splitlines()[-1].strip()
            if job is None and there:
                self._refuse(slot.node, reason)
            self._look()
            # A trial is not to blame for a node that goes.
            values = {"reason": reason, "blameless": not there}
            return Event("lost", job.number, values) if job else Event("idle")
        if job is None:
            return Event("idle")
        event, left = found
        if event.kind == "epoch":
            return event
        slot.job = None
        if event.kind == "lost" or event.values.get("retires"):
            slot.forms.clear()
        return _bring_home(event, left, job) if left else event

    def answer(self, job: int, *, prune: bool) -> None:
        """Say whether the job whose epoch was told shall end."""
        for slot in self._slots:
            if slot.job is not None and slot.job.number == job:
                slot.pending = slot.actor.answer.remote(prune=prune)

    def close(self) -> None:
        """End all actors, which leave nothing on their nodes."""
        if self._cluster.gone:
            return
        closing = [slot.actor.close.remote() for slot in self._slots if slot.pending is None or slot.job]
        if closing:
            self._ray.wait(closing, num_returns=len(closing), timeout=CLOSE_WITHIN)
        for slot in self._slots:
            self._ray.kill(slot.actor)
        self._slots.clear()

    def _look(self) -> None:
        """Have actors on all cores of all nodes that there are, as far as they are wanted."""
        self._looked = time.monotonic()
        nodes = self._cluster.nodes()
        for node, reason in self._cluster.joined(nodes).items():
            self._refuse(node, f"it has {reason}")
        suitable = [node for node in nodes if node not in self._refused]
        while len(self._slots) < self._count:
            free = {node: node.cores - sum(slot.node == node for slot in self._slots) for node in suitable}
            if not any(free.values()):
                break
            node = max(suitable, key=free.__getitem__)
            actor = self._actors.options(num_cpus=1, max_concurrency=2, **self._cluster.options(node)).remote(
                *self._arguments
            )
            self._slots.append(_Remote(node, actor, actor.ready.remote()))
        if not self._slots and not self._alone:
            self._say("no node of the cluster has a core for trials: waiting for one")
        self._alone = not self._slots

    def _refuse(self, node: Node, reason: str) -> None:
        """Use a node no more."""
        self._refused.add(node)
        self._say(f"node {node.name} is not used: {reason}")


def _bring_home(event: Event, left: Luggage, job: Job) -> Event:
    """Write here what a run has left there, and return its event with the name that its folder has here."""
    outcome = event.values["outcome"]
    # Runs on two nodes may have begun in the same second.
    folder = files.new_folder(Path(job.settings["runs_dir"]), outcome["run"])
    there = Path(luggage.translated(job.settings)["runs_dir"]) / outcome["run"]
    for name, content in left.items():
        path = folder / Path(name).relative_to(there) if Path(name).is_relative_to(there) else Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(path, content)
    return replace(event, values={**event.values, "outcome": {**outcome, "run": folder.name}})
