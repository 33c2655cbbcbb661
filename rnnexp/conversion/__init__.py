"""Somebody else's trained network to lossless int8: ``rnnexp convert``, a file a stage."""
