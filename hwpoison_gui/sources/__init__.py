"""Real memory and real error records, read-only: recordings and this machine's /proc."""
