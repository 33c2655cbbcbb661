"""Integer networks as TensorFlow Lite graphs."""
