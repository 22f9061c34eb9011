"""Export of the display: pictures of widgets, and the frames of a film of the stage."""
