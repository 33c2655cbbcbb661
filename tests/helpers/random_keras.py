"""Random Keras models of all layers and options that can be read, and some that are to be refused."""

import numpy as np

FUNCTIONS = (
    "linear", "relu", "relu6", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "tanh", "sigmoid",
    "hard_sigmoid", "hard_tanh", "hard_silu", "log_sigmoid", "celu", "leaky_relu", "exponential",
)  # fmt: skip


class Drawing:
    """A model being drawn: what it is now, and which layers can follow."""

    def __init__(self, seed):
        import keras

        self.rng = np.random.default_rng(seed)
        self.layers = keras.layers
        self.keras = keras

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def chance(self, share):
        return bool(self.rng.random() < share)

    def size(self, most=40):
        return int(self.rng.integers(1, most + 1))

    def function(self):
        if self.chance(0.15):
            return self.layers.LeakyReLU(negative_slope=round(float(self.rng.uniform(0, 1)), 2))
        # Values beyond float32 are no figure to compare.
        return self.pick([name for name in FUNCTIONS if name != "exponential"])

    def model(self):
        """Return a model, and the inputs to compare it on."""
        rank = self.pick([2, 2, 2, 2, 1, 3])
        steps = int(self.rng.integers(4, 24))
        words = rank == 1
        if words:
            given = self.keras.Input((steps,), dtype="int32")
        elif rank == 3:
            given = self.keras.Input((steps, int(self.rng.integers(3, 9)), int(self.rng.integers(1, 4))))
        else:
            given = self.keras.Input((None if self.chance(0.2) else steps, self.size()))
        values, masked = given, False
        if words:
            masked = self.chance(0.4)
            values = self.layers.Embedding(20, self.size(12), mask_zero=masked)(values)
        self.masked = masked
        for _ in range(int(self.rng.integers(1, 7))):
            values = self.step(values)
        if self.chance(0.5) and len(values.shape) == 2:
            values = self.layers.Dense(self.size(5), activation=self.pick(["softmax", "sigmoid", "linear"]))(values)
        model = self.keras.Model(given, values)
        if values is given:
            model = self.keras.Model(given, self.layers.Dense(3)(given))
        self.randomise(model)
        if words:
            x = self.rng.integers(1, 20, (3, steps))
            lengths = None
            if masked:
                lengths = self.rng.integers(1, steps + 1, 3)
                x[np.arange(steps) >= lengths[:, None]] = 0
        else:
            sizes = [steps if size is None else size for size in given.shape[1:]]
            x, lengths = self.rng.normal(size=(3, *sizes)).astype(np.float32), None
        return model, x, lengths

    def randomise(self, model):
        for variable in model.weights:
            values = self.rng.normal(size=variable.shape) * (0.5 if len(variable.shape) < 2 else 0.4)
            if "variance" in variable.path:
                values = np.abs(values) + 0.1
            if "count" in variable.path:
                continue
            variable.assign(values)
        for layer in model._flatten_layers():
            if type(layer).__name__ == "Normalization":
                layer.finalize_state()

    def step(self, values):
        """Return the values after one more layer, or block of layers."""
        shape = values.shape
        if len(shape) == 2:
            return self.flat(values)
        if len(shape) == 4:
            return self.image(values)
        makers = [
            self.recurrent, self.recurrent, self.recurrent, self.convolution, self.convolution, self.pooling,
            self.same, self.same, self.each_step, self.skip, self.end, self.shared, self.nested, self.reshaped,
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

    def dense(self):
        return self.layers.Dense(self.size(), activation=self.function(), use_bias=self.chance(0.8))

    def image(self, values):
        layers, (_, steps, bands, channels) = self.layers, values.shape
        kind = self.pick(["conv", "depthwise", "separable", "pool", "flat", "global", "same", "pad", "each", "crop"])
        reach = [int(self.rng.integers(1, 1 + min(3, size or 3))) for size in (steps, bands)]
        common = {"padding": self.pick(["valid", "same"]), "use_bias": self.chance(0.7), "activation": self.function()}
        stride = int(self.rng.integers(1, 3))
        if kind == "conv":
            # TensorFlow's oneDNN reads beyond its input where one channel has two different strides.
            other = int(self.rng.integers(1, 3)) if channels > 1 else stride
            return layers.Conv2D(self.size(8), reach, strides=[stride, other], **common)(values)
        if kind == "depthwise":
            return layers.DepthwiseConv2D(
                reach, strides=stride, depth_multiplier=int(self.rng.integers(1, 3)), **common
            )(values)
        if kind == "separable":
            return layers.SeparableConv2D(
                self.size(8), reach, strides=stride, depth_multiplier=int(self.rng.integers(1, 3)), **common
            )(values)
        if kind == "pool":
            pool = self.pick([layers.MaxPooling2D, layers.AveragePooling2D])
            return pool(reach, strides=self.pick([None, 1, 2]), padding=common["padding"])(values)
        if kind == "global":
            return self.pick([layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D])()(values)
        if kind == "pad":
            return layers.ZeroPadding2D(((1, 2), (0, 1)))(values)
        if kind == "crop" and steps > 3 and bands > 2:
            return layers.Cropping2D(((1, 1), (1, 0)))(values)
        if kind == "each":
            return layers.TimeDistributed(
                self.pick(
                    [
                        layers.Conv1D(self.size(6), reach[1], padding=common["padding"], activation=self.function()),
                        layers.MaxPooling1D(reach[1], padding=common["padding"]),
                        layers.GlobalAveragePooling1D(),
                        layers.GlobalMaxPooling1D(),
                        layers.Flatten(),
                        layers.BatchNormalization(),
                        layers.Dense(self.size(6)),
                        self.inner(bands, channels),
                    ]
                )
            )(values)
        if kind == "flat":
            return layers.Reshape((steps, bands * channels))(values)
        return self.unchanged(values)

    def inner(self, bands, channels):
        """Return a model of what a step has."""
        layers = self.layers
        return self.keras.Sequential(
            [
                self.keras.Input((bands, channels)),
                layers.Conv1D(self.size(6), 1 + (bands > 1), activation=self.function()),
                layers.BatchNormalization(),
                self.pick([layers.GlobalAveragePooling1D, layers.Flatten])(),
                layers.Dense(self.size(8), activation="tanh"),
            ]
        )

    def cell_options(self, kind):
        found = {"activation": self.pick(["tanh", "tanh", "sigmoid", "softsign", "relu"]), "use_bias": self.chance(0.8)}
        if kind != "SimpleRNN":
            found["recurrent_activation"] = self.pick(["sigmoid", "hard_sigmoid"])
        if kind == "GRU":
            found["reset_after"] = self.chance(0.5)
        return found

    def recurrent(self, values):
        layers, kind = self.layers, self.pick(["SimpleRNN", "LSTM", "GRU"])
        options = self.cell_options(kind)
        every = {"return_sequences": self.chance(0.6)}
        form = self.pick(["layer", "layer", "both", "cell", "cells"])
        if form == "layer":
            return getattr(layers, kind)(
                self.size(), **options, **every, go_backwards=self.chance(0.2), dropout=0.2, recurrent_dropout=0.1
            )(values)
        if form == "both":
            inner = getattr(layers, kind)(self.size(12), **options, **every)
            return layers.Bidirectional(inner, merge_mode=self.pick(["concat", "sum", "ave"]))(values)
        if form == "cell":
            return layers.RNN(
                getattr(layers, f"{kind}Cell")(self.size(), **options), go_backwards=self.chance(0.2), **every
            )(values)
        cells = [
            getattr(layers, f"{each}Cell")(self.size(12), **self.cell_options(each))
            for each in (self.pick(["SimpleRNN", "LSTM", "GRU"]) for _ in range(2))
        ]
        return layers.RNN(layers.StackedRNNCells(cells), go_backwards=self.chance(0.2), **every)(values)

    def convolution(self, values):
        layers, (_, steps, channels) = self.layers, values.shape
        reach = int(self.rng.integers(1, min(5, steps or 5) + 1))
        kind = self.pick(["plain", "plain", "depthwise", "separable", "pad", "crop"])
        stride, dilation = self.pick([(1, 1), (2, 1), (1, 2)])
        if (reach - 1) * dilation >= (steps or 4):
            dilation = 1
        # TensorFlow has no strides with dilations.
        common = {
            "padding": self.pick(["valid", "same", "causal"]), "strides": stride, "dilation_rate": dilation,
            "use_bias": self.chance(0.7), "activation": self.function(),
        }  # fmt: skip
        if kind == "plain":
            groups = self.pick([each for each in (1, 1, 2, 3) if channels % each == 0])
            return layers.Conv1D(groups * self.size(12), reach, groups=groups, **common)(values)
        if kind == "pad":
            return layers.ZeroPadding1D((int(self.rng.integers(3)), 1))(values)
        if kind == "crop" and (steps or 9) > 3:
            return layers.Cropping1D((1, int(self.rng.integers(2))))(values)
        if kind == "depthwise":
            common["padding"] = self.pick(["valid", "same"])
            return layers.DepthwiseConv1D(reach, depth_multiplier=int(self.rng.integers(1, 3)), **common)(values)
        common["padding"] = self.pick(["valid", "same"])
        return layers.SeparableConv1D(self.size(12), reach, depth_multiplier=int(self.rng.integers(1, 3)), **common)(
            values
        )

    def pooling(self, values):
        pool = self.pick([self.layers.MaxPooling1D, self.layers.AveragePooling1D])
        most = min(3, values.shape[1] or 3)
        return pool(
            int(self.rng.integers(1, most + 1)), strides=self.pick([None, 1, 2]), padding=self.pick(["valid", "same"])
        )(values)

    def same(self, values):
        return self.unchanged(values)

    def unchanged(self, values):
        """Return a layer that keeps the shape."""
        layers, rng = self.layers, self.rng
        width = values.shape[-1]
        found = self.pick(
            [
                lambda: layers.BatchNormalization(
                    scale=self.chance(0.7), center=self.chance(0.7), epsilon=float(rng.choice([1e-3, 1e-2]))
                ),
                lambda: layers.Normalization(invert=self.chance(0.3)),
                lambda: layers.Normalization(
                    mean=rng.normal(size=width).tolist(), variance=rng.uniform(0.1, 2, width).tolist()
                ),
                lambda: layers.Normalization(axis=None),
                lambda: layers.Rescaling(0.5, offset=-0.1),
                lambda: layers.Dropout(0.3),
                lambda: layers.GaussianNoise(0.2),
                lambda: layers.ActivityRegularization(l2=0.1),
                lambda: layers.Activation(self.function()),
                lambda: layers.ReLU(max_value=self.pick([None, 1.0]), negative_slope=self.pick([0.0, 0.1])),
                lambda: layers.ReLU(threshold=0.25, negative_slope=0.1),
                lambda: layers.LeakyReLU(),
                lambda: layers.ELU(0.7),
                # Keras' own cannot be run with a mask of steps.
                lambda: layers.Identity() if self.masked else layers.Softmax(),
                lambda: layers.Identity(),
            ]
        )()
        return found(values)

    def each_step(self, values):
        layers = self.layers
        inner = self.pick(
            [self.dense, layers.BatchNormalization, lambda: layers.Dropout(0.1), lambda: layers.Activation("tanh")]
        )()
        return layers.TimeDistributed(inner)(values)

    def skip(self, values):
        """Return a sum, mean or concatenation with what is ahead."""
        width = values.shape[-1]
        how = self.pick(["add", "average", "concat", "plus"])
        other = self.layers.Dense(width, activation="tanh")(values)
        if how == "plus":
            return values + other
        join = {"add": self.layers.Add, "average": self.layers.Average, "concat": self.layers.Concatenate}[how]
        return join()([values, other])

    def shared(self, values):
        dense = self.layers.Dense(values.shape[-1], activation="tanh")
        return dense(dense(values))

    def nested(self, values):
        width = values.shape[-1]
        inner = [self.keras.Input((values.shape[1], width)), self.dense(), self.layers.BatchNormalization()]
        if self.chance(0.5):
            inner.append(self.layers.LSTM(self.size(8), return_sequences=True))
        if self.chance(0.5):
            model = self.keras.Sequential(inner)
        else:
            found = inner[0]
            for layer in inner[1:]:
                found = layer(found)
            model = self.keras.Model(inner[0], found)
        if self.chance(0.3):
            model.layers[-2].trainable = False
        return model(values)

    def reshaped(self, values):
        _, steps, width = values.shape
        if width % 2 or steps is None or steps < 3:
            return values
        return self.layers.Reshape((steps, width // 2, 2))(values)

    def end(self, values):
        """Return values without time."""
        layers, steps = self.layers, values.shape[1]
        kind = self.pick(["flat", "average", "max", "last"])
        if kind == "flat" and steps is not None:
            return layers.Flatten()(values)
        if kind == "last":
            return values[:, -1]
        return (layers.GlobalMaxPooling1D if kind == "max" else layers.GlobalAveragePooling1D)()(values)
