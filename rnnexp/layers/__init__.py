"""Recurrent layers with hand-written backward passes: drop-in for Keras' own, with the same weights.

What automatic differentiation of a loop costs is bookkeeping: it stacks every intermediate of every step. Here the
product of the input is taken out of the loop, the loop back in time carries only the states' gradients, and the
gradients of all weights are one matrix product, after it (``rnnexp.layers.loops``).
"""
