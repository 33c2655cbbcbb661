"""Fine-tuning: integers that together lose less than each rounded to nearest, by calibration data alone."""
