"""What runs a network: TensorFlow Lite runtimes, the exported C."""
