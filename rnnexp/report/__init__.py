"""How good a network is, as figures, text and plots."""
