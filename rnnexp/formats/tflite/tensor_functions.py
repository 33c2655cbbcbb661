"""The activation functions of foreign networks as TensorFlow's operations, by the names of ``network.graph.functions``."""
