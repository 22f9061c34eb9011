"""The panels of the window: name, as settings keep it, and title."""

from __future__ import annotations

from typing import Final

TITLES: Final = {
    "rmap": "Reverse map",
    "why": "Why",
    "states": "State table",
    "frame": "Frame",
    "log": "Kernel log",
    "notebook": "Notebook",
    "tasks": "Tasks",
    "pages": "Pages",
    "vmas": "VMAs",
    "files": "Files",
    "kernels": "Kernels",
    "snapshot": "Snapshot",
    "records": "Error records",
    "fault": "DRAM fault",
    "assess": "Assess",
    "charts": "Charts",
}
