"""User actions, playback, loading, and work in time slices."""
