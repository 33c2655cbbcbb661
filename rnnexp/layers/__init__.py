"""Recurrent layers with hand-written backward passes: drop-in for Keras' own, with the same weights.

What automatic differentiation of a loop costs is bookkeeping: it stacks every intermediate of every step. Here the
product of the input is taken out of the loop, the loop back in time carries only the states' gradients, and the
gradients of all weights are one matrix product, after it (``rnnexp.layers.loops``).
"""

from rnnexp.layers.activation import ScaledSqrt, keras_activation
from rnnexp.layers.cell import BlockBias
from rnnexp.layers.gru import GRU
from rnnexp.layers.loops import FUSED_UNITS, product
from rnnexp.layers.lstm import LSTM
from rnnexp.layers.simple import SimpleRNN, scan

__all__ = [
    "FUSED_UNITS",
    "GRU",
    "LSTM",
    "BlockBias",
    "ScaledSqrt",
    "SimpleRNN",
    "keras_activation",
    "product",
    "scan",
]
