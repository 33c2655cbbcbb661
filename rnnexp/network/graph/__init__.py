"""Somebody else's trained network as a graph of frozen nodes in real numbers: what readers of foreign files give."""
