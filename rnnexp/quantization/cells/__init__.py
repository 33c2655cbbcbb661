"""The cells in integers, by name."""

from rnnexp.quantization.cells import gru, lstm, simple

# name -> module with ``float_step``, ``quantize``, and how many numbers a unit keeps in float.
CELLS = {"simple": simple, "lstm": lstm, "gru": gru}
