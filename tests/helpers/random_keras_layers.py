"""Random layers of Keras, with all options that can be read: what ``random_keras`` puts together to models."""

FUNCTIONS = (
    "linear", "relu", "relu6", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "tanh", "sigmoid",
    "hard_sigmoid", "hard_tanh", "hard_silu", "log_sigmoid", "celu", "leaky_relu",
)  # fmt: skip
CELLS = ("SimpleRNN", "LSTM", "GRU")


class Layers:
    """Makers of layers, which draw their options.

    Args:
        rng: draws.
    """

    def __init__(self, rng):
        import keras

        self.rng = rng
        self.keras = keras
        self.layers = keras.layers
        # What makes a mask is ahead.
        self.masked = False

    def pick(self, values):
        return values[int(self.rng.integers(len(values)))]

    def chance(self, share):
        return bool(self.rng.random() < share)

    def size(self, most=40):
        return int(self.rng.integers(1, most + 1))

    def function(self):
        if self.chance(0.15):
            return self.layers.LeakyReLU(negative_slope=round(float(self.rng.uniform(0, 1)), 2))
        return self.pick(FUNCTIONS)

    def dense(self):
        return self.layers.Dense(self.size(), activation=self.function(), use_bias=self.chance(0.8))

    # Recurrent layers.

    def cell_options(self, kind):
        found = {
            "activation": self.pick(["tanh", "tanh", "tanh", "sigmoid", "softsign", "relu", "elu", "hard_tanh"]),
            "use_bias": self.chance(0.8),
        }
        if kind != "SimpleRNN":
            found["recurrent_activation"] = self.pick(["sigmoid", "sigmoid", "hard_sigmoid"])
        if kind == "GRU":
            found["reset_after"] = self.chance(0.5)
        if kind == "LSTM":
            found["unit_forget_bias"] = self.chance(0.7)
        return found

    def recurrent(self, values, every_step):
        """Return the values of a recurrent layer after every step, or after the last one."""
        kind = self.pick(CELLS)
        options = {"return_sequences": every_step}
        form = self.pick(["layer", "layer", "layer", "both", "both", "cell", "cells"])
        # With a mask, what goes backwards cannot hand on each step.
        back = self.chance(0.15) and not (self.masked and every_step)
        if form in ("layer", "both"):
            options |= {**self.cell_options(kind), "dropout": self.pick([0.0, 0.2]), "recurrent_dropout": 0.1}
            # Keras hides the wrong steps where a second direction is unrolled under a mask.
            if values.shape[1] and not self.masked and self.chance(0.2):
                options["unroll"] = True
        if form == "layer":
            return getattr(self.layers, kind)(self.size(), go_backwards=back, **options)(values)
        if form == "both":
            return self.both(kind, options)(values)
        if form == "cell":
            cell = getattr(self.layers, f"{kind}Cell")(self.size(), **self.cell_options(kind))
        else:
            cell = self.layers.StackedRNNCells(
                [
                    getattr(self.layers, f"{each}Cell")(self.size(12), **self.cell_options(each))
                    for each in (self.pick(CELLS) for _ in range(2))
                ]
            )
        return self.layers.RNN(cell, go_backwards=back, **options)(values)

    def both(self, kind, options):
        """Return a layer of two directions."""
        units, merge = self.size(20), self.pick(["concat", "concat", "sum", "ave"])
        forward = getattr(self.layers, kind)(units, **options)
        if self.chance(0.2):
            backward = getattr(self.layers, kind)(units, go_backwards=True, **options)
            return self.layers.Bidirectional(forward, backward_layer=backward, merge_mode=merge)
        return self.layers.Bidirectional(forward, merge_mode=merge)

    # Convolutions over time.

    def convolution(self, values):
        layers, (_, steps, channels) = self.layers, values.shape
        reach = int(self.rng.integers(1, min(5, steps or 5) + 1))
        stride, dilation = self.pick([(1, 1), (1, 1), (2, 1), (3, 1), (1, 2), (1, 3)])
        if (reach - 1) * dilation >= (steps or 4):
            dilation = 1
        if steps is None:
            stride = 1
        # TensorFlow has no strides with dilations.
        common = {
            "padding": self.pick(["valid", "same", "causal"]), "strides": stride, "dilation_rate": dilation,
            "use_bias": self.chance(0.7), "activation": self.function(),
        }  # fmt: skip
        kind = self.pick(["plain", "plain", "plain", "depthwise", "separable"])
        if kind == "plain":
            groups = self.pick([each for each in (1, 1, 2, 3) if channels % each == 0])
            return layers.Conv1D(groups * self.size(40 // groups), reach, groups=groups, **common)(values)
        common["padding"] = self.pick(["valid", "same"])
        multiplier = int(self.rng.integers(1, 3))
        if kind == "depthwise":
            return layers.DepthwiseConv1D(reach, depth_multiplier=multiplier, **common)(values)
        return layers.SeparableConv1D(self.size(24), reach, depth_multiplier=multiplier, **common)(values)

    def edges(self, values):
        """Return steps of zeros more, or some less."""
        if self.chance(0.5) or (values.shape[1] or 9) < 4:
            return self.layers.ZeroPadding1D((int(self.rng.integers(3)), 1))(values)
        return self.layers.Cropping1D((1, int(self.rng.integers(2))))(values)

    def pooling(self, values):
        pool = self.pick([self.layers.MaxPooling1D, self.layers.MaxPooling1D, self.layers.AveragePooling1D])
        size = int(self.rng.integers(1, min(3, values.shape[1] or 3) + 1))
        # Where the steps are open, so is how many zeros 'same' puts around them.
        padding = "valid" if values.shape[1] is None else self.pick(["valid", "valid", "same"])
        return pool(size, strides=self.pick([None, 1, 2]), padding=padding)(values)

    # Convolutions over time and frequency.

    def image(self, values):
        layers, (_, steps, bands, channels) = self.layers, values.shape
        kind = self.pick(["conv", "conv", "conv", "depthwise", "separable", "pool", "pool", "same", "edges"])
        reach = [int(self.rng.integers(1, 1 + min(3, size or 3))) for size in (steps, bands)]
        common = {"padding": self.pick(["valid", "same"]), "use_bias": self.chance(0.7), "activation": self.function()}
        stride, multiplier = int(self.rng.integers(1, 3)), int(self.rng.integers(1, 3))
        if kind == "conv":
            groups = self.pick([each for each in (1, 1, 2) if channels % each == 0])
            if self.chance(0.2) and all(
                (size - 1) * 2 < (full or 9) for size, full in zip(reach, (steps, bands), strict=False)
            ):
                return layers.Conv2D(groups * self.size(4), reach, dilation_rate=2, groups=groups, **common)(values)
            strides = [stride, int(self.rng.integers(1, 3))]
            return layers.Conv2D(groups * self.size(8), reach, strides=strides, groups=groups, **common)(values)
        if kind == "depthwise":
            return layers.DepthwiseConv2D(reach, strides=stride, depth_multiplier=multiplier, **common)(values)
        if kind == "separable":
            filters = self.size(8)
            return layers.SeparableConv2D(filters, reach, strides=stride, depth_multiplier=multiplier, **common)(values)
        if kind == "pool":
            pool = self.pick([layers.MaxPooling2D, layers.MaxPooling2D, layers.AveragePooling2D])
            padding = self.pick(["valid", "valid", "same"])
            return pool(reach, strides=self.pick([None, 1, 2]), padding=padding)(values)
        if kind == "edges":
            if self.chance(0.5) or steps < 4 or bands < 3:
                return layers.ZeroPadding2D(((1, 2), (0, 1)))(values)
            return layers.Cropping2D(((1, 1), (1, 0)))(values)
        return self.unchanged(values)

    def each_frame(self, values):
        """Return the frames of a spectrum as rows of numbers, made of each frame alone."""
        layers, (_, steps, bands, channels) = self.layers, values.shape
        how = self.pick(["reshape", "reshape", "open", "flatten", "mean", "largest", "model"])
        if how == "reshape":
            return layers.Reshape((steps, bands * channels))(values)
        if how == "open":
            return layers.Reshape((-1, bands * channels))(values)
        inner = {
            "flatten": layers.Flatten, "mean": layers.GlobalAveragePooling1D, "largest": layers.GlobalMaxPooling1D,
            "model": lambda: self.model_of_frames(bands, channels),
        }[how]  # fmt: skip
        return layers.TimeDistributed(inner())(values)

    def each_row(self, values):
        """Return a spectrum with each frame taken by a layer that has bands for its steps."""
        layers, bands = self.layers, values.shape[2]
        reach, padding = int(self.rng.integers(1, 1 + min(3, bands))), self.pick(["valid", "same"])
        inner = self.pick(
            [
                lambda: layers.Conv1D(self.size(6), reach, padding=padding, activation=self.function()),
                lambda: layers.MaxPooling1D(reach, padding=padding),
                layers.BatchNormalization,
                lambda: layers.Dense(self.size(6)),
            ]
        )()
        return layers.TimeDistributed(inner)(values)

    def model_of_frames(self, bands, channels):
        """Return a model of what a frame has."""
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

    # What keeps the shape.

    def idle(self):
        """Return a layer that does nothing but in training."""
        layers = self.layers
        return self.pick(
            [
                lambda: layers.Dropout(0.3),
                lambda: layers.GaussianNoise(0.2),
                lambda: layers.GaussianDropout(0.2),
                lambda: layers.AlphaDropout(0.2),
                lambda: layers.ActivityRegularization(l2=0.1),
                layers.Identity,
            ]
        )()

    def normalisation(self, width):
        layers, rng = self.layers, self.rng
        return self.pick(
            [
                lambda: layers.BatchNormalization(
                    scale=self.chance(0.7), center=self.chance(0.7), epsilon=float(rng.choice([1e-3, 1e-2]))
                ),
                lambda: layers.BatchNormalization(),
                lambda: layers.Normalization(invert=self.chance(0.3)),
                lambda: layers.Normalization(
                    mean=rng.normal(size=width).tolist(), variance=rng.uniform(0.1, 2, width).tolist()
                ),
                lambda: layers.Normalization(axis=None),
                lambda: layers.Rescaling(0.5, offset=-0.1),
            ]
        )()

    def activation(self):
        layers = self.layers
        return self.pick(
            [
                lambda: layers.Activation(self.function()),
                lambda: layers.ReLU(max_value=self.pick([None, 1.0]), negative_slope=self.pick([0.0, 0.1])),
                lambda: layers.ReLU(threshold=0.25, negative_slope=0.1),
                layers.LeakyReLU,
                lambda: layers.ELU(0.7),
            ]
        )()

    def unchanged(self, values):
        kind = self.pick(["idle", "idle", "normalisation", "normalisation", "activation"])
        if kind == "idle":
            return self.idle()(values)
        if kind == "activation":
            return self.activation()(values)
        return self.normalisation(values.shape[-1])(values)

    def each_step(self, values):
        """Return values each made of the same step alone."""
        layers = self.layers
        inner = self.pick(
            [self.dense, self.dense, layers.BatchNormalization, self.idle, lambda: layers.Activation("tanh")]
        )()
        return layers.TimeDistributed(inner)(values) if self.chance(0.5) else inner(values)

    def skip(self, values):
        """Return a sum, mean or concatenation with what is ahead."""
        width = values.shape[-1]
        how = self.pick(["add", "average", "concat", "plus"])
        if len(values.shape) == 3 and self.chance(0.5):
            other = self.pick([self.layers.LSTM, self.layers.GRU])(width, return_sequences=True)(values)
        else:
            other = self.layers.Dense(width, activation=self.pick(["tanh", "relu", "linear"]))(values)
        if how == "plus":
            return values + other
        join = {"add": self.layers.Add, "average": self.layers.Average, "concat": self.layers.Concatenate}[how]
        return join()([values, other])

    def shared(self, values):
        dense = self.layers.Dense(values.shape[-1], activation="tanh")
        return dense(dense(values))

    def nested(self, values):
        """Return values of a model within the model."""
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

    def foreign(self, values):
        """Return values of a layer that there are no integers for."""
        layers = self.layers
        return self.pick(
            [
                lambda: layers.LayerNormalization()(values),
                lambda: layers.UnitNormalization()(values),
                lambda: layers.Multiply()([values, layers.Dense(values.shape[-1], activation="sigmoid")(values)]),
                lambda: layers.Maximum()([values, layers.Dense(values.shape[-1])(values)]),
                lambda: layers.MultiHeadAttention(1, 2)(values, values),
                lambda: layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="mul")(values),
                lambda: layers.Permute((2, 1))(values) if values.shape[1] else layers.LayerNormalization()(values),
                lambda: layers.UpSampling1D(2)(values),
                lambda: layers.Conv1DTranspose(3, 2)(values),
            ]
        )()
