"""The tables at the bottom, and the inspector."""
