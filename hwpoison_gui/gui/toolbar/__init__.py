"""The tool bar: sysctl sliders, profile button, counters."""
