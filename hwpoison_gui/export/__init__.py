"""What a session holds as files to take away: a text report, a page for the browser."""
