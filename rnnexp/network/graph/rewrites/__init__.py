"""Rewrites of foreign networks, exact in real numbers, to the few kinds of nodes that there are integers for."""
