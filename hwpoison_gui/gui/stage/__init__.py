"""The stage: a session presented full screen, readable from the last row of a lecture hall."""
