"""Charts as values: what is drawn, and the table that says the same."""
