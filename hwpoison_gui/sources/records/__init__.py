"""Reads what real machines recorded about memory errors: logs, traces, databases, statistics. No Qt."""
