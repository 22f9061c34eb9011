"""Files that the window opens, saves, exports and compares, and protection of unsaved work."""
