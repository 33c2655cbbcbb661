"""NumPy archives with every number of a network."""
