"""Recurrent networks in real numbers: what they consist of and what they compute. NumPy only."""
