"""What the bits of a trial depend on besides its settings: the code that computes, and the processor it runs on."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rnnexp.report.versions import versions

# Not compared: the same packages compute the same in all patches of a Python.
ASIDE = "python"
_PROCESSOR = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """A machine, as far as what it computes depends on it.

    Attributes:
        versions: name -> of this package, with a digest of its code, and of those that compute.
        processor: its model: other ones may add in another order, and round differently.
    """

    versions: dict[str, str]
    processor: str

    @classmethod
    def this(cls) -> Machine:
        """Return the one that this process runs on."""
        found = {name: version for name, version in versions().items() if name != ASIDE}
        return cls({**found, "rnnexp": f"{found['rnnexp']} (code {_code()})"}, processor())

    def differences(self, other: Machine) -> list[str]:
        """Return in words in which versions another machine differs from this one."""
        return [
            f"{name} {other.versions.get(name, 'none')} there, {version} here"
            for name, version in self.versions.items()
            if other.versions.get(name) != version
        ]


@lru_cache
def processor() -> str:
    """Return the model of this machine's processor."""
    try:
        lines = _PROCESSOR.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _code() -> str:
    """Return a digest of this package's files."""
    package, found = Path(__file__).resolve().parents[2], hashlib.sha256()
    for path in sorted(path for path in package.rglob("*") if path.suffix in (".py", ".c", ".h")):
        found.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:8]
