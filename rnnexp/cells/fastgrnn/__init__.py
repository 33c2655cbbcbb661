"""FastGRNN (Kusupati et al. 2018): gate and candidate share their sums."""
