"""Projects that build as they are, around the C of a network: a file a board, and templates of what is in them."""
