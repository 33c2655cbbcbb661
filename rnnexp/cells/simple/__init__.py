"""The simple recurrent cell (Elman 1990)."""
