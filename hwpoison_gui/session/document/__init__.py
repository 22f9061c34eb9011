"""Session files: what was done to a machine, where its memory is, and what the window showed."""
