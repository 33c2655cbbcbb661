"""A dense layer at every step: a cell that does not read its own value of the step before."""
