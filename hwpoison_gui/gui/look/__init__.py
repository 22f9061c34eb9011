"""How widgets look: themes, icons, text size, and docks."""
