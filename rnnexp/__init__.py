"""Small recurrent networks, trained in seconds on real data and exported to TensorFlow Lite."""

__version__ = "0.1.0"
