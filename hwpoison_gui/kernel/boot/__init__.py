"""Boots a machine: a bare one, one from a memory image, or one from a snapshot."""
