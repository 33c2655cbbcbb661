"""TensorFlow Lite files that this project did not write: small networks through TensorFlow's own converter."""

import warnings

import numpy as np

STEPS, FEATURES, UNITS = 4, 2, 6


def foreign_models(folder):
    """Convert one network of each kind; return their files' contents by name."""
    import keras

    unrolled = keras.layers.SimpleRNN(UNITS, unroll=True)
    wide = keras.layers.SimpleRNN(40, unroll=True)  # the converter leaves smaller weights in float
    return {
        "int8": _converted(unrolled, _quantize_fully),
        "dynamic_range": _converted(wide, _quantize_weights),
        "float16": _converted(unrolled, _halve),
        "lstm_loop": _converted(keras.layers.LSTM(UNITS)),
        "lstm_fused": _fused_lstm(folder),
        "embedding": _embedding(),
    }


def _converted(layer, *settings):
    import keras
    import tensorflow as tf

    model = keras.Sequential([keras.Input((STEPS, FEATURES), batch_size=1), layer, keras.layers.Dense(3)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    for change in settings:
        change(converter)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the converter's own, about its defaults
        return converter.convert()


def _quantize_weights(converter):
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _halve(converter):
    import tensorflow as tf

    _quantize_weights(converter)
    converter.target_spec.supported_types = [tf.float16]


def _quantize_fully(converter):
    import tensorflow as tf

    samples = np.random.default_rng(0).normal(size=(4, 1, STEPS, FEATURES)).astype(np.float32)
    _quantize_weights(converter)
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def _embedding():
    import keras
    import tensorflow as tf

    layers = [keras.Input((STEPS,), batch_size=1, dtype="int32"), keras.layers.Embedding(11, 4), keras.layers.Flatten()]
    return tf.lite.TFLiteConverter.from_keras_model(keras.Sequential(layers)).convert()


def _fused_lstm(folder):
    """An LSTM that the converter knows by its function's attributes and replaces with one operator."""
    import tensorflow as tf

    attributes = {"api_implements": "lstm_1", "api_preferred_device": "CPU", "go_backwards": False, "time_major": False}

    @tf.function(experimental_attributes=attributes, autograph=False)
    def lstm(inputs, state, cell, kernel, recurrent_kernel, bias):
        states = []
        for step in range(STEPS):
            sums = inputs[:, step] @ kernel + state @ recurrent_kernel + bias
            enter, forget, candidate, leave = tf.split(sums, 4, axis=1)
            cell = tf.sigmoid(forget) * cell + tf.sigmoid(enter) * tf.tanh(candidate)
            state = tf.sigmoid(leave) * tf.tanh(cell)
            states.append(state)
        return state, tf.stack(states, 1), state, cell, tf.constant(1.0)

    rng = np.random.default_rng(0)
    weights = [
        tf.constant(rng.normal(size=shape).astype(np.float32))
        for shape in ((FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,))
    ]

    @tf.function(input_signature=[tf.TensorSpec((1, STEPS, FEATURES), tf.float32)])
    def infer(inputs):
        zero = tf.zeros((1, UNITS))
        return lstm(inputs, zero, zero, *weights)[0]

    module = tf.Module()
    module.infer = infer
    tf.saved_model.save(module, str(folder), signatures=infer.get_concrete_function())
    return tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert()
