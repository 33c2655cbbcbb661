"""Features of sound in whole numbers, frame by frame: what the exported C computes, bit for bit."""
