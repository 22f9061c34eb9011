"""The frame map widget and what lies around it: legend, lens bar, find bar, overview."""
