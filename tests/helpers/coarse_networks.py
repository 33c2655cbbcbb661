"""Networks whose weights are coarse: one of each kernel is so large that it leaves few codes to the others."""

import numpy as np
from helpers.random_networks import layered

# How many times as large as it was that weight is.
LARGE = 100.0
# Those in which it is the weights, and not the places in tables, that then cost the most.
STRUCTURES = {
    "lstm": ([("lstm", 16)], {}),
    "lstm, peepholes, projection": ([("lstm-peephole", 16, {"projection": 8})], {}),
    "two directions, two layers": ([("lstm", 12, "both"), ("gru", 12)], {}),
    "dense ahead": ([("dense", 12), ("gru", 12)], {}),
    "backwards, every step": ([("lstm", 12, "backwards")], {"every_step": True}),
}


def coarse(cells, *, steps=20, features=4, outputs=3, seed=0, **options):
    """Return a random network of which one weight of each kernel of the cells is that large."""
    network = layered(*cells, steps=steps, features=features, outputs=outputs, **options)
    random, weights = np.random.default_rng(seed), []
    for name, values in zip(network.architecture.shapes, network.weights, strict=True):
        own = values.copy()
        if "kernel" in name and "out" not in name:
            own[tuple(random.integers(0, size) for size in own.shape)] *= LARGE
        weights.append(own)
    return network.with_weights(weights)
