"""Sessions: operations on a machine, the timeline of their steps, and scenario files."""
