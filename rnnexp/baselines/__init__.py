"""Simple models of the same inputs, which a network has to be better than: each learns from the training part alone."""
