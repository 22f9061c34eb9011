"""Building a machine: empty, or from a memory image."""
