"""Streams: clips joined, noise and pauses between them, and a label at every step."""
