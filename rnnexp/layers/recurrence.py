"""The arithmetic of a cell, step by step and back; the loops around it are in ``rnnexp.layers.loops``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

Tensors = tuple[Any, ...]


class Recurrence(ABC):
    """The arithmetic of a cell, on tensors ``[..., batch, units]``, or ``[..., units, batch]``.

    A step has two sums, ``x[t] @ kernel + bias`` and ``entering(h[t - 1]) @ recurrent_kernel + recurrent_bias``, where
    ``entering`` is the identity but for recurrent dropout. Each comes as its blocks of units, one for each gate. A
    gradient "by" something is that of some number by it.

    Attributes:
        states: how many tensors go from step to step; the first one is the output.
        kept: how many ``forward`` returns.
        carried: the states whose gradients do not only come by the product of the output and the recurrent kernel.
        of_input: which of the gradients that ``backward`` returns are those by the blocks of the input's sum.
        of_state: the same for the state's sum.
        recurrent_bias: whether the state's sum has a bias of its own.
        further: how many gradients ``backward`` returns behind those by the sums, for ``by_weights_of_units``.

    Where there is a projection, the first of the states that ``forward`` gives is what is projected, and the one that
    comes back to it is the output.
    """

    states: int
    kept: int
    carried: tuple[int, ...]
    of_input: tuple[int, ...]
    of_state: tuple[int, ...]
    recurrent_bias: bool = False
    further: int = 0

    @abstractmethod
    def forward(self, of_input: Tensors, of_state: Tensors, states: Tensors) -> Tensors:
        """Take one step, from the blocks of the two sums and the last states.

        Returns:
            What is kept of the step: the new states, then what else the way back needs.
        """

    @abstractmethod
    def slopes(self, kept: Tensors, previous: Tensors) -> Tensors:
        """Return the factors that ``backward`` needs, for all steps, from what was kept and the states before."""

    @abstractmethod
    def backward(self, grad_output: tf.Tensor, carried: Tensors, slopes: Tensors) -> tuple[Tensors, Tensors]:
        """Take one step back.

        Args:
            grad_output: gradient by the step's output, but for what ``carried`` has of it.
            carried: gradients by the states of ``self.carried``.
            slopes: of this step.

        Returns:
            The gradients by the blocks of the sums, and further ones, and ``carried`` for the step before.
        """

    def reading(self, of_units: Tensors) -> Recurrence:
        """Return the same arithmetic with weights of units alone: each one of every unit, in the form of a bias.

        Raises:
            TypeError: if it has none.
        """
        raise TypeError(f"{type(self).__name__} has no weights of units alone, and was given {len(of_units)}")

    def by_weights_of_units(self, gradients: Tensors, kept: Tensors, previous: Tensors) -> Tensors:  # noqa: ARG002
        """Return what the gradients by these weights are the sums of, over time and batch: nothing, without any.

        Args:
            gradients: what ``backward`` returned, of all steps.
            kept: what was kept of them.
            previous: the states before each.
        """
        return ()
