"""Threads of BLAS: one, for products of matrices as small as those of these networks."""

from __future__ import annotations

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which each product of NumPy and SciPy is computed by one thread.

    More of them wait for each other longer than they compute, all the more where other processes want the cores. And
    sums of as many parts as the machine has cores have other last bits on another machine.
    """
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
