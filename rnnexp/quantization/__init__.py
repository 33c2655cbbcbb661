"""From float weights to integers, and what those integers compute."""
