"""The frame map: layout of frames, lenses, camera, and the pyramid that is painted."""
