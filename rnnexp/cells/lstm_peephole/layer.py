"""Long short-term memory with peepholes (Gers & Schmidhuber 2000) as Keras layers."""

from __future__ import annotations

import keras
from typing_extensions import override

from rnnexp.cells.lstm.layer import LongShortTerm
from rnnexp.layers.activation import TensorActivation
from rnnexp.layers.cell import CellLayers
from rnnexp.layers.lstm import PeepholeLSTM
from rnnexp.layers.recurrent import Recurrent


@keras.saving.register_keras_serializable(package="rnnexp")
class FastPeepholeLSTM(Recurrent, PeepholeLSTM):
    """The layer with the fast loops, which trains."""

    @override
    def recurrence(self, activation: TensorActivation) -> LongShortTerm:
        return LongShortTerm(activation)


LAYERS = CellLayers(trained=FastPeepholeLSTM, plain=PeepholeLSTM, options={"unit_forget_bias": False})
