"""The Why panel: outline of decisions and state table."""
