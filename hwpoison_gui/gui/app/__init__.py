"""Starting the application, crash reports, and pictures without a display."""
