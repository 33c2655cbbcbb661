"""The cells in integers."""
