"""A filed bulletin on paper: PDF on the grid of GB/T 9704 by Typst, and Word."""
