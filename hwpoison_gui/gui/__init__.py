"""The window: widgets, one per file; no state of the machine is kept here."""
