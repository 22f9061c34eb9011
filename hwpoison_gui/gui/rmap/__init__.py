"""The reverse-map panel."""
