"""The reverse-map walk of the handler at one timeline position: what to draw, and where."""
