"""Profiles: how the modelled kernels differ, as data."""
