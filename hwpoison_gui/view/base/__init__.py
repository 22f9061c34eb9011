"""What every view builds on: kinds of frames, zones, colours, names, and the timeline position."""
