"""What is shown as something to take away: pictures of widgets, and the frames of a film of the stage."""
