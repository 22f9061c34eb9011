"""The stage: a session told full screen, for a projector and the back row."""
