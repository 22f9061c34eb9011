"""Appearance of widgets: themes, icons, text size, and docks."""
