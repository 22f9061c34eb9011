"""What an error does to a frame: predicted for every frame, and counted after the handler has run."""
