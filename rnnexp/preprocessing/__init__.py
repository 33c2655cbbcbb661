"""From the data's own units to a network's inputs, and back."""
