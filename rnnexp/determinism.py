"""The same bits on any x86-64: one set of instructions for all libraries that compute, and one thread.

XLA, oneDNN, NumPy, OpenBLAS and the C library's functions each look at the processor, and take other instructions on
another one: products and sums that are rounded once in place of twice (FMA), or added up in another order, so that the
last bits differ, and from them, over a training, the first ones too. All of them can be told what to take by variables
of the environment, which they read when they are loaded. So Python has to be started with these.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import NoReturn

from rnnexp.errors import UserError

# The least that TensorFlow asks for; without FMA.
_XLA = "--xla_cpu_max_isa=AVX --xla_cpu_multi_thread_eigen=false"
_MACHINES = ("x86_64", "amd64")


def environment() -> dict[str, str]:
    """Return the variables that the libraries read."""
    # Here, and not above: it takes a moment.
    from numpy._core._multiarray_umath import __cpu_dispatch__ as features  # type: ignore[import-not-found]

    flags = os.environ.get("XLA_FLAGS", "").removesuffix(_XLA).strip()
    return {
        "XLA_FLAGS": f"{flags} {_XLA}".strip(),
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "ONEDNN_MAX_CPU_ISA": "AVX",
        "NPY_DISABLE_CPU_FEATURES": " ".join(features),
        "OPENBLAS_CORETYPE": "Sandybridge",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        # Its names have changed over time, and those that it does not know it passes over.
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable,-FMA4_Usable",
    }


def holds() -> bool:
    """Tell whether Python was started with them."""
    return all(os.environ.get(name) == value for name, value in environment().items())


def check(*, asked: bool) -> None:
    """See that the same bits come out everywhere, if that is asked for.

    Raises:
        UserError: if Python was not started so that they do.
    """
    if asked and not holds():
        variables = " ".join(f"{name}='{value}'" for name, value in environment().items())
        raise UserError(
            "DETERMINISTIC takes variables of the environment that Python has to be started with; the scripts and the "
            f"command rnnexp start again with them, other programs do not: {variables}"
        )


def restart() -> NoReturn:
    """Start this process again with the variables.

    Raises:
        UserError: if this is another kind of machine.
    """
    if platform.machine().lower() not in _MACHINES:
        raise UserError(
            f"DETERMINISTIC is for x86-64, and this machine is {platform.machine() or 'unknown'}: leave it False; runs "
            "on machines of one kind give the same bits without it"
        )
    command, variables = [sys.executable, *sys.orig_argv[1:]], {**os.environ, **environment()}
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        # There, the shell would not wait for what takes a process's place.
        sys.exit(subprocess.run(command, env=variables, check=False).returncode)
    os.execve(command[0], command, variables)
