"""Rows of the tables: VMAs, files, processes, pages, log lines, and notes."""
