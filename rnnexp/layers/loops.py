"""The loops through time, forwards and back, that all cells share, and the products with the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from rnnexp.layers.recurrence import Recurrence, Tensors
from rnnexp.layers.weights import Weights

# Up to this many units a step's product is faster as one fused multiply-and-add loop over the batch than as a call
# into the matrix library (benchmarks/train_speed.py: 0.36 against 0.57 ms a training step at 10 units, equal at 24).
FUSED_UNITS = 20


@dataclass(frozen=True)
class Dropout:
    """What recurrent dropout makes of an output: ``(h - center) * mask``, with a mask ``[batch, outputs]``.

    The centre is a number, or ``[1, outputs]``.
    """

    mask: tf.Tensor
    center: Any = 0.0

    def __call__(self, state: tf.Tensor) -> tf.Tensor:
        """Return the state as it enters the product."""
        return (state - self.center) * self.mask


def run(
    cell: Recurrence,
    sequences: tf.Tensor,
    weights: Weights,
    *,
    every_step: bool,
    initial: Tensors | None = None,
    dropout: Dropout | None = None,
    known: Tensors | None = None,
    return_states: bool = False,
) -> tuple[tf.Tensor, Tensors]:
    """Run a cell over sequences.

    Args:
        cell: the arithmetic.
        sequences: ``[time, batch, features]``; time and features static.
        weights: of the cell.
        every_step: return the outputs of every step, ``[time, batch, outputs]``, not just the last of them.
        initial: states ``[batch, ...]`` before the first step, instead of zeros.
        dropout: of the output that enters the next step.
        known: what some other arithmetic makes of the same, in the form of what ``cell.forward`` keeps of a step and,
            behind it, any projected output, ``[time, batch, ...]``: then these are returned, and only the gradient is
            that of the formula (a straight-through estimate).
        return_states: whether the states after the last step are asked for.

    Returns:
        The outputs, and the states after the last step, or none.
    """
    if _units(cell, weights) > FUSED_UNITS:
        loops = _Loops(cell, dropout, known, every_step, return_states, batch_last=False)
        output, *states = loops.run(sequences, weights, initial)
        return output, tuple(states)
    turned = tf.linalg.matrix_transpose
    loops = _Loops(
        cell,
        dropout and _turned(dropout),
        known and tuple(map(turned, known)),
        every_step,
        return_states,
        batch_last=True,
    )
    output, *states = loops.run(turned(sequences), weights, initial and tuple(map(turned, initial)))
    return turned(output), tuple(map(turned, states))


def product(state: tf.Tensor, weights: tf.Tensor, *, batch_last: bool) -> tf.Tensor:
    """Return ``state @ weights``; with ``batch_last`` both state and result are ``[units, batch]``."""
    if batch_last:
        return tf.reduce_sum(weights[:, :, None] * state[:, None, :], axis=0)
    return state @ weights


def _units(cell: Recurrence, weights: Weights) -> int:
    return int(weights.recurrent_kernel.shape[1]) // len(cell.of_state)


def _turned(dropout: Dropout) -> Dropout:
    scalar = isinstance(dropout.center, float)
    center = dropout.center if scalar else tf.linalg.matrix_transpose(dropout.center)
    return Dropout(tf.linalg.matrix_transpose(dropout.mask), center)


@dataclass(frozen=True)
class _Loops:
    """Does what ``run`` says; with ``batch_last``, the last two dimensions of all but weights are exchanged."""

    cell: Recurrence
    dropout: Dropout | None
    known: Tensors | None
    every_step: bool
    return_states: bool
    batch_last: bool

    @property
    def axis(self) -> int:
        """The axis of the units."""
        return -2 if self.batch_last else -1

    def run(self, sequences: tf.Tensor, weights: Weights, initial: Tensors | None) -> list[tf.Tensor]:
        """Return outputs and states, with the gradient written by hand."""
        given = weights.there

        @tf.custom_gradient
        def compute(sequences: tf.Tensor, *arguments: tf.Tensor) -> Any:
            weights = Weights(**dict(zip(given, arguments, strict=False)))
            cell = self._reading(weights)
            states = arguments[len(given) :] or self._zeros(sequences, weights)
            kept = self.known or self._forward(cell, sequences, weights, states)
            after = self._states(kept, weights)
            last = after if self.return_states else ()
            outputs = [after[0] if self.every_step else after[0][-1], *(values[-1] for values in last)]

            def gradient(*grad_outputs: tf.Tensor) -> list[tf.Tensor]:
                gradients = self._backward(cell, grad_outputs, kept, states, sequences, weights)
                return gradients[: 1 + len(arguments)]

            return outputs, gradient

        return compute(sequences, *given.values(), *(initial or ()))

    def _reading(self, weights: Weights) -> Recurrence:
        """Return the cell, which reads its weights of units alone if it has some."""
        if weights.of_units is None:
            return self.cell
        return self.cell.reading(tuple(self._spread(values) for values in tf.unstack(weights.of_units)))

    def _states(self, kept: Tensors, weights: Weights) -> Tensors:
        """Return the states among what is kept, the output first, which is at the end where it is projected."""
        return (kept[0] if weights.projection is None else kept[-1], *kept[1 : self.cell.states])

    def _zeros(self, sequences: tf.Tensor, weights: Weights) -> Tensors:
        outputs, units = weights.recurrent_kernel.shape[0], _units(self.cell, weights)
        batch = tf.shape(sequences)[2 if self.batch_last else 1]
        widths = [outputs, *[units] * (self.cell.states - 1)]
        return tuple(
            tf.zeros((width, batch) if self.batch_last else (batch, width), sequences.dtype) for width in widths
        )

    def _forward(self, cell: Recurrence, sequences: tf.Tensor, weights: Weights, states: Tensors) -> Tensors:
        """Return what the cell keeps, of every step, and behind it any projected output."""
        units = _units(cell, weights)
        axes = "tib" if self.batch_last else "tbi"
        of_sequences = tf.einsum(f"{axes},io->{axes.replace('i', 'o')}", sequences, weights.kernel)
        of_sequences += self._spread(weights.bias)

        def step(i: tf.Tensor, states: Tensors, written: Tensors) -> Any:
            entering = self.dropout(states[0]) if self.dropout else states[0]
            of_state = product(entering, weights.recurrent_kernel, batch_last=self.batch_last)
            if weights.recurrent_bias is not None:
                of_state += self._spread(weights.recurrent_bias)
            kept = cell.forward(self._blocks(of_sequences[i], units), self._blocks(of_state, units), states)
            if weights.projection is not None:
                kept = (*kept, product(kept[0], weights.projection, batch_last=self.batch_last))
            arrays = tuple(array.write(i, values) for array, values in zip(written, kept, strict=True))
            return i + 1, self._states(kept, weights), arrays

        steps = sequences.shape[0]
        outputs = [] if weights.projection is None else [weights.projection.shape[1]]
        arrays = tuple(self._array(width, sequences) for width in [*[units] * cell.kept, *outputs])
        _, arrays = _loop(step, 0, steps, states, arrays)
        return tuple(array.stack() for array in arrays)

    def _backward(
        self,
        cell: Recurrence,
        grad_outputs: Tensors,
        kept: Tensors,
        initial: Tensors,
        sequences: tf.Tensor,
        weights: Weights,
    ) -> list[tf.Tensor]:
        """Return the gradients by sequences, weights and initial states."""
        steps, units = sequences.shape[0], _units(cell, weights)
        turned_kernel = tf.transpose(weights.recurrent_kernel)
        turned_projection = None if weights.projection is None else tf.transpose(weights.projection)
        previous = tuple(
            tf.concat([before[None], values[:-1]], axis=0)
            for before, values in zip(initial, self._states(kept, weights), strict=True)
        )
        kept = kept[: cell.kept]
        slopes = cell.slopes(kept, previous)
        grad_output, *grad_last = grad_outputs

        def grad_previous(grad_sums: Tensors) -> tf.Tensor:
            """Return the gradient by the output of the step before, as far as it comes by the product."""
            grad_entering = self._by_entering([grad_sums[block] for block in cell.of_state], turned_kernel)
            return grad_entering * self.dropout.mask if self.dropout else grad_entering

        def back(t: Any, grad_state: tf.Tensor, carried: Tensors, written: Tensors) -> tuple[Tensors, Tensors, Tensors]:
            """Take one step back from the gradient by its output, which is written down where it is projected."""
            given = grad_state
            if turned_projection is not None:
                given = product(grad_state, turned_projection, batch_last=self.batch_last)
            grad_sums, carried = cell.backward(given, carried, tuple(values[t] for values in slopes))
            found = grad_sums if turned_projection is None else (*grad_sums, grad_state)
            arrays = tuple(array.write(t, values) for array, values in zip(written, found, strict=True))
            return grad_sums, carried, arrays

        # What is carried are the gradients by the sums, not by the output: so the loop's one product comes first in
        # each step, and XLA fuses what follows into it; a factor before it would be computed once for every unit.
        def step(i: tf.Tensor, variables: Any, written: Tensors) -> Any:
            t = steps - 1 - i
            grad_sums, carried = variables
            grad_state = grad_previous(grad_sums)
            if self.every_step:
                grad_state += grad_output[t]
            grad_sums, carried, arrays = back(t, grad_state, carried, written)
            return i + 1, (grad_sums, carried), arrays

        grad_state = grad_output[-1] if self.every_step else grad_output
        carried = tuple(
            grad_last[state] if grad_last and state else tf.zeros_like(kept[state][-1]) for state in cell.carried
        )
        if grad_last:
            grad_state += grad_last[0]
        outputs = [] if weights.projection is None else [weights.projection.shape[1]]
        sums = len({*cell.of_input, *cell.of_state})
        arrays = tuple(self._array(width, sequences) for width in [*[units] * (sums + cell.further), *outputs])
        grad_sums, carried, arrays = back(steps - 1, grad_state, carried, arrays)
        (grad_sums, carried), arrays = _loop(step, 1, steps, (grad_sums, carried), arrays)
        grad_initial = [grad_previous(grad_sums), *(tf.zeros_like(values) for values in initial[1:])]
        for state, values in zip(cell.carried, carried, strict=True):
            grad_initial[state] += values
        found = [array.stack() for array in arrays]
        grad_sequences, grad_weights = self._by_weights(cell, found[:sums], previous[0], sequences, weights)
        if weights.of_units is not None:
            gradients = tuple(found[: sums + cell.further])
            by_each = tf.concat(cell.by_weights_of_units(gradients, kept, previous), axis=self.axis)
            by_all = self._over_batches(tf.ones_like(by_each[:, :1] if self.batch_last else by_each[..., :1]), by_each)
            grad_weights.append(tf.reshape(by_all, (-1, units)))
        if weights.projection is not None:
            grad_weights.append(self._over_batches(kept[0], found[-1]))
        return [grad_sequences, *grad_weights, *grad_initial]

    def _by_entering(self, grad_sums: list[tf.Tensor], turned_kernel: tf.Tensor) -> tf.Tensor:
        """Return the gradient by what enters the product, from those by the blocks of its result."""
        kernels = tf.split(turned_kernel, len(grad_sums), axis=0)
        if not self.batch_last:
            return tf.concat(grad_sums, axis=-1) @ turned_kernel
        # Added up before the sum over units, which beyond 32 terms XLA would cut into several loops.
        return tf.reduce_sum(
            sum(kernel[:, :, None] * values[:, None, :] for kernel, values in zip(kernels, grad_sums, strict=True)),
            axis=0,
        )

    def _by_weights(
        self,
        cell: Recurrence,
        grad_sums: list[tf.Tensor],
        previous: tf.Tensor,
        sequences: tf.Tensor,
        weights: Weights,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return the gradients by sequences, and by kernels and biases, for those by the sums of all steps.

        Those of the weights are one matrix product.
        """
        axis = self.axis
        axes, out = ("tib", "tob") if self.batch_last else ("tbi", "tbo")
        outputs, features = weights.recurrent_kernel.shape[0], weights.kernel.shape[0]

        def picked(blocks: Sequence[tf.Tensor], which: tuple[int, ...], axis: int) -> tf.Tensor:
            return tf.concat([blocks[block] for block in which], axis=axis)

        entering = self.dropout(previous) if self.dropout else previous
        ones = tf.ones_like(sequences[:, :1] if self.batch_last else sequences[..., :1])
        everything = tf.concat([entering, sequences, ones], axis=axis)
        grad_all = self._over_batches(everything, tf.concat(grad_sums, axis=axis))
        grad_recurrent, grad_kernel, grad_bias = (
            tf.split(rows, len(grad_sums), axis=-1) for rows in tf.split(grad_all, [outputs, features, 1])
        )
        grad_sequences = tf.einsum(f"{out},io->{axes}", picked(grad_sums, cell.of_input, axis), weights.kernel)
        grad_weights = [
            picked(grad_kernel, cell.of_input, -1),
            picked(grad_recurrent, cell.of_state, -1),
            picked(grad_bias, cell.of_input, -1)[0],
        ]
        if weights.recurrent_bias is not None:
            grad_weights.append(picked(grad_bias, cell.of_state, -1)[0])
        return grad_sequences, grad_weights

    def _over_batches(self, entering: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
        """Return the gradient by the weights of a product for what enters it and the gradient by its result.

        A matrix product: sums over time and batch on their own are slow, since XLA must not reorder them.
        """
        return tf.einsum("tib,tob->io" if self.batch_last else "tbi,tbo->io", entering, grad)

    def _array(self, units: int, sequences: tf.Tensor) -> tf.TensorArray:
        shape = (units, sequences.shape[2]) if self.batch_last else (sequences.shape[1], units)
        return tf.TensorArray(sequences.dtype, sequences.shape[0], element_shape=shape)

    def _blocks(self, sums: tf.Tensor, units: int) -> Tensors:
        return tuple(tf.split(sums, sums.shape[self.axis] // units, axis=self.axis))

    def _spread(self, bias: tf.Tensor) -> tf.Tensor:
        """Return a bias in the shape that adds to the sums."""
        return bias[:, None] if self.batch_last else bias


def _loop(step: Any, first: int, steps: int, variables: Any, arrays: Tensors) -> tuple[Any, Tensors]:
    """Run ``step(i, variables, arrays)`` for ``first <= i < steps``; return the variables, and the arrays."""
    _, variables, arrays = tf.while_loop(
        lambda i, *_: i < steps, step, (first, variables, arrays), maximum_iterations=steps
    )
    return variables, arrays
