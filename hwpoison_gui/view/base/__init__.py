"""Common basis of all views: page kinds, colours, names, units, and the timeline position."""
