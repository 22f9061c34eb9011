"""Machines from files and back: opened, with error records and a second snapshot beside them, and saved; no Qt here."""
