"""Scenario files: reading, checking, replaying, and writing them."""
