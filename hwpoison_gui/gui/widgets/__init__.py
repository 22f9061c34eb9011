"""Widgets and item models that know nothing of the machine."""
