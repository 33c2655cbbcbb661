"""Long short-term memory whose gates also read the cell state (Gers and Schmidhuber 2000)."""
