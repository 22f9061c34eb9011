"""Machines from files and back: opened, with error records and a second snapshot, and saved; no Qt here."""
