"""Plain Keras models, of Keras' own layers."""
