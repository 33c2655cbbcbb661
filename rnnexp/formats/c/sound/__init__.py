"""The front end of networks of sound in C: 16-bit samples in, input codes out, frame by frame."""
