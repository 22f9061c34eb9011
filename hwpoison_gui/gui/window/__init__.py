"""The main window: panels, commands, menus and dialogs."""
