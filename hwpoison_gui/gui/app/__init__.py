"""The application: start, crash reports, and pictures without a display."""
