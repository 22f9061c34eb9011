"""The decisions of an operation as an outline, and the handler's state table."""
