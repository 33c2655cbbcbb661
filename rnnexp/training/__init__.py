"""Training Keras models: in float, and in the arithmetic of the int8 model."""
