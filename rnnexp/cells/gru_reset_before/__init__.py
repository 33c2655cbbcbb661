"""The gated recurrent unit that resets its state before the product (Cho et al. 2014)."""
