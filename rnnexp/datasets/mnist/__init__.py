"""MNIST's handwritten digits."""
