"""Integer networks as C99."""
