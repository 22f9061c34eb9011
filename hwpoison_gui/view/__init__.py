"""Pure functions from the machine's state to what is shown; no Qt here."""
