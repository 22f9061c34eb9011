"""The start page: the hook, the lessons, and the other ways in."""
