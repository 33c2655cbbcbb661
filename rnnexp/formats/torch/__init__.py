"""PyTorch modules and state dicts."""
