"""The main window: docks, commands, menus, and wiring."""
