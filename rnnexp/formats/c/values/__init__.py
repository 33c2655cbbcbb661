"""From raw values to a network's codes in C, and from its codes to answers."""
