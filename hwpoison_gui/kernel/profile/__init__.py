"""Profiles: what each modelled kernel does differently, as data."""
