"""Google's Speech Commands."""
