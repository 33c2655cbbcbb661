"""Random models of Keras: mostly such as people build, some of layers in any order, and some that are to be refused."""

from dataclasses import dataclass

import numpy as np
from helpers.random_keras_layers import Layers


@dataclass(frozen=True)
class Drawn:
    """A model, and what it is to be run on.

    Attributes:
        model: of Keras.
        x: its inputs.
        lengths: real steps of each, which a mask says, or which the user alone knows; None: all.
        padding: the end at which the others are.
        masked: whether the model has a mask for them.
    """

    model: object
    x: np.ndarray
    lengths: np.ndarray | None = None
    padding: str = "end"
    masked: bool = False


class Drawing(Layers):
    """A model being drawn.

    Args:
        seed: the same one draws the same model.
        foreign: whether there may be a layer that is never read.
    """

    def __init__(self, seed, *, foreign=True):
        super().__init__(np.random.default_rng(seed))
        self.with_foreign = foreign
        self.hidden = 0.0
        self.convolved = False

    def draw(self, samples=3):
        """Return a model and inputs of it."""
        given, values = self.beginning()
        values = self.wild(values) if self.chance(0.2) else self.usual(values)
        if values is given:
            values = self.layers.LSTM(3)(given)
        model = self.keras.Model(given, values)
        self.randomise(model)
        return self.with_inputs(model, given, samples)

    def model(self):
        """Return a model, inputs of it, and how many steps of each are real by its mask; None: all."""
        drawn = self.draw()
        return drawn.model, drawn.x, drawn.lengths if drawn.masked else None

    def beginning(self):
        """Return the input, and the values that the first layers read."""
        kind = self.pick(["numbers"] * 6 + ["words"] * 2 + ["spectra"] * 2)
        self.steps = int(self.rng.integers(4, 24))
        if kind == "words":
            given = self.keras.Input((None if self.chance(0.2) else self.steps,), dtype="int32")
            self.masked = self.chance(0.5)
            return given, self.layers.Embedding(20, self.size(), mask_zero=self.masked)(given)
        if kind == "spectra":
            given = self.keras.Input((self.steps, int(self.rng.integers(3, 11)), int(self.rng.integers(1, 4))))
            return given, given
        given = self.keras.Input((None if self.chance(0.2) else self.steps, self.size()))
        self.masked = self.chance(0.15)
        if not self.masked:
            return given, given
        self.hidden = self.pick([0.0, -1.0])
        return given, self.layers.Masking(self.hidden)(given)

    # Models such as people build.

    def usual(self, values):
        """Return the values of layers in an order that people have them in."""
        if len(values.shape) == 4:
            values = self.spectral(values)
        elif not self.masked:
            values = self.ahead(values)
        elif self.chance(0.3):
            values = self.each_step(values)
        count = self.pick([0, 1, 1, 1, 2, 2, 3] if self.convolved else [1, 1, 2, 2, 3])
        how = self.pick(["last"] * 6 + ["every"] * 3 + ["whole"] * 2 + ["decoder"] * 2)
        if self.masked and how == "whole":
            how = "last"
        for number in range(count):
            values = self.recurrent(values, every_step=how in ("every", "whole") or number < count - 1)
            if len(values.shape) == 3 and self.chance(0.4):
                values = self.between(values)
        if how != "every" and len(values.shape) == 3:
            values = self.end(values)
        if how == "decoder":
            values = self.decoder(values)
        return self.head(values)

    def ahead(self, values):
        """Return what is made ahead of recurrent layers, in parallel."""
        if self.chance(0.3):
            values = self.normalisation(values.shape[-1])(values)
        if self.chance(0.45):
            for _ in range(int(self.rng.integers(1, 4))):
                maker = self.pick([self.convolution, self.convolution, self.pooling, self.unchanged, self.edges])
                values = maker(values)
                self.convolved = self.convolved or maker not in (self.unchanged,)
        if self.chance(0.2):
            values = self.pick([self.each_step, self.shared, self.nested, self.skip])(values)
        return values

    def spectral(self, values):
        """Return what is made of a spectrum, which ends in a row of numbers for each frame."""
        self.convolved = True
        for _ in range(int(self.rng.integers(1, 4))):
            values = self.each_row(values) if self.chance(0.15) else self.image(values)
        if self.chance(0.1):
            how = self.pick([self.layers.GlobalMaxPooling2D, self.layers.GlobalAveragePooling2D])
            return self.layers.RepeatVector(int(self.rng.integers(2, 9)))(how()(values))
        return self.each_frame(values)

    def between(self, values):
        """Return what is made between recurrent layers, or behind them, of each step alone."""
        return self.pick([self.unchanged, self.unchanged, self.each_step, self.skip])(values)

    def end(self, values):
        """Return values without time."""
        layers = self.layers
        if self.masked:
            return self.recurrent(values, every_step=False)
        kind = self.pick(["flat", "average", "max", "last"])
        if kind == "flat" and values.shape[1] is not None:
            return layers.Flatten()(values)
        if kind == "last":
            return values[:, -1]
        return (layers.GlobalMaxPooling1D if kind == "max" else layers.GlobalAveragePooling1D)()(values)

    def decoder(self, values):
        """Return an answer of several steps made of one value, perhaps of a dense layer that makes it small."""
        if self.chance(0.4):
            values = self.dense()(values)
        values = self.layers.RepeatVector(int(self.rng.integers(2, 12)))(values)
        self.masked_decoder, self.masked = self.masked, False
        for _ in range(int(self.rng.integers(1, 3))):
            values = self.recurrent(values, every_step=True)
        self.masked = self.masked_decoder
        return values

    def head(self, values):
        """Return the answer."""
        for _ in range(int(self.rng.integers(0, 3))):
            values = self.dense()(values)
            if self.chance(0.4):
                values = self.idle()(values)
        if self.chance(0.1):
            return values
        function = self.pick(["softmax", "softmax", "sigmoid", "linear", "linear", "tanh", "relu"])
        size = 1 if function != "softmax" and self.chance(0.4) else int(self.rng.integers(2, 9))
        if self.chance(0.2):
            values = self.layers.Dense(size)(values)
            # Keras' own softmax layer cannot be run with a mask of steps.
            if function == "softmax" and not (self.masked and len(values.shape) == 3):
                return self.layers.Softmax()(values)
            return self.layers.Activation(function)(values)
        return self.layers.Dense(size, activation=function)(values)

    # Layers in any order.

    def wild(self, values):
        """Return the values of up to six layers in any order, one of which there may be no integers for."""
        for _ in range(int(self.rng.integers(1, 7))):
            values = self.step(values)
        if len(values.shape) == 2 and self.chance(0.5):
            values = self.head(values)
        return values

    def step(self, values):
        """Return the values after one more layer, or block of layers."""
        shape = values.shape
        if len(shape) == 2:
            return self.flat(values)
        if len(shape) == 4:
            return self.pick([self.image] * 4 + [self.each_row, self.each_frame])(values)
        makers = [
            lambda values: self.recurrent(values, every_step=self.chance(0.7)), self.convolution, self.convolution,
            self.pooling, self.edges, self.unchanged, self.unchanged, self.each_step, self.skip, self.end,
            self.shared, self.nested, self.reshaped, self.foreign if self.with_foreign else self.unchanged,
        ]  # fmt: skip
        return self.pick(makers)(values)

    def flat(self, values):
        kind = self.pick(["dense", "same", "skip", "repeat"])
        if kind == "dense":
            return self.dense()(values)
        if kind == "same":
            return self.unchanged(values)
        if kind == "repeat":
            return self.layers.RepeatVector(int(self.rng.integers(1, 6)))(values)
        return self.skip(values)

    def reshaped(self, values):
        _, steps, width = values.shape
        if width % 2 or steps is None or steps < 3:
            return values
        return self.layers.Reshape((steps, width // 2, 2))(values)

    # Numbers.

    def randomise(self, model):
        """Give a model weights as large as training makes them, or up to twice that."""
        rng, gain = self.rng, self.pick([0.7, 1.0, 1.0, 1.4, 2.0])
        for variable in model.weights:
            name, shape = variable.path.rsplit("/", 1)[-1], variable.shape
            if "count" in name or "seed" in name:
                continue
            values = rng.normal(size=shape)
            if "variance" in name:
                values = np.abs(values) + 0.1
            elif "gamma" in name:
                values = 1.0 + 0.3 * values
            elif "kernel" in name:
                # Products of as many numbers are about as large as each of these; what is read again at every step
                # would grow without end.
                size = min(gain, 1.0) if "recurrent" in name else gain
                values *= size / np.sqrt(np.prod(shape[:-2] if "depthwise" in name else shape[:-1]))
            elif "embeddings" not in name:
                values *= 0.4
            variable.assign(values)
        for layer in model._flatten_layers():
            if type(layer).__name__ == "Normalization":
                layer.finalize_state()

    def with_inputs(self, model, given, samples):
        rng, steps = self.rng, self.steps
        sizes = [steps if size is None else size for size in given.shape[1:]]
        words = len(sizes) == 1
        x = rng.integers(1, 20, (samples, steps)) if words else rng.normal(size=(samples, *sizes)).astype(np.float32)
        if not words and self.chance(0.3):
            # Features of unlike ranges.
            x = (x * 10.0 ** rng.uniform(-1, 1, sizes[1:])).astype(np.float32)
        alone = given.shape[1] is None and not self.convolved and len(model.output_shape) == 2
        if not self.masked and not (alone and self.chance(0.5)):
            return Drawn(model, x)
        lengths = rng.integers(1, steps + 1, samples)
        lengths[0] = steps
        padding = self.pick(["end", "begin"]) if self.masked else "end"
        time, count = np.arange(steps), lengths[:, None]
        x[time >= count if padding == "end" else time < steps - count] = self.hidden
        return Drawn(model, x, lengths, padding, self.masked)
