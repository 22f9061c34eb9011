"""Export of a session to files: a text report, a page for the browser."""
